package world

import (
	"context"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
)

// Size is how much there is to read of accounts.
type Size struct {
	Resources int // instances, network interfaces, disks, EIPs and key pairs, with those that are about to go
	Parts     int // addresses, prefixes, memberships in security groups, rules, and route entries
	Text      int // bytes of the attributes, public keys and tags of the resources
}

// Measure returns how much Read would read of accounts.
func Measure(ctx context.Context, s *store.Store, accountIDs []string) (Size, error) {
	sizes, err := store.Query(ctx, s, pgx.RowToStructByPos[Size], `
		SELECT count(*),
		       (SELECT count(*) FROM private_ip_addresses WHERE account_id = ANY ($1))
		     + (SELECT count(*) FROM ip_prefixes WHERE account_id = ANY ($1))
		     + (SELECT count(*) FROM network_interface_security_groups WHERE account_id = ANY ($1))
		     + (SELECT count(*) FROM security_group_rules WHERE account_id = ANY ($1))
		     + (SELECT count(*) FROM route_entries WHERE account_id = ANY ($1)),
		       coalesce(sum(octet_length(attributes::text) + octet_length(tags::text)), 0)::bigint
		FROM (
		    SELECT attributes, tags FROM instances WHERE account_id = ANY ($1)
		    UNION ALL
		    SELECT attributes, tags FROM network_interfaces WHERE account_id = ANY ($1)
		    UNION ALL
		    SELECT attributes, '{}' FROM disks WHERE account_id = ANY ($1)
		    UNION ALL
		    SELECT attributes, tags FROM eips WHERE account_id = ANY ($1)
		    UNION ALL
		    SELECT to_jsonb(public_key), tags FROM key_pairs WHERE account_id = ANY ($1)) AS resources`, accountIDs)
	if err != nil {
		return Size{}, err
	}
	return sizes[0], nil
}
