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

// conditions is the WHERE clause of a list, with its arguments. A filter that is not set adds
// nothing to it. So each set of filters has a statement text of its own, which Postgres parses and
// plans in a fraction of the time that one text with all filters took.
type conditions struct {
	sql      strings.Builder
	args     []any
	filtered bool // whether a filter is set
	byKey    bool // whether a filter finds its few rows by an index, however they are distributed
}

// newConditions starts with a condition that holds for each row of the list. Its arguments are $1,
// $2 and so on.
func newConditions(condition string, args ...any) *conditions {
	c := &conditions{args: args}
	c.sql.WriteString(condition)
	return c
}

// add adds a condition if its filter is set. Each {} in the condition stands for the argument.
func (c *conditions) add(isSet bool, condition string, arg any) {
	if !isSet {
		return
	}
	c.filtered = true
	c.sql.WriteString("\n\t      AND (" + strings.ReplaceAll(condition, "{}", c.argument(arg)) + ")")
}

// addKey is add for a filter that finds few rows by an index, such as ids. One plan fits all its
// values.
func (c *conditions) addKey(isSet bool, condition string, arg any) {
	c.add(isSet, condition, arg)
	c.byKey = c.byKey || isSet
}

// argument adds an argument and returns its placeholder.
func (c *conditions) argument(arg any) string {
	c.args = append(c.args, arg)
	return "$" + strconv.Itoa(len(c.args))
}

// addTags adds the conditions of a filter by tags. The column holds the tags of the resource.
func (c *conditions) addTags(column string, f TagFilter) {
	c.add(len(f.Pairs) > 0, column+` @> ALL ({}::jsonb[])`, f.Pairs)
	c.add(len(f.Keys) > 0, column+` ?& {}::text[]`, f.Keys)
}

// listStatements are the statements of a list. Each has %[1]s for the conditions. In page, %[2]s
// stands for LIMIT and OFFSET. If countAll is not empty, it counts the list if no filter is set.
type listStatements struct{ count, countAll, page string }

// of returns the statements that read the rows that match the conditions.
func (l listStatements) of(c *conditions) (count, page string) {
	limit := fmt.Sprintf("LIMIT $%d OFFSET $%d", len(c.args)+1, len(c.args)+2)
	count, page = fmt.Sprintf(l.count, c.sql.String()), fmt.Sprintf(l.page, c.sql.String(), limit)
	if l.countAll != "" && !c.filtered {
		count = l.countAll
	}
	return count, page
}

// listWhere is list with the statements that the conditions need.
func listWhere[T any](
	ctx context.Context, s *Store, p Page, scan pgx.RowToFunc[T], statements listStatements, c *conditions,
) (List[T], error) {
	count, page := statements.of(c)
	return readList(ctx, s, p, scan, listQuery{count: count, page: page, args: c.args, keepPlan: c.byKey})
}

// list is readList for a list with few filters, which has one statement text for all of them.
func list[T any](
	ctx context.Context, s *Store, p Page, scan pgx.RowToFunc[T], count, page string, args ...any,
) (List[T], error) {
	return readList(ctx, s, p, scan, listQuery{count: count, page: page, args: args})
}

// listQuery has the statements of a list and their arguments. The statement of the page has two
// more: its limit and the number of rows to skip.
type listQuery struct {
	count, page string
	args        []any
	keepPlan    bool // whether Postgres may use one plan for all arguments
}

// readList reads a page, and counts the whole list if the page asks for it, in one snapshot and one
// round trip. It takes no locks and waits for none.
func readList[T any](ctx context.Context, s *Store, p Page, scan pgx.RowToFunc[T], q listQuery) (List[T], error) {
	var out List[T]
	read := func(batch *pgx.Batch) {
		if p.Count {
			batch.Queue(q.count, q.args...).QueryRow(func(row pgx.Row) error { return row.Scan(&out.Total) })
		}
		pageArgs := slices.Concat(q.args, []any{p.Limit + 1, p.Skip}) // one row more shows whether rows follow
		batch.Queue(q.page, pageArgs...).Query(func(rows pgx.Rows) (err error) {
			out.Rows, err = pgx.CollectRows(rows, scan)
			return err
		})
	}
	run := s.snapshot
	if q.keepPlan {
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
