package store

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Page is the part of a list that is read. Lists are in the order of ids, which never change, so
// whatever comes and goes, a row that is there all the time is met once by a reader who goes on
// after the last id seen.
type Page struct {
	After string // only ids after this one
	Skip  int    // of these, leave out the first
	Limit int
	Count bool // whether to count the whole list too
}

// List is a page of rows.
type List[T any] struct {
	Rows  []T
	More  bool // whether rows follow
	Total int  // how long the whole list is, if it was counted
}

// TagFilter is what the tags of a resource must hold.
type TagFilter struct {
	Pairs []map[string]string // each one tag, key and value
	Keys  []string            // tags of any value
}

// list reads a page, and counts if it is asked to, in one snapshot and one round trip. It takes no
// locks and waits for none. Both statements have the same arguments; the page's has two more, its
// limit and the rows to skip.
//
// A list has a dozen optional filters, so Postgres must plan it for the ones that are given. Left
// alone it would settle, after some runs of a prepared statement, on one plan for all: on 100,000
// interfaces that turns the 0.2 s of a large security group into 30 s.
func list[T any](
	ctx context.Context, s *Store, p Page, scan pgx.RowToFunc[T], count, page string, args ...any,
) (List[T], error) {
	var out List[T]
	err := s.snapshot(ctx, func(batch *pgx.Batch) {
		if p.Count {
			batch.Queue(count, args...).QueryRow(func(row pgx.Row) error { return row.Scan(&out.Total) })
		}
		pageArgs := slices.Concat(args, []any{p.Limit + 1, p.Skip}) // one row more tells whether rows follow
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

// snapshot runs the reads that queue puts into a batch: in one snapshot, each on a plan of its own.
func (s *Store) snapshot(ctx context.Context, queue func(*pgx.Batch)) error {
	conn, err := s.acquire(withLists(ctx))
	if err != nil {
		return err
	}
	defer conn.Release() // which closes a connection whose transaction failed

	batch := &pgx.Batch{}
	batch.Queue("begin isolation level repeatable read, read only")
	batch.Queue("set local plan_cache_mode = force_custom_plan")
	queue(batch)
	batch.Queue("commit").Exec(func(pgconn.CommandTag) error { return nil })
	return classify(conn.SendBatch(ctx, batch).Close(), conn.Conn())
}
