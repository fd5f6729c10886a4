package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// ResourceGroup is a resource group: the default one of an account, or one that its resources name.
type ResourceGroup struct {
	ID, Name, DisplayName string
	AccountID             string
	CreatedAt             time.Time // of the account
}

// ResourceGroupFilter selects resource groups. A group must match every field that is set.
type ResourceGroupFilter struct {
	AccountID         string
	DefaultID         string // of the account's default group
	IDs               []string
	Name, DisplayName string // parts of them
}

// ListResourceGroups returns the resource groups of an account, by id.
func (s *Store) ListResourceGroups(
	ctx context.Context, f ResourceGroupFilter, p Page,
) (List[ResourceGroup], error) {
	const selected = `
		FROM (
		    SELECT $2 AS id, 'default' AS name, 'Default Resource Group' AS display_name
		    UNION
		    SELECT id, id, id
		    FROM (
		        SELECT resource_group_id FROM vpcs WHERE account_id = $1
		        UNION SELECT resource_group_id FROM vswitches WHERE account_id = $1
		        UNION SELECT resource_group_id FROM security_groups WHERE account_id = $1
		        UNION SELECT resource_group_id FROM instances WHERE account_id = $1
		        UNION SELECT resource_group_id FROM network_interfaces WHERE account_id = $1
		        UNION SELECT resource_group_id FROM eips WHERE account_id = $1
		        UNION SELECT resource_group_id FROM key_pairs WHERE account_id = $1
		    ) named (id)
		    WHERE id NOT IN ('', $2)
		) g
		JOIN accounts a ON a.id = $1
		WHERE (nullif($3::text[], '{}') IS NULL OR g.id = ANY ($3))
		  AND position($4 IN g.name) > 0 AND position($5 IN g.display_name) > 0`
	return list(ctx, s, p, pgx.RowToStructByPos[ResourceGroup], `SELECT count(*)`+selected, `
		SELECT g.id, g.name, g.display_name, a.id, a.created_at`+selected+`
		ORDER BY g.id
		LIMIT $6 OFFSET $7`, f.AccountID, f.DefaultID, f.IDs, f.Name, f.DisplayName)
}
