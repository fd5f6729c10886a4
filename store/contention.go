package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// HotResource is an instance or a security group that many events of the last time concern.
type HotResource struct {
	Kind            string // FoundInstance or FoundSecurityGroup
	AccountID       string
	ID, Name        string
	Events          int // changes and refusals
	Refusals        int
	Used, Available int // slots of an instance; capacity of a group, in instances
}

const (
	// maxHotEvents is the number of newest events that HotResources looks at, at most.
	maxHotEvents = 5_000
	// maxHotCandidates is the number of resources with the most events among which it looks for
	// instances and groups.
	maxHotCandidates = 300
)

// HotResources returns the instances and groups that most of the newest events concern, of those after a
// real time, and how many events it has looked at. limit is for each kind.
func (s *Store) HotResources(
	ctx context.Context, since, realTime time.Time, limit int,
) (hot []HotResource, events int, err error) {
	err = s.snapshot(ctx, func(batch *pgx.Batch) {
		const recent = `
			SELECT b.first_number + e.position AS number, e.event ->> 'account_id' AS account_id,
			    e.event ->> 'outcome' AS outcome, e.event -> 'resources' AS resources
			FROM (SELECT * FROM event_batches WHERE recorded_at > $2 ORDER BY first_number DESC LIMIT $1) b
			CROSS JOIN LATERAL json_array_elements(b.events::json) WITH ORDINALITY AS e (event, position)
			LIMIT $1`
		batch.Queue(`SELECT count(*) FROM (`+recent+`) e`, maxHotEvents, since).
			QueryRow(func(row pgx.Row) error { return row.Scan(&events) })
		// An event that names an interface concerns the groups of the interface too.
		batch.Queue(`
			WITH named AS MATERIALIZED (
			    SELECT e.number, e.account_id, e.outcome, r.id
			    FROM (`+recent+`) e
			    CROSS JOIN LATERAL json_array_elements_text(e.resources) AS r (id)
			), concerned AS (
			    SELECT * FROM named
			    UNION
			    SELECT n.number, n.account_id, n.outcome, m.security_group_id
			    FROM named n
			    JOIN network_interface_security_groups m
			      ON m.account_id = n.account_id AND m.network_interface_id = n.id
			), counted AS MATERIALIZED (
			    SELECT account_id, id, count(*) AS events, count(*) FILTER (WHERE outcome <> 'OK') AS refusals
			    FROM concerned
			    GROUP BY 1, 2
			    ORDER BY refusals DESC, events DESC, 1, 2
			    LIMIT $3
			)
			(SELECT 'instance', c.account_id, c.id, i.name, c.events, c.refusals,
			        (SELECT count(*) FROM slots s
			         WHERE s.account_id = c.account_id AND s.instance_id = c.id
			           AND (s.next_status = 'Available' AND s.settles_at <= account_now(c.account_id, $5)) IS NOT TRUE),
			        i.eni_quantity
			 FROM counted c
			 JOIN instances i ON i.account_id = c.account_id AND i.id = c.id
			 ORDER BY c.refusals DESC, c.events DESC, c.account_id, c.id
			 LIMIT $4)
			UNION ALL
			(SELECT 'security group', c.account_id, c.id, g.name, c.events, c.refusals, g.instance_limit - k.free,
			        g.instance_limit
			 FROM counted c
			 JOIN security_groups g ON g.account_id = c.account_id AND g.id = c.id
			 JOIN security_group_capacity k ON k.account_id = c.account_id AND k.security_group_id = c.id
			 ORDER BY c.refusals DESC, c.events DESC, c.account_id, c.id
			 LIMIT $4)`, maxHotEvents, since, maxHotCandidates, limit, realTime).
			Query(func(rows pgx.Rows) (err error) {
				hot, err = pgx.CollectRows(rows, pgx.RowToStructByPos[HotResource])
				return err
			})
	})
	return hot, events, err
}
