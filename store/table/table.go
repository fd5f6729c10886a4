package table

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Table describes a table whose rows are read and written whole, as values of the struct T. The db
// tags of T list its columns, and this is the only place where they are listed. The statements that
// insert, read, stage and merge rows are composed of that list when the program starts;
// go test ./store/world -run TestStatementsOfTablesAreValidSQL -v prints them for psql.
//
// A tag has the column's name, and may have options:
//
//   - key: the column identifies a row, together with the other keys.
//   - fixed: the column never changes, like the location of a resource. A row with another value is
//     another row with the same key: a merge deletes the one and inserts the other.
//   - once: the column is set when the row is inserted. A merge does not change or compare it.
//   - null: NULL stands for the empty text.
type Table[T any] struct {
	name    string
	owner   string // the column with the id of the account; "" if rows belong to none
	columns []column
}

// column is a column of a table.
type column struct {
	name                   string
	field                  []int // its index in the struct, for reflect
	key, fixed, once, null bool
}

// Option changes the columns that New takes from the tags.
type Option func(*[]column)

// Omit leaves out columns that the table does not have. Their fields belong to another table.
func Omit(names ...string) Option {
	return func(columns *[]column) {
		*columns = slices.DeleteFunc(*columns, func(c column) bool { return slices.Contains(names, c.name) })
	}
}

// Rename gives a column the name that it has in the table.
func Rename(name, inTable string) Option {
	return func(columns *[]column) {
		for i := range *columns {
			if c := &(*columns)[i]; c.name == name {
				c.name = inTable
			}
		}
	}
}

// New returns the table of a struct. It panics if a field has no db tag or an unknown option,
// so a mistake is found when the program starts.
func New[T any](name, owner string, options ...Option) *Table[T] {
	t := &Table[T]{name: name, owner: owner}
	rows := reflect.TypeFor[T]()
	for _, f := range reflect.VisibleFields(rows) {
		if f.Anonymous {
			continue // its fields follow
		}
		tag := f.Tag.Get("db")
		if tag == "" {
			panic(fmt.Sprintf("table: field %s of %v has no db tag", f.Name, rows))
		}
		tags := strings.Split(tag, ",")
		c := column{name: tags[0], field: f.Index}
		for _, option := range tags[1:] {
			switch option {
			case "key":
				c.key = true
			case "fixed":
				c.fixed = true
			case "once":
				c.once = true
			case "null":
				c.null = true
			default:
				panic(fmt.Sprintf("table: column %s of %s has the unknown option %q", c.name, name, option))
			}
		}
		t.columns = append(t.columns, c)
	}
	for _, option := range options {
		option(&t.columns)
	}
	return t
}

// The kinds of columns, for list.
func (c column) isKey() bool    { return c.key }
func (c column) isFixed() bool  { return c.fixed }
func (c column) isMerged() bool { return !c.key && !c.fixed && !c.once }
func (c column) any() bool      { return true }

// list returns the names of the columns of a kind, with a prefix such as "s." for each.
func (t *Table[T]) list(prefix string, kind func(column) bool) string {
	var names []string
	for _, c := range t.columns {
		if kind(c) {
			names = append(names, prefix+c.name)
		}
	}
	return strings.Join(names, ", ")
}

// SelectList returns the columns of a row as Targets scans them.
func (t *Table[T]) SelectList(alias string) string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = alias + "." + c.name
		if c.null {
			names[i] = "coalesce(" + names[i] + ", '')"
		}
	}
	return strings.Join(names, ", ")
}

// Targets returns the scan targets of SelectList.
func (t *Table[T]) Targets(row *T) []any {
	v := reflect.ValueOf(row).Elem()
	out := make([]any, len(t.columns))
	for i, c := range t.columns {
		out[i] = v.FieldByIndex(c.field).Addr().Interface()
	}
	return out
}

// Scan reads one row of SelectList.
func (t *Table[T]) Scan(row pgx.CollectableRow) (out T, err error) {
	err = row.Scan(t.Targets(&out)...)
	return out, err
}

