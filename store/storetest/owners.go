package storetest

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Owners returns the number of rows that belong to each account, by account and table. It finds the
// tables by their columns, so it counts those of new tables too, except for events.
func Owners(t testing.TB, pool *pgxpool.Pool) map[string]map[string]int {
	t.Helper()
	type column struct{ Table, Name string }
	rows, err := pool.Query(t.Context(), `
		SELECT table_name, column_name
		FROM information_schema.columns
		JOIN information_schema.tables USING (table_schema, table_name)
		WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
		  AND table_name NOT LIKE 'event%' -- events outlive their account
		  AND (column_name IN ('account_id', 'owner_id') OR (table_name, column_name) = ('accounts', 'id'))`)
	if err != nil {
		t.Fatalf("storetest: %v", err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	if err != nil || len(columns) == 0 {
		t.Fatalf("storetest: got %d tables that belong to accounts, %v", len(columns), err)
	}
	owners := map[string]map[string]int{}
	for _, c := range columns {
		rows, err := pool.Query(t.Context(), fmt.Sprintf(`
			SELECT %s, count(*)::int FROM %s WHERE %[1]s <> '' GROUP BY 1`,
			pgx.Identifier{c.Name}.Sanitize(), pgx.Identifier{c.Table}.Sanitize()))
		if err != nil {
			t.Fatalf("storetest: %v", err)
		}
		var owner string
		var n int
		if _, err := pgx.ForEachRow(rows, []any{&owner, &n}, func() error {
			if owners[owner] == nil {
				owners[owner] = map[string]int{}
			}
			owners[owner][c.Table] = n
			return nil
		}); err != nil {
			t.Fatalf("storetest: %v", err)
		}
	}
	return owners
}
