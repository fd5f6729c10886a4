package store_test

import (
	"testing"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// The migration to version 25 gives the data disks of instances rows of their own. Those beyond the limit are on
// no instance then. Its reversal gives them back to their instances.
func TestMigrationOfDisksKeepsThem(t *testing.T) {
	t.Parallel()
	url, pool := migratedDatabase(t)
	text := func(sql string) (text string) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), sql).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	const disk = `SELECT concat_ws(' ', id, instance_id, slot, status, attributes) FROM disks WHERE id = `
	const stored = `SELECT attributes::text FROM instances WHERE id = 'i-1'`
	reverse(t, url, "00025_disks.sql")
	if _, err := pool.Exec(t.Context(), storetest.SmallWorld+`
		UPDATE instances SET attributes = jsonb_build_object('ImageID', 'm-1', 'DataDisks', (
		    SELECT jsonb_agg(jsonb_build_object('ID', 'd-' || n, 'SizeGiB', n) ORDER BY n)
		    FROM generate_series(1, 17) n))
		WHERE id = 'i-1'`); err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{
		stored:          `{"ImageID": "m-1"}`,
		disk + `'d-16'`: `d-16 i-1 16 In_use {"SizeGiB": 16}`,
		disk + `'d-17'`: `d-17 Available {"SizeGiB": 17}`,
	} {
		if got := text(sql); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if _, err := pool.Exec(t.Context(), `DELETE FROM disks WHERE slot > 2`); err != nil {
		t.Fatal(err)
	}
	reverse(t, url, "00025_disks.sql")
	const want = `{"ImageID": "m-1", "DataDisks": [{"ID": "d-1", "SizeGiB": 1}, {"ID": "d-2", "SizeGiB": 2}]}`
	if got := text(stored); got != want {
		t.Errorf("after a reversal: got %s, want %s", got, want)
	}
}
