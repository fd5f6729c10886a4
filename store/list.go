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
// with an argument that says whether it is off. So there are only three texts more than filters, and
// callers cannot fill the sessions with prepared statements. The third one follows the path by tags,
// if no other filter finds rows by an index.
type conditions struct {
	base    string // holds for each row of the list; its arguments are $1, $2 and so on
	args    []any  // of base
	path    path   // of the list without filters
	filters []filter
}

// path selects the ids of a list with at most one filter, for the base conditions. It reads an index
// in the order of the list. In its text, each {} stands for the argument of the filter.
type path struct {
	ids   string // "": there is none
	plans planning
	count string // a statement that counts the list at less cost than the ids; "": there is none
}

// filter is one condition. Each {} in it stands for its argument.
type filter struct {
	condition     string
	arg           any
	isSet         bool
	maxRows       int    // number of rows that it finds by an index, as a rule at most; 0: there is none
	keptCondition string // the condition on the rows of a kept count; "": the rows are not counted by it
	path          path   // of the list with only this filter
	isNarrow      bool   // whether an index finds its rows if other filters are set too
	isOfTags      bool   // whether it selects by pairs of tags
}

// add adds a filter.
func (c *conditions) add(isSet bool, condition string, arg any) {
	c.filters = append(c.filters, filter{condition: condition, arg: arg, isSet: isSet})
}

// addNarrow is addPath for a filter whose rows an index finds even if other filters are set too.
func (c *conditions) addNarrow(isSet bool, condition string, path path, arg any) {
	c.filters = append(c.filters, filter{condition: condition, arg: arg, isSet: isSet, path: path, isNarrow: true})
}

// addPath is add for a filter with a path.
func (c *conditions) addPath(isSet bool, condition string, path path, arg any) {
	c.filters = append(c.filters, filter{condition: condition, arg: arg, isSet: isSet, path: path})
}

// addCounted is addPath for a filter by whose values the rows are counted (listStatements.kept).
func (c *conditions) addCounted(isSet bool, condition, keptCondition string, path path, arg any) {
	c.filters = append(c.filters, filter{condition: condition, arg: arg, isSet: isSet,
		keptCondition: keptCondition, path: path})
}

// addKey is add for a filter that finds about maxRows rows by an index, such as ids. So one plan
// fits all its values. The filter is not set if maxRows is 0.
func (c *conditions) addKey(maxRows int, condition string, arg any) {
	c.filters = append(c.filters, filter{condition: condition, arg: arg, isSet: maxRows > 0, maxRows: maxRows,
		isNarrow: true})
}

// addTags adds the filters by tags. The column holds the tags of the resource. The paths are those
// by pairs and by keys.
func (c *conditions) addTags(column string, f TagFilter, pairsPath, keysPath string) {
	c.filters = append(c.filters, filter{condition: column + ` @> ALL ({}::jsonb[])`, arg: f.Pairs,
		isSet: len(f.Pairs) > 0, path: path{ids: pairsPath, plans: planPath}, isOfTags: true})
	c.addPath(len(f.Keys) > 0, column+` ?& {}::text[]`, path{ids: keysPath, plans: planPath}, f.Keys)
}

// set returns the filters that are set.
func (c *conditions) set() []filter {
	return slices.DeleteFunc(slices.Clone(c.filters), func(f filter) bool { return !f.isSet })
}

// keptCondition returns the condition on the rows of a kept count, with a placeholder {}, and the
// arguments for it. ok reports whether there is a kept count of the list: if no filter is set, or
// only one by whose values the rows are counted.
func (c *conditions) keptCondition() (condition string, args []any, ok bool) {
	switch set := c.set(); {
	case len(set) == 0:
		return "true", nil, true
	case len(set) == 1 && set[0].keptCondition != "":
		return set[0].keptCondition, []any{set[0].arg}, true
	}
	return "", nil, false
}

// fill returns a text with the n-th argument for each {}.
func fill(text string, n int) string { return strings.ReplaceAll(text, "{}", "$"+strconv.Itoa(n)) }

