package service

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim/store"
	"enisim/store/storetest"
)

const keysAccount = "1000000000000001"

// twoReplicas are two services on one database with an account and its RAM user ci. The clock of the first stands where the pointer says.
func twoReplicas(t *testing.T) (here, there *Service, now *time.Time) {
	t.Helper()
	pool := storetest.Pool(t)
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO accounts (id, created_at) VALUES ('1000000000000001', '2026-11-22'), ('1000000000000002', '2026-11-22');
		INSERT INTO ram_users (account_id, name, allow) VALUES ('1000000000000001', 'ci', '{ecs:Describe*}')`); err != nil {
		t.Fatal(err)
	}
	here, now = clockedService(t, pool)
	return here, New(here.store, Options{}), now
}

// clockedService is a service on a database, whose clock stands where the pointer says.
func clockedService(t *testing.T, pool *pgxpool.Pool) (s *Service, now *time.Time) {
	t.Helper()
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	return New(store.New(pool, slog.New(slog.DiscardHandler)), Options{Now: func() time.Time { return at }}), &at
}

func mustCreateKey(t *testing.T, s *Service, req CreateAccessKey) NewAccessKey {
	t.Helper()
	key, err := s.CreateAccessKey(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestCreateAccessKey(t *testing.T) {
	t.Parallel()
	s, _, now := twoReplicas(t)
	for _, c := range []struct {
		name   string
		req    CreateAccessKey
		prefix string
		allow  []string
	}{
		{"of the account", CreateAccessKey{AccountID: keysAccount}, "LTAI", []string{}},
		{"of a RAM user", CreateAccessKey{AccountID: keysAccount, RAMUser: "ci"}, "LTAI", []string{"ecs:Describe*"}},
		{"that expires", CreateAccessKey{AccountID: keysAccount, ExpiresIn: time.Hour}, "LTAI", []string{}},
		{"temporary", CreateAccessKey{AccountID: keysAccount, RAMUser: "ci", Temporary: true, ExpiresIn: time.Hour}, "STS.", []string{"ecs:Describe*"}},
	} {
		key := mustCreateKey(t, s, c.req)
		if !strings.HasPrefix(key.ID, c.prefix) || len(key.Secret) < 20 || (key.SecurityToken != "") != c.req.Temporary {
			t.Errorf("a key %s: got %+v, want an id that begins with %s, a secret, and a token if it is temporary", c.name, key, c.prefix)
		}
		identity, err := s.Identify(t.Context(), key.ID)
		if err != nil {
			t.Errorf("a key %s: got %v, want it known", c.name, err)
			continue
		}
		want := Caller{AccountID: keysAccount, RAMUser: c.req.RAMUser, Allow: c.allow}
		if !reflect.DeepEqual(identity.Caller, want) || identity.Secret != key.Secret {
			t.Errorf("a key %s stands for %+v with secret %q, want %+v with %q", c.name, identity.Caller, identity.Secret, want, key.Secret)
		}
		if err := identity.CheckSecurityToken(key.SecurityToken); err != nil {
			t.Errorf("a key %s with the token that it came with: got %v, want no error", c.name, err)
		}

		*now = now.Add(time.Hour)
		identity, err = s.Identify(t.Context(), key.ID)
		if err != nil || identity.Expired != (c.req.ExpiresIn > 0) {
			t.Errorf("a key %s an hour later: got expired %v, %v; want %v", c.name, identity.Expired, err, c.req.ExpiresIn > 0)
		}
	}
}

func TestCreatedKeysDiffer(t *testing.T) {
	t.Parallel()
	s, _, _ := twoReplicas(t)
	seen := map[string]bool{}
	for range 20 {
		key := mustCreateKey(t, s, CreateAccessKey{AccountID: keysAccount, Temporary: true, ExpiresIn: time.Hour})
		for _, random := range []string{key.ID, key.Secret, key.SecurityToken} {
			if seen[random] {
				t.Errorf("%q was given out twice", random)
			}
			seen[random] = true
		}
	}
}

func TestAccessKeysAreListedWithoutSecrets(t *testing.T) {
	t.Parallel()
	s, _, now := twoReplicas(t)
	lasting := mustCreateKey(t, s, CreateAccessKey{AccountID: "1000000000000002"})
	temporary := mustCreateKey(t, s, CreateAccessKey{AccountID: keysAccount, RAMUser: "ci", Temporary: true, ExpiresIn: time.Hour})
	expires := now.Add(time.Hour)
	for _, c := range []struct {
		account string
		want    []AccessKey
	}{
		{"", []AccessKey{
			{ID: temporary.ID, AccountID: keysAccount, RAMUser: "ci", Status: "Active", Temporary: true, ExpiresAt: &expires, CreatedAt: *now},
			{ID: lasting.ID, AccountID: "1000000000000002", Status: "Active", CreatedAt: *now},
		}},
		{"1000000000000002", []AccessKey{{ID: lasting.ID, AccountID: "1000000000000002", Status: "Active", CreatedAt: *now}}},
		{"1000000000000009", []AccessKey{}},
	} {
		got, err := s.AccessKeys(t.Context(), c.account)
		for i := range got { // a time of the database differs in what says UTC
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

// What an operator gets wrong is told so that the next try is right, and writes nothing.
func TestKeyRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	s, _, _ := twoReplicas(t)
	create := func(req CreateAccessKey) func(context.Context) error {
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
		{"no account", create(CreateAccessKey{}), false, "16 digits"},
		{"no digits", create(CreateAccessKey{AccountID: "me\x00"}), false, "16 digits"},
		{"an unknown account", create(CreateAccessKey{AccountID: "1000000000000009"}), true, "enisim scenario apply"},
		{"an unknown account's user", create(CreateAccessKey{AccountID: "1000000000000009", RAMUser: "ci"}), true, "enisim scenario apply"},
		{"an unknown user", create(CreateAccessKey{AccountID: keysAccount, RAMUser: "cd"}), true, `no RAM user "cd"`},
		{"another account's user", create(CreateAccessKey{AccountID: "1000000000000002", RAMUser: "ci"}), true, `no RAM user "ci"`},
		{"a user that cannot be", create(CreateAccessKey{AccountID: keysAccount, RAMUser: "c\x00"}), true, "ram_users"},
		{"an expiry in the past", create(CreateAccessKey{AccountID: keysAccount, ExpiresIn: -time.Second}), false, "such as 1h"},
		{"a temporary key for ever", create(CreateAccessKey{AccountID: keysAccount, Temporary: true}), false, "such as 1h"},
		{"disable an unknown key", disable("LTAInobody"), true, "enisim key list"},
		{"disable a key that cannot be", disable("LTAI\x00"), true, "enisim key list"},
		{"delete an unknown key", func(ctx context.Context) error { return s.DeleteAccessKey(ctx, "LTAInobody") }, true, "enisim key list"},
		{"list what is no account", func(ctx context.Context) error { _, err := s.AccessKeys(ctx, "\x00"); return err }, false, "16 digits"},
	} {
		var operator *OperatorError
		if err := c.do(t.Context()); !errors.As(err, &operator) || operator.Missing != c.missing || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an operator's error, missing: %v, that says %q", c.name, err, c.missing, c.says)
		}
	}
	if left, err := s.AccessKeys(t.Context(), ""); err != nil || len(left) != 0 {
		t.Errorf("afterwards: got %+v, %v; want no keys", left, err)
	}
}

// What one replica changes counts within two seconds on another one, also when that one has just asked and remembers the answer.
func TestAKeyChangeCountsOnEveryReplica(t *testing.T) {
	t.Parallel()
	here, there, _ := twoReplicas(t)
	key := mustCreateKey(t, here, CreateAccessKey{AccountID: keysAccount})
	answers := func(want error) func(error) bool { return func(got error) bool { return errors.Is(got, want) } }
	for _, change := range []struct {
		name   string
		do     func() error
		before func(error) bool
		after  func(error) bool
	}{
		{
			"disabled", func() error { _, err := here.DisableAccessKey(t.Context(), key.ID); return err },
			answers(nil), answers(InvalidAccessKeyIDInactive),
		},
		{
			"deleted", func() error { return here.DeleteAccessKey(t.Context(), key.ID) },
			answers(InvalidAccessKeyIDInactive), answers(InvalidAccessKeyIDNotFound),
		},
	} {
		for _, replica := range []*Service{here, there} {
			if _, err := replica.Identify(t.Context(), key.ID); !change.before(err) {
				t.Fatalf("before the key is %s: got %v", change.name, err)
			}
		}
		if err := change.do(); err != nil {
			t.Fatal(err)
		}
		changed := time.Now()
		if _, err := here.Identify(t.Context(), key.ID); !change.after(err) {
			t.Errorf("where the key was %s: got %v at once, want the change to count", change.name, err)
		}
		if ok, last := identifyUntil(t, there, key.ID, change.after, changed.Add(2*time.Second)); !ok {
			t.Errorf("2 s after the key was %s elsewhere: still got %v", change.name, last)
		}
	}
}

// identifyUntil asks for a key until the answer is as wanted, and returns the last one. Each try asks the database something else first, which
// sets the pace.
func identifyUntil(t *testing.T, s *Service, id string, wanted func(error) bool, deadline time.Time) (ok bool, last error) {
	t.Helper()
	for {
		if err := s.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := s.Identify(t.Context(), id)
		if wanted(err) || time.Now().After(deadline) {
			return wanted(err), err
		}
	}
}

// A scenario's word counts: a temporary key that it names becomes one of its own kind.
func TestAScenarioTakesOverATemporaryKey(t *testing.T) {
	t.Parallel()
	s, there, _ := twoReplicas(t)
	key := mustCreateKey(t, s, CreateAccessKey{AccountID: keysAccount, Temporary: true, ExpiresIn: time.Hour})
	w := &store.World{
		Accounts:   []store.Account{{ID: keysAccount}},
		AccessKeys: []store.AccessKey{{ID: key.ID, AccountID: keysAccount, Secret: "another", Status: "Active"}},
	}
	if _, err := s.store.ApplyWorld(t.Context(), w, s.now()); err != nil {
		t.Fatal(err)
	}
	identity, err := there.Identify(t.Context(), key.ID)
	if err != nil || identity.Secret != "another" || identity.CheckSecurityToken("") != nil {
		t.Errorf("got %+v, %v; want the scenario's secret, and no token needed", identity, err)
	}
}
