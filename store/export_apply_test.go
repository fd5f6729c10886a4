package store

// WorldInserts and WorldUpdates are the statements by which ApplyWorld fills each table, for the test that none of them forgets a column.
func WorldInserts() map[string]string { return worldStatements(insert) }

// WorldUpdates: see WorldInserts.
func WorldUpdates() map[string]string { return worldStatements(update) }

func worldStatements(v verb) map[string]string {
	out := map[string]string{}
	for _, step := range worldSteps {
		if step.verb == v {
			out[step.table] = step.sql
		}
	}
	return out
}
