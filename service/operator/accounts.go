package operator

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"enisim.alt/service/scenario"
	"enisim.alt/store"
	"enisim.alt/store/world"
)

// Account is a tenant as operators see it.
type Account struct {
	ID                         string
	Name                       string
	NetworkInterfacesPerRegion int // quota
	Quotas                     store.Quotas
	CreatedAt                  time.Time
	ExpiresAt                  *time.Time // nil: never
	Repeats                    string     // accept, refuse, or "" for the server's default
}

// NewAccount is an account that was just created, with all its keys and their secrets, which are
// shown only once.
type NewAccount struct {
	Account
	Keys []NewAccountKey // first the account's own key, then those of its scenario
}

// NewAccountKey is a key of a new account.
type NewAccountKey struct {
	NewAccessKey
	InScenario string // the id of the scenario's key that it replaces; "" for the account's own key
}

// ScenarioFile is the text of a scenario. Its name appears in messages about mistakes in it.
type ScenarioFile struct {
	Name     string
	Text     []byte
	OverHTTP bool // it came in a request to a server, which has narrower limits than the command line
}

func (f ScenarioFile) parse(limits scenario.Limits) (*scenario.Scenario, error) {
	return scenario.ParseWithin(f.Name, f.Text, limits)
}

// CreateAccountRequest is the request for an account.
type CreateAccountRequest struct {
	ID                         string        // "": a random one
	Name                       string        // "": the scenario's
	NetworkInterfacesPerRegion *int          // nil: the scenario's, or the default quota
	Quotas                     store.Quotas  // nil: the scenario's, or as documented
	ExpiresIn                  time.Duration // 0: never
	Repeats                    string        // accept or refuse; "": the scenario's, or the server's default
	Scenario                   *ScenarioFile // nil: an empty account
}

// ChangeAccountRequest is the request to change an account. A nil field stays as it is.
type ChangeAccountRequest struct {
	Repeats *string // accept, refuse, or "" for the server's default
	Quotas  *Quotas // those that change
}

// Limits and defaults of an account.
const (
	maxAccountNameLength = 128
	minAccountLifetime   = time.Second
)

// How much each call of removeExpired deletes: some hundred milliseconds of work.
const (
	accountsPerSweep   = 20
	interfacesPerSweep = 5_000
)

// CreateAccount creates an account with a key and, if a scenario is given, with its content: all of
// it or none. The scenario's account may have any id. Its keys get new ids and secrets, because the
// id of a key is unique in the database.
func (o *Operator) CreateAccount(ctx context.Context, req CreateAccountRequest) (NewAccount, error) {
	if err := req.validate(); err != nil {
		return NewAccount{}, err
	}
	// First the account itself and its own key. Fields that the request leaves open may come from
	// the scenario.
	now := o.service.Now()
	o.removeExpired(ctx, now)
	account := store.Account{
		ID:                         req.ID,
		Name:                       req.Name,
		NetworkInterfacesPerRegion: scenario.DefaultNetworkInterfacesPerRegion,
		CreatedAt:                  now,
		Repeats:                    req.Repeats,
	}
	if account.ID == "" {
		account.ID = o.service.NewAccountID()
	}
	if req.ExpiresIn > 0 {
		account.ExpiresAt = new(now.Add(req.ExpiresIn))
	}
	own := store.AccessKey{
		ID:        "LTAI" + rand.Text(),
		AccountID: account.ID,
		Secret:    rand.Text(),
		Status:    "Active",
		CreatedAt: now,
	}
	created := NewAccount{Keys: []NewAccountKey{{NewAccessKey: newAccessKeyView(own)}}}
	// Without a scenario, insert the empty account.
	if req.Scenario == nil {
		req.AllQuotas().apply(&account)
		created.Account = accountView(account)
		if err := o.insertAccount(ctx, account, own, now); err != nil {
			return NewAccount{}, err
		}
		return created, nil
	}
	// With one, create the account and its content in one transaction. The request's fields
	// override the scenario's.
	parse := func(limits scenario.Limits) (*scenario.Scenario, error) {
		return scenario.ParseFor(account.ID, req.Scenario.Name, req.Scenario.Text, limits)
	}
	err := o.withScenario(ctx, *req.Scenario, parse, func(sc *scenario.Scenario, _ scenario.Limits) error {
		content := *sc.World() // a copy: the slices below are replaced, not modified
		if account.Name == "" {
			account.Name = content.Accounts[0].Name
		}
		if account.Repeats == "" {
			account.Repeats = content.Accounts[0].Repeats
		}
		account.NetworkInterfacesPerRegion = content.Accounts[0].NetworkInterfacesPerRegion
		account.Quotas = content.Accounts[0].Quotas
		req.AllQuotas().apply(&account)
		if req.ExpiresIn > 0 { // by the clock that it begins with
			account.ExpiresAt = new(content.TimeOf(account.ID, now).Add(req.ExpiresIn))
		}
		content.Accounts = []store.Account{account}
		inFile := content.AccessKeys
		content.AccessKeys = []store.AccessKey{own}
		for _, k := range inFile {
			key := withNewSecrets(k, now)
			content.AccessKeys = append(content.AccessKeys, key)
			created.Keys = append(created.Keys, NewAccountKey{newAccessKeyView(key), k.ID})
		}
		created.Account = accountView(account)
		_, err := world.Create(ctx, o.store, &content, now)
		return explainWorldError(account.ID, err)
	})
	if err != nil {
		return NewAccount{}, err
	}
	return created, nil
}

