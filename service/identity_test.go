package service

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unsafe"

	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// isPartOf reports whether a string shares the memory of another one, which then stays in memory as
// long as the string does.
func isPartOf(part, whole string) bool {
	first, begin := uintptr(unsafe.Pointer(unsafe.StringData(part))), uintptr(unsafe.Pointer(unsafe.StringData(whole)))
	return first >= begin && first < begin+uintptr(len(whole))
}

// serviceWithKey returns a service on a database of its own, and the id of an access key of an
// account.
func serviceWithKey(t *testing.T) (s *Service, key string) {
	t.Helper()
	return serviceWithKeyOn(t, storetest.Pool(t))
}

func serviceWithKeyOn(t *testing.T, pool *pgxpool.Pool) (s *Service, key string) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO accounts (id, created_at) VALUES ('1000000000000001', '2026-11-22');
		INSERT INTO access_keys (id, account_id, secret, created_at)
		VALUES ('LTAIkey', '1000000000000001', 'secret', '2026-11-22')`); err != nil {
		t.Fatal(err)
	}
	return New(store.New(pool, slog.New(slog.DiscardHandler)), Options{}), "LTAIkey"
}

// The id of a key and the region of a request are substrings of its body, which may be large. The
// caches store copies, or they would keep the body in memory.
func TestCachesCopyStringsOfARequest(t *testing.T) {
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

	cached := append(s.identities.Keys(), s.unknownKeys.Keys()...)
	s.regions.Range(func(region, _ any) bool {
		cached = append(cached, region.(string))
		return true
	})
	if len(cached) != 3 {
		t.Fatalf("cached: got %q, want the key, the unknown key and the region", cached)
	}
	for _, text := range cached {
		if isPartOf(text, body) {
			t.Errorf("%q: got a part of the body, want a copy", text)
		}
	}
	if !isPartOf(part(key), body) {
		t.Error("isPartOf a part of the body: got false, want true")
	}
}

// The cache of unknown keys has a limit, and unknown keys do not displace known ones.
func TestCacheOfUnknownKeysHasALimit(t *testing.T) {
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
		t.Errorf("cached unknown keys: got %d, want at most %d", got, unknownCacheSize)
	}
	if got := s.identities.Keys(); len(got) != 1 || got[0] != key {
		t.Errorf("cached keys: got %q, want %q", got, key)
	}
}

// An id that no key can have is refused without a query.
func TestImpossibleKeysAreRefusedWithoutAQuery(t *testing.T) {
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
		t.Error("the longest possible id: got an answer without the database, so this test shows nothing")
	}
}