// where returns the text of the clause with its arguments.
func (c *conditions) where() (sql string, args []any) {
	parts, args := []string{c.base}, slices.Clone(c.args)
	placeholder := func(arg any) string {
		args = append(args, arg)
		return "$" + strconv.Itoa(len(args))
	}
	if set := c.set(); len(set) <= 1 {
		for _, f := range set {
			parts = append(parts, "("+strings.ReplaceAll(f.condition, "{}", placeholder(f.arg))+")")
		}
		return strings.Join(parts, " AND "), args
	}
	for _, f := range c.filters {
		off := placeholder(!f.isSet)
		parts = append(parts, "("+off+" OR ("+strings.ReplaceAll(f.condition, "{}", placeholder(f.arg))+"))")
	}
	return strings.Join(parts, "\n\t      AND "), args
}

// ids returns the statement that selects the ids of all rows that match the conditions, except their
// order: of a path if there is one, and else that of the list with the clause in place of %[1]s.
func (c *conditions) ids(ofList string) (sql string, args []any, plans planning) {
	set := c.set()
	switch {
	case len(set) == 0 && c.path.ids != "":
		return c.path.ids, slices.Clone(c.args), c.path.plans
	case len(set) == 1 && set[0].path.ids != "":
		path, args := set[0].path, append(slices.Clone(c.args), set[0].arg)
		return fill(path.ids, len(args)), args, path.plans
	}
	where, args := c.where()
	ids := fmt.Sprintf(ofList, where)
	if len(set) == 1 && set[0].maxRows > 0 {
		return ids, args, planKeys
	}
	if tags := c.leadingTags(); tags >= 0 {
		// The arguments of the filters are in pairs behind those of the base: off, and its own.
		tagged := fill(c.filters[tags].path.ids, len(c.args)+2*(tags+1))
		return fmt.Sprintf(ofTagged, tagged, ids), args, planEach
	}
	return ids, args, planEach
}

// leadingTags returns the index of the filter by tags whose path a list with several filters
// follows, or -1.
func (c *conditions) leadingTags() int {
	if set := c.set(); len(set) < 2 || slices.ContainsFunc(set, func(f filter) bool { return f.isNarrow }) {
		return -1
	}
	return slices.IndexFunc(c.filters, func(f filter) bool { return f.isSet && f.isOfTags })
}

// ofTagged selects the ids of the rows that match all conditions (%[2]s), in the order of a path by
// tags (%[1]s). In "tagged.id = id", the second id is that of the list's row.
const ofTagged = `
	    SELECT tagged.id
	    FROM (%[1]s ORDER BY n.id OFFSET 0) tagged
	    CROSS JOIN LATERAL (%[2]s AND tagged.id = id OFFSET 0) matching`

// listStatements are the statements of a list with conditions.
type listStatements struct {
	// ids selects the ids of the rows. It has %[1]s for the conditions.
	ids string
	// page reads the rows of a page. It has %[1]s for the statement that selects their ids.
	page string
	// kept reads the kept count of the rows. It has %[1]s for the condition
	// (conditions.keptCondition). Its first arguments are the first keptArgs ones of the conditions. If
	// it is empty, no count is kept.
	kept     string
	keptArgs int
}

// minSkipFromEnd is the number of rows to skip from which on a page of a list with a kept count is
// read from the nearer end of the list.
const minSkipFromEnd = 1000

// query returns the statements that read a page of the rows that match the conditions.
func (l listStatements) query(c *conditions, p Page) listQuery {
	ids, args, plans := c.ids(l.ids)
	q := listQuery{
		count: "SELECT count(*) FROM (" + ids + ") matching", countArgs: args,
		args: args, plans: plans,
	}
	if set := c.set(); plans == planKeys {
		q.maxRows = set[0].maxRows
	} else if len(set) == 1 && set[0].path.count != "" {
		q.count = fill(set[0].path.count, len(args))
	}
	kept, keptArgs, isKept := c.keptCondition()
	if l.kept == "" {
		isKept = false
	}
	if isKept {
		q.count = fmt.Sprintf(l.kept, fill(kept, l.keptArgs+1))
		q.countArgs = slices.Concat(c.args[:l.keptArgs], keptArgs)
	}
	limit, skip := fmt.Sprintf("$%d::bigint", len(args)+1), fmt.Sprintf("$%d::bigint", len(args)+2)
	const order = "\n\t    ORDER BY id"
	if isKept && p.Skip >= minSkipFromEnd {
		// The statement of the page has the argument of the filter behind those of the conditions.
		total := fmt.Sprintf(l.kept, fill(kept, len(c.args)+1))
		q.page = fmt.Sprintf(l.page, fmt.Sprintf(fromNearerEnd, ids+order, limit, skip, total))
		return q
	}
	q.page = fmt.Sprintf(l.page, ids+order+" LIMIT "+limit+" OFFSET "+skip)
	return q
}

