package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// EventRetention is how long events are kept, and how much of the disk they may take.
type EventRetention struct {
	Keep     time.Duration // events are dropped when they are older
	MaxBytes int64         // the oldest events are dropped while all take more
}

const (
	// eventPartitions is the number of partitions over the time that events are kept. The oldest one is
	// dropped when its last event is old enough, so events live for up to an eighth longer, or a minute.
	eventPartitions = 8
	// minEventPartition is the minimum length of a partition. It is not below the time between two calls
	// of MaintainEvents, so that there is always a partition of the present.
	minEventPartition = time.Minute
	// aheadPartitions is how many partitions exist for the future: servers may be down for a while.
	aheadPartitions = 2
	// partitionLockTimeout is how long a change of partitions may make transactions wait that insert
	// events. After it the change is tried again at the next time.
	partitionLockTimeout = 500 * time.Millisecond
)

// eventPartition is a row of event_partitions.
type eventPartition struct {
	ID       int64
	From, To time.Time
	Bytes    int64
}

// MaintainEvents creates the partitions of the events that come, and drops those of events that are
// not kept any longer. Servers call it every minute or so; one at a time works.
func (s *Store) MaintainEvents(ctx context.Context, now time.Time, r EventRetention) error {
	ctx = WithoutAccount(ctx)
	partitions, err := Query(ctx, s, pgx.RowToStructByPos[eventPartition], `
		SELECT id, from_at, to_at, coalesce(pg_total_relation_size(to_regclass(format('event_batches_%s', id))), 0)
		FROM event_partitions
		ORDER BY from_at`)
	if err != nil {
		return err
	}
	// First create what the next time needs.
	if err := s.addEventPartitions(ctx, partitions, now, r); err != nil {
		return err
	}
	// Then drop what is too old, and then the oldest partitions while all take too much. The one of the
	// present stays.
	var bytes int64
	for _, p := range partitions {
		bytes += p.Bytes
	}
	for _, p := range partitions {
		isOld := !p.To.After(now.Add(-r.Keep))
		if isOld || bytes > r.MaxBytes && !p.To.After(now) {
			if err := s.dropEventPartition(ctx, p.ID); err != nil {
				return err
			}
			bytes -= p.Bytes
		}
	}
	return s.deleteStrayEvents(ctx, now.Add(-r.Keep))
}

// addEventPartitions creates partitions until the future has enough of them.
func (s *Store) addEventPartitions(
	ctx context.Context, partitions []eventPartition, now time.Time, r EventRetention,
) error {
	width := max(r.Keep/eventPartitions, minEventPartition).Truncate(time.Second)
	end := now.Truncate(time.Second)
	if len(partitions) > 0 {
		if last := partitions[len(partitions)-1].To; last.After(end) {
			end = last
		}
	}
	for ; end.Before(now.Add(aheadPartitions * width)); end = end.Add(width) {
		err := s.changePartitions(ctx, `
			SELECT add_event_partition($1, $2)
			WHERE NOT EXISTS (SELECT FROM event_partitions WHERE from_at < $2 AND to_at > $1)`, end, end.Add(width))
		if err != nil {
			return fmt.Errorf("create a partition of events: %w", err)
		}
	}
	return nil
}

func (s *Store) dropEventPartition(ctx context.Context, id int64) error {
	err := s.changePartitions(ctx, `
		SELECT drop_event_partition(id) FROM event_partitions WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("drop a partition of events: %w", err)
	}
	return nil
}

// changePartitions runs a statement that changes partitions. Other servers that do the same wait.
func (s *Store) changePartitions(ctx context.Context, sql string, args ...any) error {
	return s.InTx(ctx, func(tx *Tx) error {
		tx.SetLockTimeout(partitionLockTimeout)
		tx.queue(`SELECT pg_advisory_xact_lock(hashtextextended('enisim partitions of events', 0))`)
		tx.queue(sql, args...)
		return nil
	})
}

// deleteStrayEvents deletes old events without a partition, which servers insert whose clock is wrong,
// or that have no partitions yet.
func (s *Store) deleteStrayEvents(ctx context.Context, before time.Time) error {
	return s.InTx(ctx, func(tx *Tx) error {
		tx.queue(`
			WITH stray AS (DELETE FROM event_batches_default WHERE recorded_at < $1 RETURNING first_number)
			UPDATE dropped_events SET number = greatest(number, (SELECT max(first_number) + 63 FROM stray))
			WHERE EXISTS (SELECT FROM stray)`, before)
		return nil
	})
}

// DroppedEvents returns the greatest number among the events that are not kept any longer. 0: none.
func (s *Store) DroppedEvents(ctx context.Context) (int64, error) {
	rows, err := Query(ctx, s, pgx.RowTo[int64], `SELECT number FROM dropped_events`)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0], nil
}

// IndexEvents moves the new entries of the index of events to their places. Until then each query reads
// all of them, and they are bounded: the transaction that adds one too many does this work. Servers call it
// every few seconds, so that no request has to.
func (s *Store) IndexEvents(ctx context.Context) error {
	_, err := Query(WithoutAccount(ctx), s, pgx.RowTo[int64], `
		SELECT gin_clean_pending_list(i.indexrelid)
		FROM pg_inherits p
		JOIN pg_index i ON i.indrelid = p.inhrelid
		JOIN pg_class c ON c.oid = i.indexrelid
		JOIN pg_am a ON a.oid = c.relam
		WHERE p.inhparent = 'event_batches'::regclass AND a.amname = 'gin'`)
	return err
}
