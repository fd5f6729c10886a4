package world

// Inserts returns the statements with which Apply inserts into each table, for the test of their
// columns.
func Inserts() map[string]string { return worldStatements(insert) }

// Updates returns the statements with which Apply updates each table, like Inserts.
func Updates() map[string]string { return worldStatements(update) }

func worldStatements(v verb) map[string]string {
	out := map[string]string{}
	for _, step := range worldSteps {
		if step.verb == v {
			out[step.table] = step.sql
		}
	}
	return out
}

// CreateStagingTables creates the tables that the merge statements read.
const CreateStagingTables = createStagingTables

// Without returns a world without the rows of an account.
func Without(w *World, account string) *World { return w.without(map[string]bool{account: true}) }

// AttachmentSteps are the statement that compares attachments with the staged ones, after the one
// that it depends on.
var AttachmentSteps = []string{markChangedInstances, deleteChangedAttachments}