// insertAccount creates an account without content.
func (o *Operator) insertAccount(ctx context.Context, account store.Account, key store.AccessKey, now time.Time) error {
	return o.store.InTx(ctx, func(tx *store.Tx) error {
		tx.LockAccountID(account.ID)
		found, err := tx.LockAccount(ctx, account.ID, now)
		switch {
		case err != nil:
			return err
		case found != nil && !found.Expired:
			return errAccountTaken(account.ID)
		case found != nil:
			if err := tx.DeleteAccount(ctx, account.ID); err != nil {
				return err
			}
		}
		tx.InsertAccount(account)
		tx.InsertAccessKey(key)
		return o.record(ctx, tx, account.ID, "CreateAccount", append(
			store.NewChanges(account.ID, "Name", account.Name), keyStatusChange(key.ID, "", key.Status))...)
	})
}

// withNewSecrets returns a key of a scenario with a new id and new secrets.
func withNewSecrets(k store.AccessKey, now time.Time) store.AccessKey {
	k.ID, k.Secret, k.CreatedAt = "LTAI"+rand.Text(), rand.Text(), now
	if k.SecurityToken != nil {
		k.ID, k.SecurityToken = "STS."+rand.Text(), new(rand.Text()+rand.Text())
	}
	return k
}

func newAccessKeyView(k store.AccessKey) NewAccessKey {
	shown := NewAccessKey{
		AccessKey: AccessKey{
			ID:        k.ID,
			AccountID: k.AccountID,
			Status:    k.Status,
			Temporary: k.SecurityToken != nil,
			ExpiresAt: k.ExpiresAt,
			CreatedAt: k.CreatedAt,
		},
		Secret: k.Secret,
	}
	if k.RAMUserName != nil {
		shown.RAMUser = *k.RAMUserName
	}
	if k.SecurityToken != nil {
		shown.SecurityToken = *k.SecurityToken
	}
	return shown
}

func (req CreateAccountRequest) validate() error {
	switch {
	case req.ID != "" && !accountIDPattern.MatchString(req.ID):
		return errInvalidAccountID(req.ID)
	case len(req.Name) > maxAccountNameLength || !utf8.ValidString(req.Name) ||
		strings.ContainsFunc(req.Name, unicode.IsControl):
		return invalidRequestf(
			"the name of an account is text of at most %d bytes, without line breaks",
			maxAccountNameLength,
		)
	case req.ExpiresIn != 0 && req.ExpiresIn < minAccountLifetime:
		return invalidRequestf(
			"an account lives for %v at least: give a duration such as 1h, or 0 for ever",
			minAccountLifetime,
		)
	}
	if err := req.AllQuotas().validate(); err != nil {
		return err
	}
	return validateRepeats(req.Repeats)
}

// AllQuotas returns the quotas of the request.
func (req CreateAccountRequest) AllQuotas() Quotas {
	return quotasOf(req.NetworkInterfacesPerRegion, req.Quotas)
}

func validateRepeats(repeats string) error {
	switch repeats {
	case "", store.RepeatsAccept, store.RepeatsRefuse:
		return nil
	}
	return invalidRequestf(
		"repeats is %s, %s, or empty for what the server says, got %q",
		store.RepeatsAccept,
		store.RepeatsRefuse,
		repeats,
	)
}

// ChangeAccount changes an account, and returns it. The change applies to requests on this server
// at once, and on others within a second.
func (o *Operator) ChangeAccount(ctx context.Context, id string, req ChangeAccountRequest) (Account, error) {
	if req.Repeats != nil {
		if err := validateRepeats(*req.Repeats); err != nil {
			return Account{}, err
		}
	}
	if req.Quotas != nil {
		if err := req.Quotas.validate(); err != nil {
			return Account{}, err
		}
	}
	var changed store.Account
	err := o.changeAccount(ctx, id, func(tx *store.Tx, account *store.Account) {
		if req.Repeats != nil {
			account.Repeats = *req.Repeats
			tx.SetRepeats(id, account.Repeats)
		}
		if req.Quotas != nil {
			req.Quotas.apply(account)
			tx.SetQuotas(*account)
		}
		changed = *account
	})
	if req.Quotas != nil {
		o.rulesChanged(ctx, id) // even if the outcome is unknown
	}
	if err != nil {
		return Account{}, err
	}
	return accountView(changed), nil
}

