package operator

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/service"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
	"enisim.alt/store/world"
)

const keysAccount = "1000000000000001"

// twoReplicas returns two operators on one database, with an account and its RAM user ci. The clock
// of the first operator shows the time at the pointer.
func twoReplicas(t *testing.T) (here, there *Operator, now *time.Time) {
	t.Helper()
	pool := storetest.Pool(t)
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO accounts (id, created_at)
		VALUES ('1000000000000001', '2026-11-22'), ('1000000000000002', '2026-11-22');
		INSERT INTO ram_users (account_id, name, allow)
		VALUES ('1000000000000001', 'ci', '{ecs:Describe*}')`); err != nil {
		t.Fatal(err)
	}
	here, now = clockedOperator(t, pool)
	return here, newOperator(here.store, service.Options{}), now
}

// newOperator returns the operator of a service on a database.
func newOperator(st *store.Store, options service.Options) *Operator {
	return New(service.New(st, options))
}

// clockedOperator returns an operator whose clock shows the time at the pointer.
func clockedOperator(t *testing.T, pool *pgxpool.Pool) (s *Operator, now *time.Time) {
	t.Helper()
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	return newOperator(store.New(pool, slog.New(slog.DiscardHandler)),
		service.Options{Now: func() time.Time { return at }}), &at
}

func mustCreateKey(t *testing.T, s *Operator, req CreateAccessKeyRequest) NewAccessKey {
	t.Helper()
	key, err := s.CreateAccessKey(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A created key identifies its account or RAM user, with the secret and the token that the operator
// got. A temporary key expires.
func TestACreatedKeyIdentifiesItsAccount(t *testing.T) {
	t.Parallel()
	s, _, now := twoReplicas(t)
	for _, c := range []struct {
		name   string
		req    CreateAccessKeyRequest
		prefix string
		allow  []string
	}{
		{"of the account", CreateAccessKeyRequest{AccountID: keysAccount}, "LTAI", []string{}},
		{
			"of a RAM user", CreateAccessKeyRequest{AccountID: keysAccount, RAMUser: "ci"}, "LTAI",
			[]string{"ecs:Describe*"},
		},
		{"that expires", CreateAccessKeyRequest{AccountID: keysAccount, ExpiresIn: time.Hour}, "LTAI", []string{}},
		{
			"temporary",
			CreateAccessKeyRequest{AccountID: keysAccount, RAMUser: "ci", Temporary: true, ExpiresIn: time.Hour},
			"STS.", []string{"ecs:Describe*"},
		},
	} {
		key := mustCreateKey(t, s, c.req)
		if !strings.HasPrefix(key.ID, c.prefix) || len(key.Secret) < 20 ||
			(key.SecurityToken != "") != c.req.Temporary {
			t.Errorf("a key %s: got %+v, want an id with prefix %s, a secret, and a token if it is temporary",
				c.name, key, c.prefix)
		}
		identity, err := s.service.Identify(t.Context(), key.ID)
		if err != nil {
			t.Errorf("a key %s: got %v, want no error", c.name, err)
			continue
		}
		want := service.Caller{AccessKeyID: key.ID, AccountID: keysAccount, RAMUser: c.req.RAMUser, Allow: c.allow}
		if !reflect.DeepEqual(identity.Caller, want) || identity.Secret != key.Secret {
			t.Errorf("a key %s: got the identity %+v with secret %q, want %+v with %q",
				c.name, identity.Caller, identity.Secret, want, key.Secret)
		}
		if err := identity.CheckSecurityToken(key.SecurityToken); err != nil {
			t.Errorf("a key %s with its own token: got %v, want no error", c.name, err)
		}

		*now = now.Add(time.Hour)
		identity, err = s.service.Identify(t.Context(), key.ID)
		if err != nil || identity.Expired != (c.req.ExpiresIn > 0) {
			t.Errorf("a key %s an hour later: got expired %t, error %v, want expired %t",
				c.name, identity.Expired, err, c.req.ExpiresIn > 0)
		}
	}
}

// Ids, secrets and tokens of created keys are different.
func TestCreatedKeysDiffer(t *testing.T) {
	t.Parallel()
	s, _, _ := twoReplicas(t)
	seen := map[string]bool{}
	for range 20 {
		key := mustCreateKey(t, s, CreateAccessKeyRequest{
			AccountID: keysAccount, Temporary: true, ExpiresIn: time.Hour,
		})
		for _, random := range []string{key.ID, key.Secret, key.SecurityToken} {
			if seen[random] {
				t.Errorf("%q: got it twice, want different ones", random)
			}
			seen[random] = true
		}
	}
}

// The list of keys has everything but the secrets.
func TestAccessKeysAreListedWithoutSecrets(t *testing.T) {
	t.Parallel()
	s, _, now := twoReplicas(t)
	lasting := mustCreateKey(t, s, CreateAccessKeyRequest{AccountID: "1000000000000002"})
	temporary := mustCreateKey(t, s, CreateAccessKeyRequest{
		AccountID: keysAccount, RAMUser: "ci", Temporary: true, ExpiresIn: time.Hour,
	})
	expires := now.Add(time.Hour)
	for _, c := range []struct {
		account string
		want    []AccessKey
	}{
		{"", []AccessKey{
			{
				ID: temporary.ID, AccountID: keysAccount, RAMUser: "ci", Status: "Active", Temporary: true,
				ExpiresAt: &expires, CreatedAt: *now,
			},
			{ID: lasting.ID, AccountID: "1000000000000002", Status: "Active", CreatedAt: *now},
		}},
		{"1000000000000002", []AccessKey{{
			ID: lasting.ID, AccountID: "1000000000000002", Status: "Active", CreatedAt: *now,
		}}},
		{"1000000000000009", []AccessKey{}},
	} {
		got, err := s.AccessKeys(t.Context(), c.account)
		for i := range got { // times of the database have another location than UTC
			got[i].CreatedAt = got[i].CreatedAt.UTC()
			if got[i].ExpiresAt != nil {
				at := got[i].ExpiresAt.UTC()
				got[i].ExpiresAt = &at
			}
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("keys of %q: got %+v, %v; want %+v", c.account, got, err, c.want)
		}
	}
}

// A wrong request is refused with a message about the correct one, and writes nothing.
func TestRefusedKeyRequestsWriteNothing(t *testing.T) {
	t.Parallel()
	s, _, _ := twoReplicas(t)
	create := func(req CreateAccessKeyRequest) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := s.CreateAccessKey(ctx, req)
			return err
		}
	}
	disable := func(id string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := s.DisableAccessKey(ctx, id)
			return err
		}
	}
	for _, c := range []struct {
		name    string
		do      func(context.Context) error
		missing bool
		says    string
	}{
		{"no account", create(CreateAccessKeyRequest{}), false, "16 digits"},
		{"no digits", create(CreateAccessKeyRequest{AccountID: "me\x00"}), false, "16 digits"},
		{
			"an unknown account", create(CreateAccessKeyRequest{AccountID: "1000000000000009"}), true,
			"enisim scenario apply",
		},
		{
			"a user of an unknown account", create(CreateAccessKeyRequest{
				AccountID: "1000000000000009", RAMUser: "ci",
			}),
			true, "enisim scenario apply",
		},
		{
			"an unknown user", create(CreateAccessKeyRequest{AccountID: keysAccount, RAMUser: "cd"}), true,
			`no RAM user "cd"`,
		},
		{
			"a user of another account", create(CreateAccessKeyRequest{AccountID: "1000000000000002", RAMUser: "ci"}),
			true, `no RAM user "ci"`,
		},
		{
			"an impossible user", create(CreateAccessKeyRequest{AccountID: keysAccount, RAMUser: "c\x00"}),
			true, "ram_users",
		},
		{
			"an expiry in the past", create(CreateAccessKeyRequest{AccountID: keysAccount, ExpiresIn: -time.Second}),
			false, "such as 1h",
		},
		{
			"a temporary key without an expiry", create(CreateAccessKeyRequest{
				AccountID: keysAccount, Temporary: true,
			}),
			false, "such as 1h",
		},
		{"disable an unknown key", disable("LTAInobody"), true, "enisim key list"},
		{"disable an impossible key", disable("LTAI\x00"), true, "enisim key list"},
		{
			"delete an unknown key", func(ctx context.Context) error { return s.DeleteAccessKey(ctx, "LTAInobody") },
			true, "enisim key list",
		},
		{
			"list the keys of an impossible account",
			func(ctx context.Context) error { _, err := s.AccessKeys(ctx, "\x00"); return err }, false, "16 digits",
		},
	} {
		var operator *Error
		if err := c.do(t.Context()); !errors.As(err, &operator) || operator.Missing != c.missing ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an operator error, missing: %t, with %q", c.name, err, c.missing, c.says)
		}
	}
	if left, err := s.AccessKeys(t.Context(), ""); err != nil || len(left) != 0 {
		t.Errorf("afterwards: got %+v, %v; want no keys", left, err)
	}
}

// A change of a key by one replica counts within two seconds on another one, although that one has
// just cached the key.
func TestAKeyChangeCountsOnEveryReplica(t *testing.T) {
	t.Parallel()
	here, there, _ := twoReplicas(t)
	key := mustCreateKey(t, here, CreateAccessKeyRequest{AccountID: keysAccount})
	answers := func(want error) func(error) bool { return func(got error) bool { return errors.Is(got, want) } }
	for _, change := range []struct {
		name   string
		do     func() error
		before func(error) bool
		after  func(error) bool
	}{
		{
			"disabled", func() error { _, err := here.DisableAccessKey(t.Context(), key.ID); return err },
			answers(nil), answers(service.InvalidAccessKeyIDInactive),
		},
		{
			"deleted", func() error { return here.DeleteAccessKey(t.Context(), key.ID) },
			answers(service.InvalidAccessKeyIDInactive), answers(service.InvalidAccessKeyIDNotFound),
		},
	} {
		for _, replica := range []*Operator{here, there} {
			if _, err := replica.service.Identify(t.Context(), key.ID); !change.before(err) {
				t.Fatalf("before the key is %s: got %v, want another answer", change.name, err)
			}
		}
		if err := change.do(); err != nil {
			t.Fatal(err)
		}
		changed := time.Now()
		if _, err := here.service.Identify(t.Context(), key.ID); !change.after(err) {
			t.Errorf("replica where the key was %s: got %v, want the change to count at once", change.name, err)
		}
		if ok, last := identifyUntil(t, there, key.ID, change.after, changed.Add(2*time.Second)); !ok {
			t.Errorf("other replica, 2 s after the key was %s: got %v, want the change to count", change.name, last)
		}
	}
}

// identifyUntil identifies a key until the answer is as wanted, and returns the last answer. A
// query to the database sets the pace of the tries.
func identifyUntil(t *testing.T, s *Operator, id string, wanted func(error) bool,
	deadline time.Time) (ok bool, last error) {
	t.Helper()
	for {
		if _, err := s.service.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := s.service.Identify(t.Context(), id)
		if wanted(err) || time.Now().After(deadline) {
			return wanted(err), err
		}
	}
}

// If a scenario names a temporary key, the key becomes an ordinary one with the secret of the
// scenario.
func TestAScenarioReplacesATemporaryKey(t *testing.T) {
	t.Parallel()
	s, there, _ := twoReplicas(t)
	key := mustCreateKey(t, s, CreateAccessKeyRequest{AccountID: keysAccount, Temporary: true, ExpiresIn: time.Hour})
	w := &world.World{
		Accounts:   []store.Account{{ID: keysAccount}},
		AccessKeys: []store.AccessKey{{ID: key.ID, AccountID: keysAccount, Secret: "another", Status: "Active"}},
	}
	if _, err := world.Apply(t.Context(), s.store, w, s.service.Now()); err != nil {
		t.Fatal(err)
	}
	identity, err := there.service.Identify(t.Context(), key.ID)
	if err != nil || identity.Secret != "another" || identity.CheckSecurityToken("") != nil {
		t.Errorf("got %+v, %v; want the secret of the scenario, and no token", identity, err)
	}
}
