package service

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unsafe"

	"enisim/store"
	"enisim/store/storetest"
)

// isPartOf reports whether a string lies in the memory of another one, which then stays in memory as long as the string does.
func isPartOf(part, whole string) bool {
	first, begin := uintptr(unsafe.Pointer(unsafe.StringData(part))), uintptr(unsafe.Pointer(unsafe.StringData(whole)))
	return first >= begin && first < begin+uintptr(len(whole))
}

// serviceWithKey returns a service on a database of its own, and the id of an access key of an account.
func serviceWithKey(t *testing.T) (s *Service, key string) {
	t.Helper()
	pool := storetest.Pool(t)
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO accounts (id, created_at) VALUES ('1000000000000001', '2026-11-22');
		INSERT INTO access_keys (id, account_id, secret, created_at)
		VALUES ('LTAIkey', '1000000000000001', 'secret', '2026-11-22')`); err != nil {
		t.Fatal(err)
	}
	return New(store.New(pool, slog.New(slog.DiscardHandler)), Options{}), "LTAIkey"
}

// A key's id and a region come as parts of a body that may be large. What the server remembers of a request is not a part of it, or the
// body would stay in memory.
func TestCachesKeepNoPartOfARequest(t *testing.T) {
	t.Parallel()
	s, key := serviceWithKey(t)
	body := "AccessKeyId=" + key + "&Unknown=LTAInobody&RegionId=cn-hangzhou&Padding=" + strings.Repeat("x", 1000)
	part := func(text string) string {
		before, _, _ := strings.Cut(body, text)
		return body[len(before):][:len(text)]
	}

	caller, err := s.Identify(t.Context(), part(key))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Identify(t.Context(), part("LTAInobody")); !errors.Is(err, InvalidAccessKeyIDNotFound) {
		t.Fatalf("an unknown key: got %v, want %v", err, InvalidAccessKeyIDNotFound)
	}
	if err := s.admit(t.Context(), caller.Caller, admissionRules, "ecs:DescribeInstances",
		part("cn-hangzhou")); err != nil {
		t.Fatal(err)
	}

	remembered := append(s.identities.Keys(), s.unknownKeys.Keys()...)
	s.regions.Range(func(region, _ any) bool {
		remembered = append(remembered, region.(string))
		return true
	})
	if len(remembered) != 3 {
		t.Fatalf("got %q remembered, want the key, the unknown key and the region", remembered)
	}
	for _, text := range remembered {
		if isPartOf(text, body) {
			t.Errorf("%q is remembered as a part of the request", text)
		}
	}
	if !isPartOf(part(key), body) {
		t.Error("the test does not see a part of a string as one")
	}
}

// A flood of unknown keys is remembered only so far, and displaces none of those that exist.
func TestUnknownKeysAreForgotten(t *testing.T) {
	t.Parallel()
	s, key := serviceWithKey(t)
	if _, err := s.Identify(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	for i := range unknownCacheSize + 200 {
		if _, err := s.Identify(t.Context(), fmt.Sprint("LTAInobody", i)); !errors.Is(err, InvalidAccessKeyIDNotFound) {
			t.Fatalf("got %v, want %v", err, InvalidAccessKeyIDNotFound)
		}
	}
	if got := s.unknownKeys.Len(); got > unknownCacheSize {
		t.Errorf("%d unknown keys are remembered, want %d at most", got, unknownCacheSize)
	}
	if got := s.identities.Keys(); len(got) != 1 || got[0] != key {
		t.Errorf("beside unknown keys, %q are remembered, want the one that exists", got)
	}
}

// Nobody is asked about an id that no key can have: the answer comes without a database.
func TestImpossibleKeysAreRefusedWithoutALookup(t *testing.T) {
	t.Parallel()
	s, _ := serviceWithKey(t)
	s.store.Close()
	for _, id := range []string{
		"", "LTAI no", "LTAI\x00", "\xff", "LTAI'--", "密钥", strings.Repeat("k", 129), strings.Repeat("k", 1<<20),
	} {
		if _, err := s.Identify(t.Context(), id); !errors.Is(err, InvalidAccessKeyIDNotFound) {
			t.Errorf("%.20q of %d bytes: got %v, want %v", id, len(id), err, InvalidAccessKeyIDNotFound)
		}
	}
	if err := s.admit(t.Context(), Caller{}, admissionRules, "ecs:DescribeInstances",
		"cn "+strings.Repeat("r", 1<<20)); !errors.Is(err, InvalidRegionIDNotFound) {
		t.Errorf("an impossible region: got %v, want %v", err, InvalidRegionIDNotFound)
	}
	if _, err := s.Identify(t.Context(), strings.Repeat("k", 128)); errors.Is(err, InvalidAccessKeyIDNotFound) {
		t.Error("the longest possible id: the database was not asked, so the test shows nothing")
	}
}
