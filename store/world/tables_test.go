package world_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
	"enisim.alt/store/world"
)

// allTables are the tables whose structs list all columns.
var allTables = []interface {
	Name() string
	Columns() []string
	Statements() []string
}{
	store.RegionsTable, store.ZonesTable, store.AccountsTable, store.RAMUsersTable, store.AccessKeysTable,
	store.InstanceTypesTable, store.VPCsTable, store.VSwitchesTable, store.SecurityGroupsTable,
	store.SecurityGroupRulesTable, store.InstancesTable, store.NetworkInterfacesTable, store.AttachmentsTable,
	store.PrivateIPAddressesTable, store.IPPrefixesTable, store.GroupMembershipsTable, store.DisksTable,
	store.EIPsTable,
	store.EIPAssociationsTable, store.RouteTablesTable, store.RouteTableAssociationsTable, store.RouteEntriesTable,
	store.KeyPairsTable,
}

// Each struct lists exactly the columns of its table. No statement would write a column that only a
// migration adds.
func TestTablesListTheColumnsOfTheSchema(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	for _, table := range append(slices.Clone(allTables), store.WholeInterfacesTable) {
		name, listed := table.Name(), table.Columns()
		rows, _ := pool.Query(t.Context(), `
			SELECT column_name::text FROM information_schema.columns
			WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'`, name)
		stored, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(stored)
		slices.Sort(listed)
		if !slices.Equal(stored, listed) {
			t.Errorf("columns of %s: got %v in the struct, want %v as in the schema", name, listed, stored)
		}
	}
}

// Each composed statement is valid SQL. With -v the test prints them for psql.
func TestStatementsOfTablesAreValidSQL(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), world.CreateStagingTables); err != nil {
		t.Fatal(err)
	}
	for _, table := range allTables {
		for _, sql := range table.Statements() {
			t.Log(sql)
			if _, err := tx.Prepare(t.Context(), "", sql); err != nil {
				t.Errorf("got %v, want no error, of\n%s", err, sql)
			}
		}
	}
}
