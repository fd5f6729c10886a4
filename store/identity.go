package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Identity is an access key with its account and RAM user.
type Identity struct {
	AccessKeyID   string
	AccountID     string
	RAMUserName   *string  // nil for a key of the account itself
	Allow         []string // what the RAM user may call
	Secret        string
	SecurityToken *string // set for a temporary key
	AssumedRole   *string // set for a temporary key: role/session
	Status        string
	ExpiresAt     *time.Time // expiry time of the key
	AccountEndsAt *time.Time // expiry time of the account; nil if it never expires
	Repeats       string     // Account.Repeats
	Quotas                   // of the account
	LastRule      int64      // together with RuleCount identifies the rules that disturb the account
	RuleCount     int        // 0: none
	HasClock      bool       // whether the account has a clock of its own: the following
	AccountClock
}

// FindIdentity returns an access key by its id, or nil if there is none.
func (s *Store) FindIdentity(ctx context.Context, accessKeyID string) (*Identity, error) {
	rows, err := Query(ctx, s, pgx.RowToAddrOfStructByPos[Identity], `
		SELECT k.id, k.account_id, k.ram_user_name, coalesce(u.allow, '{}'), k.secret, k.security_token,
		       k.assumed_role, k.status, k.expires_at,
		       a.expires_at, a.repeats, a.instances_per_region, a.security_groups_per_network_interface,
		       a.private_ipv4_per_network_interface, a.ipv6_per_network_interface, a.trunking,
		       a.without_network_cards,
		       coalesce(d.last, 0), coalesce(d.count, 0),
		       c.account_id IS NOT NULL, coalesce(c.real_base, 'epoch'), coalesce(c.account_base, 'epoch'),
		       coalesce(c.rate, 1), coalesce(c.frozen, false)
		FROM access_keys k
		JOIN accounts a ON a.id = k.account_id
		LEFT JOIN ram_users u ON u.account_id = k.account_id AND u.name = k.ram_user_name
		LEFT JOIN account_clocks c ON c.account_id = k.account_id
		CROSS JOIN LATERAL (
		    SELECT max(position) AS last, count(*) AS count FROM disturbances r
		    WHERE r.account_id = k.account_id OR r.account_id IS NULL
		) d
		WHERE k.id = $1`, accessKeyID)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// RegionExists reports whether a region is in the catalogue or declared by a scenario. Regions are
// never deleted, so callers may cache true forever.
func (s *Store) RegionExists(ctx context.Context, regionID string) (bool, error) {
	rows, err := Query(ctx, s, pgx.RowTo[bool], `SELECT true FROM regions WHERE id = $1`, regionID)
	return len(rows) > 0, err
}

// FirstAccessKey returns the id of the first active key that belongs to an account itself and never
// expires. It also returns the number of such keys. Accounts that have expired at the real time now
// do not count.
func (s *Store) FirstAccessKey(ctx context.Context, now time.Time) (id string, count int, err error) {
	type first struct {
		ID    string
		Count int
	}
	rows, err := Query(ctx, s, pgx.RowToStructByPos[first], `
		SELECT k.id, count(*) OVER ()
		FROM access_keys k
		JOIN accounts a ON a.id = k.account_id
		WHERE k.status = 'Active' AND k.ram_user_name IS NULL AND k.expires_at IS NULL
		  AND (a.expires_at <= account_now(a.id, $1)) IS NOT TRUE
		ORDER BY k.account_id, k.id
		LIMIT 1`, now)
	if err != nil || len(rows) == 0 {
		return "", 0, err
	}
	return rows[0].ID, rows[0].Count, nil
}
