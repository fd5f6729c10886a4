package operator

import (
	"errors"
	"testing"
	"time"

	"enisim.alt/service"
	"enisim.alt/store/storetest"
)

// The keys of an account end with it, at once: also while they are cached, and before its rows are
// deleted.
func TestKeysEndWithTheirAccount(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s, now := clockedOperator(t, pool)
	ends := now.Add(time.Hour)
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO accounts (id, created_at, expires_at)
		VALUES ('1000000000000001', '2026-01-01', $1), ('1000000000000002', '2026-01-01', NULL)`, ends); err != nil {
		t.Fatal(err)
	}
	permanent := mustCreateKey(t, s, CreateAccessKeyRequest{AccountID: keysAccount})
	temporary := mustCreateKey(t, s, CreateAccessKeyRequest{
		AccountID: keysAccount, Temporary: true, ExpiresIn: 24 * time.Hour,
	})
	other := mustCreateKey(t, s, CreateAccessKeyRequest{AccountID: "1000000000000002"})
	check := func(when string, want error, keys int) {
		t.Helper()
		for _, key := range []NewAccessKey{permanent, temporary, other} {
			want := want
			if key.ID == other.ID {
				want = nil
			}
			identity, err := s.service.Identify(t.Context(), key.ID)
			if err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			if err := identity.CheckSecurityToken(key.SecurityToken); err != nil {
				t.Errorf("%s, the token of a key that has not expired: got %v, want no error", when, err)
			}
			if _, err := service.DescribeInstances.Do(t.Context(), s.service, identity.Caller,
				service.DescribeInstancesRequest{RegionID: "cn-hangzhou"}); !errors.Is(err, want) {
				t.Errorf("%s, a request of account %s: got %v, want %v", when, key.AccountID, err, want)
			}
		}
		list, err := s.AccessKeys(t.Context(), "")
		if err != nil || len(list) != keys {
			t.Errorf("%s: got %d keys in the list, %v; want %d", when, len(list), err, keys)
		}
	}
	*now = ends.Add(-time.Microsecond)
	check("just before its end", nil, 3)
	if first, n, err := s.store.FirstAccessKey(t.Context(), *now); err != nil || first != permanent.ID || n != 2 {
		t.Errorf("before its end: got %q as the first key, %v; want %q", first, err, permanent.ID)
	}
	*now = ends
	check("at its end", service.AbsInvalidAccountNotFound, 1)
	if first, n, err := s.store.FirstAccessKey(t.Context(), *now); err != nil || first != other.ID || n != 1 {
		t.Errorf("at its end: got %q as the first key, %v; want %q of the other account", first, err, other.ID)
	}
	var operator *Error
	_, err := s.CreateAccessKey(t.Context(), CreateAccessKeyRequest{AccountID: keysAccount})
	if !errors.As(err, &operator) || !operator.Missing {
		t.Errorf("a new key of the expired account: got %v, want an operator error about a missing account", err)
	}
}
