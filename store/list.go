package store

import (
	"context"
	"slices"

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

// list reads a page, and counts the whole list if the page asks for it, in one snapshot and one
// round trip. It takes no locks and waits for none. Both statements have the same arguments. The
// statement of the page has two more: its limit and the number of rows to skip.
//
// A list has a dozen optional filters, so Postgres must plan it for the filters that are set. By
// default it would use one plan for all after some runs of a prepared statement. On 100,000
// interfaces, listing a large security group would then take 30 s instead of 0.2 s.
func list[T any](
	ctx context.Context, s *Store, p Page, scan pgx.RowToFunc[T], count, page string, args ...any,
) (List[T], error) {
	var out List[T]
	err := s.snapshot(ctx, func(batch *pgx.Batch) {
		if p.Count {
			batch.Queue(count, args...).QueryRow(func(row pgx.Row) error { return row.Scan(&out.Total) })
		}
		pageArgs := slices.Concat(args, []any{p.Limit + 1, p.Skip}) // one row more shows whether rows follow
		batch.Queue(page, pageArgs...).Query(func(rows pgx.Rows) (err error) {
			out.Rows, err = pgx.CollectRows(rows, scan)
			return err
		})
	})
	if err != nil {
		return List[T]{}, err
	}
	if len(out.Rows) > p.Limit {
		out.Rows, out.More = out.Rows[:p.Limit], true
	}
	return out, nil
}

// snapshot runs the reads that queue adds to a batch. They share one database snapshot, and each is
// planned anew.
func (s *Store) snapshot(ctx context.Context, queue func(*pgx.Batch)) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // closes a connection whose transaction failed

	batch := &pgx.Batch{}
	batch.Queue("begin isolation level repeatable read, read only")
	batch.Queue("set local plan_cache_mode = force_custom_plan")
	queue(batch)
	batch.Queue("commit").Exec(func(pgconn.CommandTag) error { return nil })
	return classify(conn.SendBatch(ctx, batch).Close(), conn.Conn())
}
