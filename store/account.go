package store

import "time"

// Account is a tenant: the unit of isolation. Its ID is the 16-digit UID.
type Account struct {
	ID                         string
	Name                       string
	NetworkInterfacesPerRegion int // quota
	CreatedAt                  time.Time
	ExpiresAt                  *time.Time // as good as gone from then on; nil: never
	Repeats                    string     // RepeatsAccept, RepeatsRefuse, or "": as the server says
}

// Values of Account.Repeats: whether an attach or a detach is accepted whose effect is there already.
const (
	RepeatsAccept = "accept"
	RepeatsRefuse = "refuse"
)

// Expired tells whether the account's life is over at now.
func (a Account) Expired(now time.Time) bool { return a.ExpiresAt != nil && !a.ExpiresAt.After(now) }

// RAMUser is a user inside an account. Allow lists what it may call, as product:Action with * as wildcard; nothing else is allowed.
type RAMUser struct {
	AccountID string
	Name      string
	Allow     []string
}

// AccessKey is a key of an account, or of one of its RAM users when RAMUserName is set. Its ID is unique over all accounts.
type AccessKey struct {
	ID            string
	AccountID     string
	RAMUserName   *string
	Secret        string
	SecurityToken *string // of a temporary key, which then expires
	AssumedRole   *string // of a temporary key: role/session
	Status        string  // Active or Inactive
	ExpiresAt     *time.Time
	CreatedAt     time.Time
}
