package world

// Inserts and Updates are the statements by which Apply fills each table, for the test that none of them forgets a column.
func Inserts() map[string]string { return worldStatements(insert) }

// Updates: see Inserts.
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

// CreateStagingTables creates the tables that the merging statements read.
const CreateStagingTables = createStagingTables

// Without returns a world without the rows of an account.
func Without(w *World, account string) *World { return w.without(map[string]bool{account: true}) }
