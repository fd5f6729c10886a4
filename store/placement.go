package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// PlacedInstance is an instance with its type and its filled slots.
type PlacedInstance struct {
	Instance
	Type  InstanceType
	Slots []Slot // by device index
}

// Slot is a slot of an instance that an interface fills. Its status is the one at the time of the read.
type Slot struct {
	InstanceID         string
	NetworkInterfaceID string
	DeviceIndex        int
	NetworkCardIndex   *int
	Status             string
	NextStatus         *string    // nil unless the status is transient
	SettlesAt          *time.Time // when the next status is reached
}

// maxInstancesToOrder is the maximum number of instances of a VSwitch that InstancesOfVSwitches reads
// before it takes the first ones.
const maxInstancesToOrder = 500

// InstancesOfVSwitches returns the first instances of each of some VSwitches, ordered by VSwitch and
// id, settled to now. If a VSwitch has more than maxInstancesToOrder, these are any of its instances.
func (s *Store) InstancesOfVSwitches(
	ctx context.Context, now time.Time, accountID string, vSwitchIDs []string, limit int,
) ([]PlacedInstance, error) {
	return s.readPlaced(ctx, now, accountID, `
		SELECT i.id
		FROM unnest($2::text[]) AS v (id)
		CROSS JOIN LATERAL (
		    SELECT those.id
		    FROM (SELECT i.id FROM instances i WHERE i.account_id = $1 AND i.vswitch_id = v.id LIMIT $4) those
		    ORDER BY those.id
		    LIMIT $3
		) i`, vSwitchIDs, limit, maxInstancesToOrder)
}

// InstancesOfVSwitch returns a page of the instances of a VSwitch, settled to now.
func (s *Store) InstancesOfVSwitch(
	ctx context.Context, now time.Time, accountID, vSwitchID string, p Page,
) (List[PlacedInstance], error) {
	// The subquery keeps the planner from walking the whole account in the order of ids.
	rows, err := s.readPlaced(ctx, now, accountID, `
		SELECT those.id
		FROM (SELECT i.id FROM instances i WHERE i.account_id = $1 AND i.vswitch_id = $2 AND i.id > $3 OFFSET 0) those
		ORDER BY those.id
		LIMIT $4`, vSwitchID, p.After, p.Limit+1)
	return pageOf(rows, p), err
}

// CountInstances returns the number of instances of each of some VSwitches, from kept counts: each has one
// primary interface there.
func (s *Store) CountInstances(ctx context.Context, accountID string, vSwitchIDs []string) (map[string]int, error) {
	type count struct {
		ID        string
		Instances int
	}
	rows, err := Query(ctx, s, pgx.RowToStructByPos[count], `
		SELECT c.vswitch_id, sum(c.interfaces - c.secondary_interfaces)::bigint
		FROM vswitch_counts c
		WHERE c.account_id = $1 AND c.vswitch_id = ANY ($2)
		GROUP BY c.vswitch_id`, accountID, vSwitchIDs)
	counts := make(map[string]int, len(rows))
	for _, r := range rows {
		counts[r.ID] = r.Instances
	}
	return counts, err
}

// PlacedInstances returns instances by their ids, settled to now. Ids of other accounts are not found.
func (s *Store) PlacedInstances(
	ctx context.Context, now time.Time, accountID string, ids []string,
) ([]PlacedInstance, error) {
	return s.readPlaced(ctx, now, accountID, `SELECT unnest($2::text[])`, ids)
}

// pageOf returns a page that was read with one row more.
func pageOf[T any](rows []T, p Page) List[T] {
	list := List[T]{Rows: rows}
	list.cut(p.Limit)
	return list
}

// readPlaced reads the instances whose ids a statement selects, and then their slots, in one snapshot.
func (s *Store) readPlaced(
	ctx context.Context, now time.Time, accountID, ids string, args ...any,
) ([]PlacedInstance, error) {
	var placed []PlacedInstance
	positions := map[string]int{}
	err := s.snapshot(ctx, func(batch *pgx.Batch) {
		// The ids are left in a setting for the second statement, so that both go in one round trip.
		batch.Queue(`
			WITH page AS MATERIALIZED (`+ids+`), noted AS MATERIALIZED (
			    SELECT set_config('enisim.instances', ARRAY(SELECT id FROM page AS p (id))::text, true)
			)
			SELECT `+InstancesTable.SelectList("i")+`,
			       `+InstanceTypesTable.SelectList("t")+`
			FROM noted
			CROSS JOIN page AS p (id)
			JOIN instances i ON i.account_id = $1 AND i.id = p.id
			JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
			ORDER BY i.vswitch_id, i.id`, append([]any{accountID}, args...)...).
			Query(each(func(p *PlacedInstance) []any {
				return append(InstancesTable.Targets(&p.Instance), InstanceTypesTable.Targets(&p.Type)...)
			}, func(p PlacedInstance) {
				positions[p.ID] = len(placed)
				p.Instance = p.Settled(now)
				placed = append(placed, p)
			}))
		batch.Queue(`
			SELECT s.instance_id, s.network_interface_id, s.device_index, s.network_card_index, s.status,
			       s.next_status, s.settles_at
			FROM slots s
			WHERE s.account_id = $1
			  AND s.instance_id = ANY (nullif(current_setting('enisim.instances', true), '')::text[])
			ORDER BY s.instance_id, s.device_index`, accountID).
			Query(each(func(r *Slot) []any {
				return []any{
					&r.InstanceID, &r.NetworkInterfaceID, &r.DeviceIndex, &r.NetworkCardIndex,
					&r.Status, &r.NextStatus, &r.SettlesAt,
				}
			}, func(r Slot) {
				if due(r.SettlesAt, now) {
					if *r.NextStatus == ENIAvailable {
						return // the interface has left
					}
					r.Status, r.NextStatus, r.SettlesAt = *r.NextStatus, nil, nil
				}
				if k, found := positions[r.InstanceID]; found {
					placed[k].Slots = append(placed[k].Slots, r)
				}
			}))
	})
	return placed, err
}

// GroupMember is an interface in a security group, with the instance that it is on.
type GroupMember struct {
	NetworkInterfaceID string
	Type, Status       string
	InstanceID         *string // nil: it is on none
}

// MembersOfGroup returns a page of the interfaces in a security group, settled to now. Unlike the API's
// list it has primary interfaces too.
func (s *Store) MembersOfGroup(
	ctx context.Context, now time.Time, accountID, groupID string, p Page,
) (List[GroupMember], error) {
	rows, err := Query(ctx, s, pgx.RowToStructByPos[GroupMember], `
		SELECT n.id, n.type, n.status, n.instance_id
		FROM (
		    SELECT m.network_interface_id AS id
		    FROM network_interface_security_groups m
		    WHERE m.account_id = $2 AND m.security_group_id = $3 AND m.network_interface_id > $4
		    ORDER BY m.network_interface_id
		    LIMIT $5
		) page
		CROSS JOIN LATERAL (
		    SELECT * FROM settled_network_interfaces($1) n WHERE n.account_id = $2 AND n.id = page.id OFFSET 0
		) n
		ORDER BY n.id`, now, accountID, groupID, p.After, p.Limit+1)
	return pageOf(rows, p), err
}
