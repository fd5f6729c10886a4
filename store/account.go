package store

import "time"

// Account is a tenant: the unit of isolation. Its ID is the 16-digit UID.
type Account struct {
	ID                         string
	Name                       string
	NetworkInterfacesPerRegion int // quota
	CreatedAt                  time.Time
	ExpiresAt                  *time.Time // from then on the account counts as deleted; nil if it never expires
	Repeats                    string     // RepeatsAccept, RepeatsRefuse, or "" for the server's setting
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
	AccountID string
	Name      string
	Allow     []string
}

// AccessKey is a key of an account, or of one of its RAM users if RAMUserName is set. Its ID is
// unique across all accounts.
type AccessKey struct {
	ID            string
	AccountID     string
	RAMUserName   *string
	Secret        string
	SecurityToken *string // set for a temporary key, which has an expiry time
	AssumedRole   *string // set for a temporary key: role/session
	Status        string  // Active or Inactive
	ExpiresAt     *time.Time
	CreatedAt     time.Time
}
