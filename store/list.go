package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Page is the part of a list that is read. Lists are ordered by id, and ids never change. So a
// reader that continues after the last id sees each row that exists all the time exactly once,
// whatever is inserted and deleted.
type Page struct {
	After string // only rows with a greater id
	Skip  int    // number of these rows to skip
	Limit int    // maximum number of rows
	Count bool   // whether to count the whole list too
}

// List is a page of rows.
type List[T any] struct {
	Rows  []T
	More  bool // whether rows follow
	Total int  // length of the whole list, if it was counted
}

// TagFilter selects resources by their tags. All pairs and keys must match.
type TagFilter struct {
	Pairs []map[string]string // each map is one tag with its key and value
	Keys  []string            // keys of tags with any value
}

// conditions is the WHERE clause of a list with many filters.
//
// If at most one filter is set, the text has only that one: Postgres parses and plans it in a
// fraction of the time that a text with all filters takes. Otherwise the text has all filters, each
// with an argument that says whether it is off. So there are only two texts more than filters, and
// callers cannot fill the sessions with prepared statements.
type conditions struct {
	base    string // holds for each row of the list; its arguments are $1, $2 and so on
	args    []any  // of base
	filters []filter
}

// filter is one condition. Each {} in it stands for its argument.
type filter struct {
	condition string
	arg       any
	isSet     bool
	maxRows   int    // maximum number of rows that it finds by an index; 0: there is none
	ofKept    string // the condition on the rows of a kept count; "": the rows are not counted by it
}

// addCounted is add for a filter by whose values the rows are counted (listStatements.kept).
func (c *conditions) addCounted(isSet bool, condition, ofKept string, arg any) {
	c.filters = append(c.filters, filter{condition: condition, arg: arg, isSet: isSet, ofKept: ofKept})
}

// add adds a filter.
func (c *conditions) add(isSet bool, condition string, arg any) {
	c.filters = append(c.filters, filter{condition: condition, arg: arg, isSet: isSet})
}

// addKey is add for a filter that finds at most maxRows rows by an index, such as ids. So one plan
// fits all its values. The filter is not set if maxRows is 0.
func (c *conditions) addKey(maxRows int, condition string, arg any) {
	c.filters = append(c.filters, filter{condition: condition, arg: arg, isSet: maxRows > 0, maxRows: maxRows})
}

// addTags adds the filters by tags. The column holds the tags of the resource.
func (c *conditions) addTags(column string, f TagFilter) {
	c.add(len(f.Pairs) > 0, column+` @> ALL ({}::jsonb[])`, f.Pairs)
	c.add(len(f.Keys) > 0, column+` ?& {}::text[]`, f.Keys)
}

// ofKept returns the condition on the rows of a kept count, with its arguments behind the first ones
// of the conditions. ok reports whether the rows are counted: if they match all, or a single filter by
// whose values they are counted.
func (c *conditions) ofKept(firstArgs int) (sql string, args []any, ok bool) {
	sql, args = "true", slices.Clone(c.args[:firstArgs])
	for _, f := range c.filters {
		switch {
		case !f.isSet:
		case f.ofKept == "" || len(args) > firstArgs:
			return "", nil, false
		default:
			args = append(args, f.arg)
			sql = strings.ReplaceAll(f.ofKept, "{}", "$"+strconv.Itoa(len(args)))
		}
	}
	return sql, args, true
}

// where returns the text of the clause with its arguments. maxRows is the maximum number of rows
// that the only filter finds by an index, and 0 otherwise.
func (c *conditions) where() (sql string, args []any, maxRows int) {
	set := slices.DeleteFunc(slices.Clone(c.filters), func(f filter) bool { return !f.isSet })
	parts, args := []string{c.base}, slices.Clone(c.args)
	placeholder := func(arg any) string {
		args = append(args, arg)
		return "$" + strconv.Itoa(len(args))
	}
	if len(set) <= 1 {
		for _, f := range set {
			parts = append(parts, "("+strings.ReplaceAll(f.condition, "{}", placeholder(f.arg))+")")
			maxRows = f.maxRows
		}
		return strings.Join(parts, " AND "), args, maxRows
	}
	for _, f := range c.filters {
		off := placeholder(!f.isSet)
		parts = append(parts, "("+off+" OR ("+strings.ReplaceAll(f.condition, "{}", placeholder(f.arg))+"))")
	}
	return strings.Join(parts, "\n\t      AND "), args, 0
}

// listStatements are the statements of a list with conditions. Each has %[1]s for them. In page,
// %[2]s stands for LIMIT and OFFSET. If kept is not empty, it reads the count where it is kept
// (conditions.ofKept). Its first arguments are the first ones of the conditions.
type listStatements struct {
	count, page string
	kept        string
	keptArgs    int
}