// fromNearerEnd selects the ids of a page in either direction: only one half has a limit above 0.
// %[1]s stands for the statement that selects the ids in their order, %[2]s and %[3]s for the limit
// and the number of rows to skip, and %[4]s for the kept count of all rows.
const fromNearerEnd = `
	    WITH total AS MATERIALIZED (SELECT (%[4]s) AS rows)
	    (%[1]s
	    LIMIT (SELECT CASE WHEN %[3]s <= t.rows / 2 THEN %[2]s ELSE 0 END FROM total t) OFFSET %[3]s)
	    UNION ALL
	    (%[1]s DESC
	    LIMIT (SELECT CASE WHEN %[3]s > t.rows / 2 THEN greatest(least(%[2]s, t.rows - %[3]s), 0) ELSE 0 END
	           FROM total t)
	    OFFSET (SELECT greatest(t.rows - %[3]s - %[2]s, 0) FROM total t))`

// list is readList for a list with few filters, which has one statement text for all of them.
func list[T any](
	ctx context.Context, s *Store, p Page, scan pgx.RowToFunc[T], count, page string, args ...any,
) (List[T], error) {
	return readList(ctx, s, p, scan, listQuery{count: count, countArgs: args, page: page, args: args})
}

// planning is how Postgres gets the plans of a list.
type planning int

const (
	// planEach plans a statement anew for its arguments.
	//
	// By default Postgres would use one plan for all arguments after some runs of a prepared statement.
	// That plan suits arguments of an average frequency: on 100,000 interfaces, listing a large security
	// group with it took 30 s instead of 0.2 s.
	planEach planning = iota
	// planKeys keeps the plan of a statement that finds its rows by keys. Planning takes longer than
	// such a read. Postgres makes a new plan when the table is analyzed.
	planKeys
	// planPath keeps the plan of a statement with a path. Whatever the tables are when it is planned,
	// it reads the index in the order of the path: sorting counts as more expensive than all else.
	planPath
	// planMergePath is planPath for a path that merges two tables in their order. A plan that was
	// made for small tables would otherwise read one of them for each row of the other.
	planMergePath
)

// setting returns the statement that has to run before the list in its transaction, or "".
func (p planning) setting() string {
	switch p {
	case planEach:
		return "set local plan_cache_mode = force_custom_plan"
	case planPath:
		return "set local enable_sort = off"
	case planMergePath:
		return "select set_config('enable_sort', 'off', true), set_config('enable_nestloop', 'off', true)"
	case planKeys:
	}
	return ""
}

// listQuery has the statements of a list and their arguments. The statement of the page has two
// arguments more: its limit and the number of rows to skip.
type listQuery struct {
	count, page     string
	countArgs, args []any
	plans           planning
	readParts       func(*pgx.Batch) // queues the reads of what belongs to the rows of the page; nil: nothing
	maxRows         int              // number of rows that keys find, as a rule at most; otherwise 0
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
	if q.isLarge(p) {
		if err := s.lists.holdListTurn(ctx); err != nil {
			return List[T]{}, err
		}
	}
	if q.maxRows == 0 || p.Skip > 0 || !p.Count {
		return readPage(ctx, s, p, scan, q)
	}
	// All rows that keys find are read instead of counted, unless there are too many.
	list, err := readPage(ctx, s, Page{Limit: max(p.Limit, maxRowsOfKeys)}, scan, q)
	if err != nil {
		return list, err
	}
	if list.More {
		return readPage(ctx, s, p, scan, q)
	}
	list.Total = len(list.Rows)
	list.cut(p.Limit)
	return list, nil
}

// maxRowsOfKeys is the number of rows of a list by keys up to which they are not counted apart: that
// of the ids that a filter may have.
const maxRowsOfKeys = 100