// Values returns the values of a row's columns. Tags and lists that are nil become empty, because
// their columns are never NULL.
func (t *Table[T]) Values(row *T) []any {
	v := reflect.ValueOf(row).Elem()
	out := make([]any, len(t.columns))
	for i, c := range t.columns {
		switch value := v.FieldByIndex(c.field).Interface().(type) {
		case map[string]string:
			if out[i] = value; value == nil {
				out[i] = map[string]string{}
			}
		case []string:
			out[i] = append([]string{}, value...)
		case []netip.Prefix:
			out[i] = append([]netip.Prefix{}, value...)
		case string:
			out[i] = value
			if c.null && value == "" {
				out[i] = nil
			}
		default:
			out[i] = value
		}
	}
	return out
}

// InsertSQL returns the statement that inserts one row. Its arguments are Values.
func (t *Table[T]) InsertSQL() string {
	placeholders := make([]string, len(t.columns))
	for i := range t.columns {
		placeholders[i] = "$" + strconv.Itoa(i+1)
	}
	return "INSERT INTO " + t.name + " (" + t.list("", column.any) + ")\n" +
		"\tVALUES (" + strings.Join(placeholders, ", ") + ")"
}

// InsertRowsSQL returns the statement that inserts several rows at once. Its arguments are
// ColumnValues. It panics for a table with a column of lists, which Postgres cannot unnest by row.
func (t *Table[T]) InsertRowsSQL() string {
	arrays := make([]string, len(t.columns))
	for i, c := range t.columns {
		arrays[i] = "$" + strconv.Itoa(i+1) + "::" + c.sqlType(reflect.TypeFor[T]()) + "[]"
	}
	return "INSERT INTO " + t.name + " (" + t.list("", column.any) + ")\n" +
		"\tSELECT * FROM unnest(" + strings.Join(arrays, ", ") + ")"
}

// InsertNewRowsSQL returns the statement that inserts several rows at once, in the order of their ids. It
// waits for another transaction that is inserting the same id. A row that exists is left unchanged. Its
// arguments are ColumnValues.
func (t *Table[T]) InsertNewRowsSQL() string {
	return t.InsertRowsSQL() + " AS s (" + t.list("", column.any) + ")\n\tORDER BY s.id\n" +
		"\tON CONFLICT (id) DO NOTHING"
}

// DeleteRowsSQL returns the statement that deletes rows by their keys. Its arguments are KeyValues.
func (t *Table[T]) DeleteRowsSQL() string {
	var arrays []string
	for _, c := range t.columns {
		if c.key {
			arrays = append(arrays, "$"+strconv.Itoa(len(arrays)+1)+"::"+c.sqlType(reflect.TypeFor[T]())+"[]")
		}
	}
	return "DELETE FROM " + t.name + " t\n" +
		"\tUSING unnest(" + strings.Join(arrays, ", ") + ") AS s (" + t.list("", column.isKey) + ")\n" +
		"\tWHERE " + t.sameKey("t", "s")
}

// KeyValues returns the values of each column of the key as a list, in the order of the rows.
func (t *Table[T]) KeyValues(rows []T) []any {
	var keys []any
	for c, list := range t.ColumnValues(rows) {
		if t.columns[c].key {
			keys = append(keys, list)
		}
	}
	return keys
}

// ColumnValues returns the values of each column as a list, in the order of the rows.
func (t *Table[T]) ColumnValues(rows []T) []any {
	lists := make([][]any, len(t.columns))
	for i := range rows {
		for c, value := range t.Values(&rows[i]) {
			lists[c] = append(lists[c], value)
		}
	}
	out := make([]any, len(lists))
	for c, list := range lists {
		out[c] = list
	}
	return out
}

// isList reports whether the values of the column's field in a struct are lists.
func (c column) isList(row reflect.Type) bool {
	return row.FieldByIndex(c.field).Type.Kind() == reflect.Slice
}

