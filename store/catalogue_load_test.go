package store_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// Migrate updates the catalogue in the database to that of the binary. One row is as an older
// binary left it, one is missing, and others belong to a scenario. It writes only rows that differ,
// and keeps those of the scenario.
func TestMigrateBringsTheCatalogueUpToDate(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, sql := range []string{
		`UPDATE instance_types SET ipv6_per_eni = NULL, memory_gib = 1 WHERE id = 'ecs.g6.large'`,
		`UPDATE regions SET local_name_en = 'Hangzhou' WHERE id = 'cn-hangzhou'`,
		`DELETE FROM zones WHERE id = 'cn-hangzhou-b'`,
		`INSERT INTO regions (id) VALUES ('mars-1')`,
		`INSERT INTO instance_types (owner_id, id, family, vcpus, memory_gib, eni_quantity)
		 VALUES ('1000000000000001', 'ecs.g6.large', 'own', 1, 1, 9)`,
		`CREATE TABLE untouched AS
		 SELECT owner_id, id, xmin::text AS version FROM instance_types WHERE id <> 'ecs.g6.large'`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, sql string
		want      int
	}{
		{"regions", `SELECT count(*) FROM regions WHERE id <> 'mars-1'`, 33},
		{"regions of a scenario", `SELECT count(*) FROM regions WHERE id = 'mars-1'`, 1},
		{"zones", `SELECT count(*) FROM zones`, 108},
		{"instance types", `SELECT count(*) FROM instance_types WHERE owner_id = ''`, 1237},
		{
			"instance types of a scenario",
			`SELECT count(*) FROM instance_types WHERE owner_id = '1000000000000001' AND eni_quantity = 9`, 1,
		},
		{"types updated", `
			SELECT count(*) FROM instance_types
			WHERE owner_id = '' AND id = 'ecs.g6.large' AND ipv6_per_eni = 1 AND memory_gib = 8`, 1},
		{
			"regions updated",
			`SELECT count(*) FROM regions WHERE id = 'cn-hangzhou' AND local_name_en = 'China (Hangzhou)'`, 1,
		},
		{"other types that were written", `
			SELECT count(*) FROM untouched u JOIN instance_types t USING (owner_id, id)
			WHERE t.xmin::text <> u.version`, 0},
	} {
		var got int
		if err := conn.QueryRow(t.Context(), c.sql).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s: got %d, error %v, want %d", c.what, got, err, c.want)
		}
	}
}