// changeAccount locks an account and runs change on it, which queues what it writes. This server
// follows the change at once.
func (o *Operator) changeAccount(ctx context.Context, id string, change func(*store.Tx, *store.Account)) error {
	if !accountIDPattern.MatchString(id) {
		return errInvalidAccountID(id)
	}
	now := o.service.Now()
	err := o.store.InTx(ctx, func(tx *store.Tx) error {
		account, err := tx.LockAccount(ctx, id, now)
		switch {
		case err != nil:
			return err
		case account == nil || account.Expired:
			return errNoAccount(id)
		}
		before := account.Account
		change(tx, &account.Account)
		return o.record(ctx, tx, id, "ChangeAccount", accountChanges(before, account.Account)...)
	})
	o.service.ForgetAccount(id) // even if the outcome is unknown
	return err
}

// Accounts lists the accounts.
func (o *Operator) Accounts(ctx context.Context) ([]Account, error) {
	now := o.service.Now()
	o.removeExpired(ctx, now)
	listed, err := o.store.ListAccounts(ctx, now)
	accounts := make([]Account, 0, len(listed))
	for _, a := range listed {
		accounts = append(accounts, accountView(a))
	}
	return accounts, err
}

// ResetAccount empties an account, or replaces its content by a scenario's, whose account may have
// any id. These stay: id, name, quota, lifetime, access keys and the RAM users that have keys. The
// keys of the scenario are ignored, so that a test can go on with the keys that it has.
func (o *Operator) ResetAccount(ctx context.Context, id string, file *ScenarioFile) error {
	if !accountIDPattern.MatchString(id) {
		return errInvalidAccountID(id)
	}
	now := o.service.Now()
	o.removeExpired(ctx, now)
	if file == nil {
		return o.withAccount(ctx, id, now, (*store.Tx).EmptyAccount,
			"ResetAccount", store.Change{Resource: id, Field: "Resources", To: "none"})
	}
	parse := func(limits scenario.Limits) (*scenario.Scenario, error) {
		return scenario.ParseFor(id, file.Name, file.Text, limits)
	}
	return o.withScenario(ctx, *file, parse, func(sc *scenario.Scenario, _ scenario.Limits) error {
		content := *sc.World()
		content.AccessKeys = nil
		if err := o.announceClocks(ctx, &content); err != nil {
			return err
		}
		_, err := world.Reset(ctx, o.store, &content, o.service.Now())
		o.service.ForgetAccount(id) // the permissions of its RAM users may have changed
		return explainWorldError(id, err)
	})
}

// DeleteAccount deletes an account with all that it has. Its keys are unknown at once on this
// replica, and within a second on every other.
func (o *Operator) DeleteAccount(ctx context.Context, id string) error {
	if !accountIDPattern.MatchString(id) {
		return errInvalidAccountID(id)
	}
	now := o.service.Now()
	o.removeExpired(ctx, now)
	err := o.withAccount(ctx, id, now, (*store.Tx).DeleteAccount,
		"DeleteAccount", store.Change{Resource: id, Field: "Status", To: store.Deleted})
	o.service.ForgetAccount(id) // even if the outcome is unknown
	return err
}

// withAccount locks an account, runs fn on it, and records that as the change of a command.
func (o *Operator) withAccount(
	ctx context.Context, id string, now time.Time, fn func(*store.Tx, context.Context, string) error,
	action string, change store.Change,
) error {
	return o.store.InTx(ctx, func(tx *store.Tx) error {
		account, err := tx.LockAccount(ctx, id, now)
		switch {
		case err != nil:
			return err
		case account == nil || account.Expired:
			return errNoAccount(id)
		}
		if err := fn(tx, ctx, id); err != nil {
			return err
		}
		return o.record(ctx, tx, id, action, change)
	})
}

// removeExpired deletes some of the expired accounts and interfaces, as much as is done quickly.
func (o *Operator) removeExpired(ctx context.Context, now time.Time) {
	o.store.SweepAccounts(ctx, now, accountsPerSweep, interfacesPerSweep)
}

func accountView(a store.Account) Account {
	return Account{
		ID:                         a.ID,
		Name:                       a.Name,
		NetworkInterfacesPerRegion: a.NetworkInterfacesPerRegion,
		Quotas:                     a.Quotas,
		CreatedAt:                  a.CreatedAt,
		ExpiresAt:                  a.ExpiresAt,
		Repeats:                    a.Repeats,
	}
}

// explainWorldError explains to an operator why a valid scenario cannot become an account's
// content.
func explainWorldError(id string, err error) error {
	switch {
	case errors.Is(err, world.ErrAccountTaken):
		return errAccountTaken(id)
	case errors.Is(err, world.ErrNoAccount):
		return errNoAccount(id)
	case errors.Is(err, world.ErrZoneElsewhere):
		return errZoneElsewhere(err)
	}
	return err
}

func errZoneElsewhere(err error) error {
	return invalidRequestf(
		"the scenario declares a zone that lies in another region already; "+
			"zones are everybody's, so give it another id (%v)",
		err,
	)
}

func errAccountTaken(id string) error {
	return invalidRequestf(
		"account %s exists: take another id, or none to have one drawn; "+
			"enisim account reset %[1]s empties it, and enisim account delete %[1]s removes it",
		id,
	)
}

func errInvalidAccountID(id string) error {
	return invalidRequestf("%q is not an account: give its 16 digits, such as 1000000000000001", id)
}