// sqlType returns the type of Postgres that has the values of the column's field in a struct.
func (c column) sqlType(row reflect.Type) string {
	t := row.FieldByIndex(c.field).Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return "timestamptz"
	case reflect.TypeFor[netip.Addr]():
		return "inet"
	case reflect.TypeFor[netip.Prefix]():
		return "cidr"
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Float64:
		return "double precision"
	case reflect.Int:
		return "integer"
	case reflect.Bool:
		return "boolean"
	case reflect.Map, reflect.Struct:
		return "jsonb"
	default:
		panic(fmt.Sprintf("table: no type of Postgres is known for %v", t))
	}
}

// sameKey returns the condition that two rows have the same key.
func (t *Table[T]) sameKey(a, b string) string {
	var parts []string
	for _, c := range t.columns {
		if c.key {
			parts = append(parts, a+"."+c.name+" = "+b+"."+c.name)
		}
	}
	return strings.Join(parts, " AND ")
}

// The statements that merge the staged rows s into the stored rows t concern only the accounts in
// staged_accounts, and take no arguments.

// IsMissing returns the condition that a stored row is not staged: there is none with its key and its
// fixed columns. These are compared with IS NOT DISTINCT FROM, because a classic instance has no VPC.
func (t *Table[T]) IsMissing() string {
	same := t.sameKey("s", "t")
	if fixed := t.list("s.", column.isFixed); fixed != "" {
		same += "\n\t        AND (" + fixed + ")\n" +
			"\t            IS NOT DISTINCT FROM (" + t.list("t.", column.isFixed) + ")"
	}
	return "NOT EXISTS (\n\t      SELECT FROM " + StagingTable(t.name) + " s\n\t      WHERE " + same + ")"
}

// DeleteSQL returns the statement that deletes the stored rows that are not staged.
func (t *Table[T]) DeleteSQL() string {
	return "DELETE FROM " + t.name + " t\n" +
		"\tWHERE t." + t.owner + " IN (SELECT id FROM staged_accounts)\n" +
		"\t  AND " + t.IsMissing()
}

// Differs returns the condition that a stored row differs from the staged one in a column that a
// merge changes.
func (t *Table[T]) Differs() string {
	return "(" + t.list("t.", column.isMerged) + ")\n\t   IS DISTINCT FROM (" + t.list("s.", column.isMerged) + ")"
}

// SetMerged returns the assignment of the staged values to a stored row.
func (t *Table[T]) SetMerged() string {
	return "SET (" + t.list("", column.isMerged) + ")\n\t  = ROW (" + t.list("s.", column.isMerged) + ")"
}

// UpdateSQL returns the statement that changes the stored rows that differ from the staged ones.
func (t *Table[T]) UpdateSQL() string {
	return "UPDATE " + t.name + " t\n\t" + t.SetMerged() + "\n\tFROM " + StagingTable(t.name) + " s\n\tWHERE " +
		t.sameKey("s", "t") + "\n\t  AND " + t.Differs()
}

// InsertStagedSQL returns the statement that inserts the staged rows whose key is not stored. The
// index of the key finds the others: a join with the stored rows could read all of them for each
// staged row, where the statistics say that there are none.
func (t *Table[T]) InsertStagedSQL() string { return t.insertWhere("") }

// InsertPageSQL is InsertStagedSQL for a large table. It takes two positions in the staging table, and
// inserts the rows from the first one up to the second. All rows are from '(0,0)' to
// '(4294967295,0)'.
func (t *Table[T]) InsertPageSQL() string {
	return t.insertWhere("\n\tWHERE s.ctid >= $1::tid AND s.ctid < $2::tid")
}

func (t *Table[T]) insertWhere(condition string) string {
	return "INSERT INTO " + t.name + " (" + t.list("", column.any) + ")\n" +
		"\tSELECT " + t.list("s.", column.any) + "\n" +
		"\tFROM " + StagingTable(t.name) + " s" + condition + "\n" +
		"\tON CONFLICT (" + t.list("", column.isKey) + ") DO NOTHING"
}

