package store

import "time"

// Account is a tenant: the unit of isolation. Its ID is the 16-digit UID.
type Account struct {
	ID                         string    `db:"id,key"`
	Name                       string    `db:"name"`
	NetworkInterfacesPerRegion int       `db:"network_interfaces_per_region"` // quota
	Quotas                               // the other ones
	CreatedAt                  time.Time `db:"created_at,once"`
	// From ExpiresAt on, the account counts as deleted; nil if it never expires.
	ExpiresAt *time.Time `db:"expires_at,once"`
	Repeats   string     `db:"repeats"` // RepeatsAccept, RepeatsRefuse, or "" for the server's setting
}

// Quotas are quotas of an account whose documented limit applies while they are nil, and what else it may
// use.
type Quotas struct {
	InstancesPerRegion         *int `db:"instances_per_region"`
	SecurityGroupsPerInterface *int `db:"security_groups_per_network_interface"`
	// Of addresses, of which a prefix counts as one. The primary address is included.
	IPv4PerInterface *int `db:"private_ipv4_per_network_interface"`
	IPv6PerInterface *int `db:"ipv6_per_network_interface"`
	// Not an operator's quotas: whether the account may use trunk interfaces, and may not name network cards.
	Trunking            bool `db:"trunking"`
	WithoutNetworkCards bool `db:"without_network_cards"`
}

// Values of Account.Repeats: whether to accept an attach of an attached interface, and a detach of
// a detached one.
const (
	RepeatsAccept = "accept"
	RepeatsRefuse = "refuse"
)

// Expired reports whether the account has expired at now.
func (a Account) Expired(now time.Time) bool { return a.ExpiresAt != nil && !a.ExpiresAt.After(now) }

// RAMUser is a user of an account. Allow lists the only actions that it may call, as product:Action
// with * as wildcard.
type RAMUser struct {
	AccountID string   `db:"account_id,key"`
	Name      string   `db:"name,key"`
	Allow     []string `db:"allow"`
}

// AccessKey is a key of an account, or of one of its RAM users if RAMUserName is set. Its ID is
// unique across all accounts.
type AccessKey struct {
	ID            string     `db:"id,key"`
	AccountID     string     `db:"account_id,key"`
	RAMUserName   *string    `db:"ram_user_name"`
	Secret        string     `db:"secret"`
	SecurityToken *string    `db:"security_token"` // set for a temporary key, which has an expiry time
	AssumedRole   *string    `db:"assumed_role"`   // set for a temporary key: role/session
	Status        string     `db:"status"`         // Active or Inactive
	ExpiresAt     *time.Time `db:"expires_at"`
	CreatedAt     time.Time  `db:"created_at,once"`
}
