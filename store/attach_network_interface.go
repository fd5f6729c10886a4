package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// AttachScene is all that decides an attach, read under the locks. A row that is missing is nil.
type AttachScene struct {
	Instance *Instance
	Type     *InstanceType // of Instance
	ENI      *NetworkInterface
	IPv4     int                // private IPv4 addresses of ENI, the primary one included; a prefix counts as one
	IPv6     int                // IPv6 addresses of ENI; a prefix counts as one
	Held     []NetworkInterface // what Instance holds, the primary interface included: ID, status and device index only
	Groups   []GroupScene       // the security groups that Instance would join with ENI
	Freed    []string           // interfaces that have left Instance, but whose rows still name it
}

// LockForAttach locks an instance and a network interface, and reads what an attach of one to the other depends on, in one round trip.
// Locked with them: the instance's interfaces on their way off it (so that their rows can be settled) and the security groups that the instance
// would join. A group that it is in already gains no member and needs no lock, so that the attaches of a popular group do not wait for each other.
func (tx *Tx) LockForAttach(ctx context.Context, accountID, regionID, instanceID, eniID string) (*AttachScene, error) {
	scene := &AttachScene{}
	tx.lockInstance(accountID, regionID, instanceID, func(i Instance, t InstanceType) {
		scene.Instance, scene.Type = &i, &t
	})
	tx.lock(rankNetworkInterfaces, `
		SELECT account_id, id, region_id, zone_id, vpc_id, vswitch_id, type, status, next_status, settles_at,
		       instance_id, instance_eni_quantity, device_index, service_managed
		FROM network_interfaces
		WHERE account_id = $1
		  AND ((id = $3 AND region_id = $2) OR (instance_id = $4 AND next_status = 'Available'))
		ORDER BY id
		FOR NO KEY UPDATE`, accountID, regionID, eniID, instanceID).
		Query(each(func(n *NetworkInterface) []any {
			return []any{&n.AccountID, &n.ID, &n.RegionID, &n.ZoneID, &n.VPCID, &n.VSwitchID, &n.Type, &n.Status, &n.NextStatus, &n.SettlesAt,
				&n.InstanceID, &n.InstanceENIQuantity, &n.DeviceIndex, &n.ServiceManaged}
		}, func(n NetworkInterface) {
			if n.ID == eniID {
				scene.ENI = &n
			}
		}))
	tx.lock(rankSecurityGroups, `
		SELECT g.id
		FROM security_groups g
		WHERE g.account_id = $1 AND g.id IN (SELECT security_group_id FROM groups_to_join($1, $2, $3))
		ORDER BY g.id
		FOR NO KEY UPDATE`, accountID, eniID, instanceID)

	// Counts come in statements after the locks: their snapshots see what the locks waited for.
	tx.queue(`
		SELECT id, status, next_status, settles_at, device_index
		FROM network_interfaces
		WHERE account_id = $1 AND instance_id = $2`, accountID, instanceID).
		Query(each(func(n *NetworkInterface) []any {
			return []any{&n.ID, &n.Status, &n.NextStatus, &n.SettlesAt, &n.DeviceIndex}
		}, func(n NetworkInterface) {
			scene.Held = append(scene.Held, n)
		}))
	tx.queue(`
		SELECT count(*) FILTER (WHERE family(held.address) = 4), count(*) FILTER (WHERE family(held.address) = 6)
		FROM (
		    SELECT address FROM private_ip_addresses WHERE account_id = $1 AND network_interface_id = $2
		    UNION ALL
		    SELECT prefix FROM ip_prefixes WHERE account_id = $1 AND network_interface_id = $2
		) held`, accountID, eniID).
		QueryRow(func(row pgx.Row) error { return row.Scan(&scene.IPv4, &scene.IPv6) })
	tx.queue(`
		SELECT g.id, g.instance_limit,
		       count(*) FILTER (WHERE i.id <> $3 AND i.stays),
		       coalesce(array_agg(i.leaves_at) FILTER (WHERE i.id <> $3 AND NOT i.stays), '{}'),
		       max(i.leaves_at) FILTER (WHERE i.id = $3)
		FROM groups_to_join($1, $2, $3) j
		JOIN security_groups g ON g.account_id = $1 AND g.id = j.security_group_id
		LEFT JOIN LATERAL (
		    SELECT n.instance_id AS id, bool_or(n.next_status IS DISTINCT FROM 'Available') AS stays, max(n.settles_at) AS leaves_at
		    FROM network_interface_security_groups m
		    JOIN network_interfaces n ON n.account_id = m.account_id AND n.id = m.network_interface_id
		    WHERE m.account_id = g.account_id AND m.security_group_id = g.id AND n.instance_id IS NOT NULL
		    GROUP BY n.instance_id
		) i ON true
		GROUP BY g.id, g.instance_limit`, accountID, eniID, instanceID).
		Query(each(func(g *GroupScene) []any {
			return []any{&g.ID, &g.InstanceLimit, &g.Others, &g.OthersLeaving, &g.LeavesAt}
		}, func(g GroupScene) {
			scene.Groups = append(scene.Groups, g)
		}))
	return scene, tx.send(ctx)
}

// Settle makes the scene stand as it does at now: rows in the status that is due, an interface that has left the instance no longer held by it,
// one that is gone missing. It is pure.
func (s *AttachScene) Settle(now time.Time) {
	s.Instance, s.ENI = settledInstance(s.Instance, now), settledENI(s.ENI, now)
	var held []NetworkInterface
	for _, n := range s.Held {
		if settled := n.Settled(now); settled.Status != ENIAvailable {
			held = append(held, settled)
		} else if s.ENI == nil || n.ID != s.ENI.ID { // the scene's own interface is written anyway
			s.Freed = append(s.Freed, n.ID)
		}
	}
	s.Held = held
	for i, g := range s.Groups {
		s.Groups[i] = g.Settled(now)
	}
}

// FreeDeviceIndex is the lowest device index that no held interface has. The scene must be settled.
func (s *AttachScene) FreeDeviceIndex() int {
	taken := make(map[int]bool, len(s.Held))
	for _, n := range s.Held {
		taken[*n.DeviceIndex] = true
	}
	index := 1 // 0 is the primary interface's
	for taken[index] {
		index++
	}
	return index
}

// AttachENI queues the writes that put the scene's interface on the scene's instance at once.
func (tx *Tx) AttachENI(scene *AttachScene, networkCardIndex *int) {
	tx.attach(scene, networkCardIndex, nil)
}

// BeginAttach queues the writes that put the scene's interface on the scene's instance: Attaching until settlesAt, when it is InUse.
func (tx *Tx) BeginAttach(scene *AttachScene, networkCardIndex *int, settlesAt time.Time) {
	tx.attach(scene, networkCardIndex, &settlesAt)
}

// attach settles the rows of interfaces that have left the instance, which frees their device indexes, and then writes the attachment.
func (tx *Tx) attach(scene *AttachScene, networkCardIndex *int, settlesAt *time.Time) {
	if len(scene.Freed) > 0 {
		tx.ReleaseNetworkInterfaces(scene.Instance.AccountID, scene.Freed)
	}
	tx.PlaceENI(*scene.ENI, *scene.Instance, scene.FreeDeviceIndex(), networkCardIndex, settlesAt)
}