// InsertNewSQL returns the statement that inserts the staged rows, in the order of their ids. It
// waits for another transaction that is inserting the same id. A row that exists is left unchanged.
func (t *Table[T]) InsertNewSQL() string {
	return "INSERT INTO " + t.name + " (" + t.list("", column.any) + ")\n\tSELECT " + t.list("s.", column.any) +
		"\n\tFROM " + StagingTable(t.name) + " s\n\tORDER BY s.id\n\tON CONFLICT (id) DO NOTHING"
}

// Stage copies rows into the staging table. prepare completes each row first; nil: they are
// complete. It analyzes a large table, because the planner has no statistics of a new one. With a
// wrong guess the joins of a large world become quadratic.
func (t *Table[T]) Stage(ctx context.Context, tx pgx.Tx, rows []T, prepare func(*T)) error {
	const minStagedRowsToAnalyze = 1000
	if err := t.copyInto(ctx, tx, StagingTable(t.name), rows, prepare); err != nil {
		return err
	}
	if len(rows) < minStagedRowsToAnalyze {
		return nil
	}
	_, err := tx.Exec(ctx, "ANALYZE "+pgx.Identifier{StagingTable(t.name)}.Sanitize())
	return err
}

// Copy copies rows into the table, where none of them may exist. prepare completes each row first;
// nil: they are complete.
func (t *Table[T]) Copy(ctx context.Context, tx pgx.Tx, rows []T, prepare func(*T)) error {
	return t.copyInto(ctx, tx, t.name, rows, prepare)
}

// copyInto copies rows into a table that has the columns of this one.
func (t *Table[T]) copyInto(ctx context.Context, tx pgx.Tx, name string, rows []T, prepare func(*T)) error {
	if len(rows) == 0 {
		return nil
	}
	source := pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		row := rows[i]
		if prepare != nil {
			prepare(&row)
		}
		return t.Values(&row), nil
	})
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{name}, t.Columns(), source); err != nil {
		return fmt.Errorf("copy into %s: %w", name, err)
	}
	return nil
}

// ReadAll appends the stored rows of some accounts to a slice, in an order. If keep is not nil, only
// rows for which it reports true are appended.
func (t *Table[T]) ReadAll(
	ctx context.Context, tx pgx.Tx, to *[]T, keep func(*T) bool, order string, accountIDs []string,
) error {
	sql, args := "SELECT "+t.SelectList("t")+" FROM "+t.name+" t", []any{}
	if t.owner != "" {
		sql, args = sql+" WHERE t."+t.owner+" = ANY ($1)", []any{accountIDs}
	}
	rows, err := tx.Query(ctx, sql+" ORDER BY "+order, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var row T
		if err := rows.Scan(t.Targets(&row)...); err != nil {
			return err
		}
		if keep == nil || keep(&row) {
			*to = append(*to, row)
		}
	}
	return rows.Err()
}

// StagingTable returns the name of the staging table of a table.
func StagingTable(name string) string { return "staged_" + name }

// Name returns the name of the table.
func (t *Table[T]) Name() string { return t.name }

// Columns returns the names of the columns, for a test that compares them with the schema.
func (t *Table[T]) Columns() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}

// Statements returns the statements that are composed of the columns, for a test that prints them.
func (t *Table[T]) Statements() []string {
	all := []string{
		"SELECT " + t.SelectList("t") + " FROM " + t.name + " t", t.InsertSQL(), t.InsertStagedSQL(), t.InsertPageSQL(),
	}
	if !slices.ContainsFunc(t.columns, func(c column) bool { return c.isList(reflect.TypeFor[T]()) }) {
		all = append(all, t.InsertRowsSQL(), t.DeleteRowsSQL())
	}
	if t.owner != "" {
		all = append(all, t.DeleteSQL())
	}
	if t.list("", column.isMerged) != "" {
		all = append(all, t.UpdateSQL())
	}
	return all
}
