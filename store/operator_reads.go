package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// AccountUsage is an account with its time and the number of its resources.
type AccountUsage struct {
	Account
	Now               time.Time // of the account's clock
	HasClock          bool      // its time is not the real one
	VPCs              int
	Instances         int // in VPCs
	NetworkInterfaces int
	Rules             int // on faults, lifecycles, throttles and stock, of this account only
}

// selectAccountUsage selects accounts t at a real time ($1). Interfaces are counted by VSwitch already,
// and each instance in a VPC has one primary interface.
var selectAccountUsage = `
		SELECT ` + AccountsTable.SelectList("t") + `, account_now(t.id, $1),
		       EXISTS (SELECT FROM account_clocks c WHERE c.account_id = t.id),
		       (SELECT count(*) FROM vpcs v WHERE v.account_id = t.id),
		       (SELECT coalesce(sum(c.interfaces - c.secondary_interfaces), 0)::bigint
		        FROM vswitch_counts c WHERE c.account_id = t.id),
		       (SELECT coalesce(sum(c.interfaces), 0)::bigint FROM vswitch_counts c WHERE c.account_id = t.id),
		       (SELECT count(*) FROM disturbances d WHERE d.account_id = t.id)
		FROM accounts t
		WHERE (t.expires_at <= account_now(t.id, $1)) IS NOT TRUE`

func scanAccountUsage(row pgx.CollectableRow) (AccountUsage, error) {
	var a AccountUsage
	err := row.Scan(append(AccountsTable.Targets(&a.Account), &a.Now, &a.HasClock, &a.VPCs, &a.Instances,
		&a.NetworkInterfaces, &a.Rules)...)
	a.Now, a.CreatedAt = a.Now.UTC(), a.CreatedAt.UTC()
	return a, err
}

// PageOfAccounts returns a page of the accounts that have not expired at a real time.
func (s *Store) PageOfAccounts(ctx context.Context, realTime time.Time, p Page) (List[AccountUsage], error) {
	rows, err := Query(ctx, s, scanAccountUsage, selectAccountUsage+` AND t.id > $2
		ORDER BY t.id
		LIMIT $3`, realTime, p.After, p.Limit+1)
	return pageOf(rows, p), err
}

// FindAccount returns an account, or nil if there is none that has not expired at a real time.
func (s *Store) FindAccount(ctx context.Context, realTime time.Time, id string) (*AccountUsage, error) {
	rows, err := Query(ctx, s, scanAccountUsage, selectAccountUsage+` AND t.id = $2`, realTime, id)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// Kinds of resources that FindResources finds.
const (
	FoundAccount          = "account"
	FoundAccessKey        = "access key"
	FoundVPC              = "VPC"
	FoundVSwitch          = "VSwitch"
	FoundInstance         = "instance"
	FoundNetworkInterface = "network interface"
	FoundSecurityGroup    = "security group"
	FoundRule             = "rule"
)

// FoundResource is a resource of any account.
type FoundResource struct {
	Kind      string
	AccountID string // "": a rule for every account
	ID        string
	Name      string // "" if it has none
	RegionID  string // "" if it has none
}

// The accounts in which resources are looked for: all, or one ($5).
const (
	allLiveAccounts = `
	WITH live AS MATERIALIZED (
	    SELECT a.id FROM accounts a WHERE (a.expires_at <= account_now(a.id, $1)) IS NOT TRUE AND $5 = ''
	)`
	oneLiveAccount = `
	WITH live AS MATERIALIZED (
	    SELECT a.id FROM accounts a WHERE (a.expires_at <= account_now(a.id, $1)) IS NOT TRUE AND a.id = $5
	)`
)

// findResources selects resources of the live accounts by the beginning of their ids, from $2 to below
// $3. Each account is asked by its primary keys, so the cost grows with the accounts and not with their
// resources.
var findResources = `
	(SELECT 'account' AS kind, a.id AS account_id, a.id, a.name, ''
	 FROM accounts a JOIN live l ON l.id = a.id
	 WHERE a.id >= $2 AND a.id < $3 ORDER BY a.id LIMIT $4)
	UNION ALL
	(SELECT 'access key', k.account_id, k.id, '', ''
	 FROM access_keys k JOIN live l ON l.id = k.account_id
	 WHERE k.id >= $2 AND k.id < $3 ORDER BY k.id LIMIT $4)
	UNION ALL
	(SELECT 'rule', coalesce(d.account_id, ''), d.id, d.kind, ''
	 FROM disturbances d
	 WHERE d.id >= $2 AND d.id < $3 AND ($5 = '' OR d.account_id = $5) ORDER BY d.id LIMIT $4)` +
	findResourcesIn("VPC", "vpcs", "") +
	findResourcesIn("VSwitch", "vswitches", "") +
	findResourcesIn("instance", "instances", "") +
	findResourcesIn("security group", "security_groups", "") +
	findResourcesIn("network interface", "network_interfaces",
		"AND (t.settles_at <= account_now(l.id, $1) AND t.next_status = 'Deleted') IS NOT TRUE") + `
	LIMIT $4`

// findResourcesIn is the part of findResources for a table of resources, with a further condition on a
// row t of an account l.
func findResourcesIn(kind, table, condition string) string {
	return `
	UNION ALL
	(SELECT '` + kind + `', l.id, r.id, r.name, r.region_id
	 FROM live l CROSS JOIN LATERAL (
	     SELECT t.id, t.name, t.region_id FROM ` + table + ` t
	     WHERE t.account_id = l.id AND t.id >= $2 AND t.id < $3 ` + condition + `
	     ORDER BY t.id LIMIT $4) r LIMIT $4)`
}

// FindResources returns at most limit resources whose ids begin with a text, of an account or, with an
// accountID of "", of all accounts that have not expired at a real time. If there is a resource with
// exactly this id, it is among them.
func (s *Store) FindResources(
	ctx context.Context, realTime time.Time, accountID, prefix string, limit int,
) ([]FoundResource, error) {
	exact, err := s.findBetween(ctx, realTime, accountID, prefix, prefix+"\x01", limit)
	if err != nil || len(exact) > 0 {
		return exact, err
	}
	return s.findBetween(ctx, realTime, accountID, prefix, prefix+"\U0010ffff", limit)
}

func (s *Store) findBetween(
	ctx context.Context, realTime time.Time, accountID, from, to string, limit int,
) ([]FoundResource, error) {
	accounts := oneLiveAccount
	if accountID == "" {
		accounts = allLiveAccounts
	}
	return Query(ctx, s, pgx.RowToStructByPos[FoundResource], accounts+findResources,
		realTime, from, to, limit, accountID)
}