// query returns the statements that read the rows that match the conditions.
func (l listStatements) query(c *conditions) listQuery {
	where, args, maxRows := c.where()
	limit := fmt.Sprintf("LIMIT $%d OFFSET $%d", len(args)+1, len(args)+2)
	q := listQuery{
		count: fmt.Sprintf(l.count, where), countArgs: args,
		page: fmt.Sprintf(l.page, where, limit), args: args,
		maxRows: maxRows,
	}
	if l.kept != "" {
		if condition, keptArgs, ok := c.ofKept(l.keptArgs); ok {
			q.count, q.countArgs = fmt.Sprintf(l.kept, condition), keptArgs
		}
	}
	return q
}

// list is readList for a list with few filters, which has one statement text for all of them.
func list[T any](
	ctx context.Context, s *Store, p Page, scan pgx.RowToFunc[T], count, page string, args ...any,
) (List[T], error) {
	return readList(ctx, s, p, scan, listQuery{count: count, countArgs: args, page: page, args: args})
}

// listQuery has the statements of a list and their arguments. The statement of the page has two
// arguments more: its limit and the number of rows to skip.
type listQuery struct {
	count, page     string
	countArgs, args []any
	// maxRows is the maximum number of rows if an index finds them all, with one plan for all
	// arguments. Otherwise it is 0.
	maxRows int
}

// maxRowsOfSmallList is the size up to which a list is not a large one.
const maxRowsOfSmallList = 20

// isLarge reports whether a page may take much processor time: to find, count or render its rows.
func (q listQuery) isLarge(p Page) bool {
	if q.maxRows > 0 {
		return min(q.maxRows, p.Limit) > maxRowsOfSmallList
	}
	return p.Count || p.Limit > maxRowsOfSmallList
}

// readList reads a page, and counts the whole list if the page asks for it, in one snapshot and one
// round trip. It takes no locks and waits for none. A large list waits for its turn.
func readList[T any](ctx context.Context, s *Store, p Page, scan pgx.RowToFunc[T], q listQuery) (List[T], error) {
	var out List[T]
	read := func(batch *pgx.Batch) {
		if p.Count {
			batch.Queue(q.count, q.countArgs...).QueryRow(func(row pgx.Row) error { return row.Scan(&out.Total) })
		}
		pageArgs := slices.Concat(q.args, []any{p.Limit + 1, p.Skip}) // one row more shows whether rows follow
		batch.Queue(q.page, pageArgs...).Query(func(rows pgx.Rows) (err error) {
			out.Rows, err = pgx.CollectRows(rows, scan)
			return err
		})
	}
	if q.isLarge(p) {
		if err := s.lists.holdListTurn(ctx); err != nil {
			return out, err
		}
	}
	run := s.snapshot
	if q.maxRows > 0 {
		run = s.snapshotWithKeptPlans
	}
	if err := run(ctx, read); err != nil {
		return List[T]{}, err
	}
	if len(out.Rows) > p.Limit {
		out.Rows, out.More = out.Rows[:p.Limit], true
	}
	return out, nil
}

// snapshot runs the reads that queue adds to a batch. They share one database snapshot, and each is
// planned anew for its arguments.
//
// By default Postgres would use one plan for all arguments after some runs of a prepared statement.
// That plan suits arguments of an average frequency: on 100,000 interfaces, listing a large security
// group with it took 30 s instead of 0.2 s.
func (s *Store) snapshot(ctx context.Context, queue func(*pgx.Batch)) error {
	return s.readOnly(ctx, func(batch *pgx.Batch) {
		batch.Queue("set local plan_cache_mode = force_custom_plan")
		queue(batch)
	})
}

// snapshotWithKeptPlans is snapshot for reads that find their rows by keys. Planning takes longer
// than such a read, so Postgres may keep the plans. It makes new ones when the table is analyzed.
func (s *Store) snapshotWithKeptPlans(ctx context.Context, queue func(*pgx.Batch)) error {
	return s.readOnly(ctx, queue)
}

// readOnly runs the reads that queue adds to a batch in one transaction that sees one snapshot.
func (s *Store) readOnly(ctx context.Context, queue func(*pgx.Batch)) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // closes a connection whose transaction failed

	batch := &pgx.Batch{}
	batch.Queue("begin isolation level repeatable read, read only")
	queue(batch)
	batch.Queue("commit").Exec(func(pgconn.CommandTag) error { return nil })
	return classify(conn.SendBatch(ctx, batch).Close(), conn.Conn())
}
