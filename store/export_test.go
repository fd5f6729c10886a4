package store

import (
	"context"
	"time"
)

// PageStatement returns the statement that reads a page of interfaces, and its arguments, for a look at its plan.
func (f NetworkInterfaceFilter) PageStatement(now time.Time, p Page) (string, []any) {
	q := networkInterfaceStatements.query(f.conditions(now, p))
	return q.page, append(q.args, p.Limit+1, p.Skip)
}

// Send sends what is queued.
func (tx *Tx) Send(ctx context.Context) error { return tx.send(ctx) }

// WorldWithout returns a world without the rows of an account.
func WorldWithout(w *World, account string) *World { return w.without(map[string]bool{account: true}) }

// described is a table of any row type.
type described interface {
	columnNames() []string
	statements() []string
	tableName() string
}

func (t *table[T]) tableName() string { return t.name }

func (t *table[T]) columnNames() (names []string) {
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	return names
}

func (t *table[T]) statements() []string {
	all := []string{
		"SELECT " + t.selectList("t") + " FROM " + t.name + " t", t.insertSQL(), t.insertStagedSQL(), t.insertPageSQL(),
	}
	if t.owner != "" {
		all = append(all, t.deleteSQL())
	}
	if t.list("", column.isMerged) != "" {
		all = append(all, t.updateSQL())
	}
	return all
}

var allTables = []described{
	regionsTable, zonesTable, accountsTable, ramUsersTable, accessKeysTable, instanceTypesTable, vpcsTable, vswitchesTable,
	groupsTable, groupRulesTable, instancesTable, enisTable, addressesTable, prefixesTable, membershipsTable,
}

// TableColumns returns the columns that each table lists.
func TableColumns() map[string][]string {
	columns := map[string][]string{}
	for _, t := range allTables {
		columns[t.tableName()] = t.columnNames()
	}
	return columns
}

// TableStatements returns the statements that are composed of the lists of columns.
func TableStatements() (all []string) {
	for _, t := range allTables {
		all = append(all, t.statements()...)
	}
	return all
}

// CreateStagingTables creates the tables that the merging statements read.
const CreateStagingTables = createStagingTables