// cut removes the rows behind a limit.
func (l *List[T]) cut(limit int) {
	if len(l.Rows) > limit {
		l.Rows, l.More = l.Rows[:limit], true
	}
}

// readPage reads a page, and counts the whole list if the page asks for it.
func readPage[T any](
	ctx context.Context, s *Store, p Page, scan pgx.RowToFunc[T], q listQuery,
) (out List[T], err error) {
	pageArgs := slices.Concat(q.args, []any{p.Limit + 1, p.Skip}) // one row more shows whether rows follow
	if setting := q.plans.setting(); setting == "" && !p.Count && q.readParts == nil {
		out.Rows, err = Query(ctx, s, scan, q.page, pageArgs...) // one statement sees one snapshot
	} else {
		err = s.readOnly(ctx, func(batch *pgx.Batch) {
			if setting != "" {
				batch.Queue(setting)
			}
			if p.Count {
				batch.Queue(q.count, q.countArgs...).QueryRow(func(row pgx.Row) error { return row.Scan(&out.Total) })
			}
			batch.Queue(q.page, pageArgs...).Query(func(rows pgx.Rows) (err error) {
				out.Rows, err = pgx.CollectRows(rows, scan)
				return err
			})
			if q.readParts != nil {
				q.readParts(batch)
			}
		})
	}
	if err != nil {
		return List[T]{}, err
	}
	out.cut(p.Limit)
	return out, nil
}

// snapshot runs the reads that queue adds to a batch. They share one database snapshot, and each is
// planned anew for its arguments.
func (s *Store) snapshot(ctx context.Context, queue func(*pgx.Batch)) error {
	return s.readOnly(ctx, func(batch *pgx.Batch) {
		batch.Queue(planEach.setting())
		queue(batch)
	})
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

// The paths of lists by tags, which read resource_tags for a kind of resource. They go on with a
// lookup of each resource, which compares all its tags.
const (
	// Of several pairs, the path follows one that few resources have.
	idsByTagPairs = `
	    SELECT n.id
	    FROM (
	        WITH rarest AS MATERIALIZED (
	            SELECT tag_in_index(t.key) AS key, tag_in_index(t.value) AS value
	            FROM unnest({}::jsonb[]) AS pair
	            CROSS JOIN LATERAL jsonb_each_text(pair) t
	            ORDER BY CASE WHEN cardinality({}::jsonb[]) > 1 THEN (
	                SELECT count(*)
	                FROM (SELECT FROM resource_tags r
	                      WHERE r.account_id = $2 AND r.kind = KIND
	                        AND r.key = tag_in_index(t.key) AND r.value = tag_in_index(t.value)
	                      LIMIT 1000) r) END
	            LIMIT 1
	        )
	        SELECT r.resource_id AS id
	        FROM resource_tags r
	        WHERE r.account_id = $2 AND r.kind = KIND AND r.resource_id > $4
	          AND r.key = (SELECT key FROM rarest) AND r.value = (SELECT value FROM rarest)
	        ORDER BY r.resource_id OFFSET 0
	    ) n`
	idsByTagKeys = `
	    SELECT n.id
	    FROM (
	        WITH rarest AS MATERIALIZED (
	            SELECT tag_in_index(t.key) AS key
	            FROM unnest({}::text[]) AS t (key)
	            ORDER BY CASE WHEN cardinality({}::text[]) > 1 THEN (
	                SELECT count(*)
	                FROM (SELECT FROM resource_tags r
	                      WHERE r.account_id = $2 AND r.kind = KIND AND r.key = tag_in_index(t.key)
	                        AND r.key <> ''
	                      LIMIT 1000) r) END
	            LIMIT 1
	        )
	        SELECT r.resource_id AS id
	        FROM resource_tags r
	        WHERE r.account_id = $2 AND r.kind = KIND AND r.resource_id > $4
	          AND r.key = (SELECT key FROM rarest) AND r.key <> ''
	        ORDER BY r.resource_id OFFSET 0
	    ) n`
)

// taggedPath returns a path by tags for a kind of resource.
func taggedPath(kind TaggedKind, path string) string {
	return strings.ReplaceAll(path, "KIND", "'"+string(kind)+"'")
}
