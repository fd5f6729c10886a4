package operator

import (
	"context"
	"crypto/rand"
	"regexp"
	"time"

	"enisim.alt/service"
	"enisim.alt/store"
)

// AccessKey is a key as operators see it. It excludes the secret, which CreateAccessKey shows once.
type AccessKey struct {
	ID        string
	AccountID string
	RAMUser   string // "": the account itself
	Status    string // Active or Inactive
	Temporary bool
	ExpiresAt *time.Time // nil: never
	CreatedAt time.Time
}

// NewAccessKey is a new key with its secret, which is shown only once.
type NewAccessKey struct {
	AccessKey
	Secret        string
	SecurityToken string // of a temporary key
}

// CreateAccessKeyRequest is the request for a key of an account, or of one of its RAM users.
type CreateAccessKeyRequest struct {
	AccountID string
	RAMUser   string        // "": the account itself
	ExpiresIn time.Duration // 0: never
	Temporary bool          // with a SecurityToken, as the cloud's STS issues them
}

// The forms of the names that an operator may give. The database is not queried for other names,
// because none can exist.
var (
	accountIDPattern = regexp.MustCompile(`^[0-9]{16}$`)
	ramUserPattern   = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,64}$`)
)

// CreateAccessKey creates a key, which is valid at once.
func (o *Operator) CreateAccessKey(ctx context.Context, req CreateAccessKeyRequest) (NewAccessKey, error) {
	if err := req.validate(); err != nil {
		return NewAccessKey{}, err
	}
	now := o.service.Now()
	key := store.AccessKey{
		ID:        "LTAI" + rand.Text(),
		AccountID: req.AccountID,
		Secret:    rand.Text(),
		Status:    "Active",
		CreatedAt: now,
	}
	if req.RAMUser != "" {
		key.RAMUserName = &req.RAMUser
	}
	if req.ExpiresIn > 0 {
		at := now.Add(req.ExpiresIn)
		key.ExpiresAt = &at
	}
	if req.Temporary {
		key.ID = "STS." + rand.Text()
		key.SecurityToken = new(rand.Text() + rand.Text())
	}
	err := o.store.InTx(ctx, func(tx *store.Tx) error {
		owner, err := tx.LockKeyOwner(ctx, req.AccountID, req.RAMUser, now)
		switch {
		case err != nil:
			return err
		case !owner.AccountExists:
			return errNoAccount(req.AccountID)
		case req.RAMUser != "" && !owner.RAMUserExists:
			return errNoRAMUser(req.AccountID, req.RAMUser)
		}
		tx.InsertAccessKey(key)
		return o.record(ctx, tx, req.AccountID, "CreateAccessKey", keyStatusChange(key.ID, "", key.Status))
	})
	if err != nil {
		return NewAccessKey{}, err
	}
	return newAccessKeyView(key), nil
}

func (req CreateAccessKeyRequest) validate() error {
	switch {
	case req.AccountID == "":
		return invalidRequestf("a key belongs to an account: give its 16 digits, such as 1000000000000001")
	case !accountIDPattern.MatchString(req.AccountID):
		return errInvalidAccountID(req.AccountID)
	case req.RAMUser != "" && !ramUserPattern.MatchString(req.RAMUser):
		return errNoRAMUser(req.AccountID, req.RAMUser)
	case req.ExpiresIn < 0:
		return invalidRequestf("a key cannot expire in the past: give a duration such as 1h, or 0 for never")
	case req.Temporary && req.ExpiresIn == 0:
		return invalidRequestf("a temporary key expires: give a duration too, such as 1h")
	}
	return nil
}

// AccessKeys lists the keys of an account, or of all accounts when it is "".
func (o *Operator) AccessKeys(ctx context.Context, accountID string) ([]AccessKey, error) {
	if accountID != "" && !accountIDPattern.MatchString(accountID) {
		return nil, errInvalidAccountID(accountID)
	}
	listed, err := o.store.ListAccessKeys(ctx, accountID, o.service.Now())
	keys := make([]AccessKey, 0, len(listed))
	for _, k := range listed {
		keys = append(keys, accessKeyView(k))
	}
	return keys, err
}

// UsableAccessKeys returns at most limit keys of an account that are active and have not expired: those
// that are not temporary first.
func (o *Operator) UsableAccessKeys(ctx context.Context, accountID string, limit int) ([]AccessKey, error) {
	if !accountIDPattern.MatchString(accountID) {
		return nil, errInvalidAccountID(accountID)
	}
	listed, err := o.store.UsableAccessKeys(ctx, accountID, o.service.Now(), limit)
	keys := make([]AccessKey, 0, len(listed))
	for _, k := range listed {
		keys = append(keys, accessKeyView(k))
	}
	return keys, err
}

// DisableAccessKey makes a key Inactive. Every replica refuses it within a second.
func (o *Operator) DisableAccessKey(ctx context.Context, id string) (AccessKey, error) {
	var disabled AccessKey
	err := o.changeAccessKey(ctx, id, func(tx *store.Tx, key store.ListedAccessKey) error {
		before := key.Status
		key.Status = "Inactive"
		tx.SetAccessKeyStatus(id, key.Status)
		disabled = accessKeyView(key)
		if key.Status == before {
			return nil
		}
		return o.record(ctx, tx, key.AccountID, "DisableAccessKey", keyStatusChange(id, before, key.Status))
	})
	return disabled, err
}

// DeleteAccessKey deletes a key. It is unknown on every replica within a second.
func (o *Operator) DeleteAccessKey(ctx context.Context, id string) error {
	return o.changeAccessKey(ctx, id, func(tx *store.Tx, key store.ListedAccessKey) error {
		tx.DeleteAccessKey(id)
		return o.record(ctx, tx, key.AccountID, "DeleteAccessKey", keyStatusChange(id, key.Status, store.Deleted))
	})
}

// changeAccessKey changes a key that exists, and removes it from the cache of this replica.
func (o *Operator) changeAccessKey(
	ctx context.Context, id string, change func(*store.Tx, store.ListedAccessKey) error,
) error {
	if !service.IsAccessKeyID(id) {
		return errNoAccessKey(id)
	}
	err := o.store.InTx(ctx, func(tx *store.Tx) error {
		key, err := tx.LockAccessKey(ctx, id)
		switch {
		case err != nil:
			return err
		case key == nil:
			return errNoAccessKey(id)
		}
		return change(tx, *key)
	})
	o.service.ForgetAccessKey(id) // even if the outcome is unknown
	return err
}

func accessKeyView(k store.ListedAccessKey) AccessKey {
	key := AccessKey{
		ID:        k.ID,
		AccountID: k.AccountID,
		Status:    k.Status,
		Temporary: k.Temporary,
		ExpiresAt: k.ExpiresAt,
		CreatedAt: k.CreatedAt,
	}
	if k.RAMUserName != nil {
		key.RAMUser = *k.RAMUserName
	}
	return key
}

func errNoAccount(id string) error {
	return notFoundf(
		"there is no account %s: enisim account list shows those that there are; "+
			"enisim account create and enisim scenario apply make some",
		id,
	)
}

func errNoRAMUser(account, name string) error {
	return notFoundf(
		"account %s has no RAM user %q: add it to ram_users in the account's scenario and apply that again",
		account,
		name,
	)
}

func errNoAccessKey(id string) error {
	return notFoundf("there is no access key %q: enisim key list shows those that there are", id)
}
