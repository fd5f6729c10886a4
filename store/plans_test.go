package store_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store/storetest"
)

// The sessions of a store read a table by its index even if the planner takes it for a small one.
// Attachments come and go, so a table of a few rows may be full of dead ones when a kept plan runs.
func TestSmallTablesAreReadByIndex(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	for _, sql := range []string{storetest.SmallWorld, `VACUUM (ANALYZE) attachments`} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	plan := func(setting string) string {
		tx, err := pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(t.Context()) }()
		if _, err := tx.Exec(t.Context(), setting); err != nil {
			t.Fatal(err)
		}
		rows, _ := tx.Query(t.Context(), `
			EXPLAIN SELECT * FROM attachments WHERE account_id = '1000000000000001' AND instance_id = 'i-1'`)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(lines, "\n")
	}
	if got := plan(`SET LOCAL enable_seqscan = on`); !strings.Contains(got, "Seq Scan") {
		t.Fatalf("got the plan\n%s\nwant a sequential scan where the setting allows it", got)
	}
	if got := plan(`SELECT 1`); strings.Contains(got, "Seq Scan") {
		t.Errorf("got the plan\n%s\nwant none with a sequential scan", got)
	}
}
