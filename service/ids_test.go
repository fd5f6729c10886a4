package service

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"

	"enisim.alt/store/catalogue"
)

// An id has the prefix of its kind, the mark of its region, and the documented length, and is new
// each time.
func TestIDsHaveTheDocumentedForm(t *testing.T) {
	t.Parallel()
	s := New(nil, Options{})
	for _, c := range []struct{ prefix, region, want string }{
		{"i-", "cn-hangzhou", `^i-bp1[0-9a-z]{17}$`},
		{"eni-", "cn-beijing", `^eni-2ze[0-9a-z]{17}$`},
		{"sg-", "cn-shanghai", `^sg-uf6[0-9a-z]{17}$`},
		{"sgr-", "cn-shenzhen", `^sgr-wz9[0-9a-z]{17}$`},
		{"d-", "cn-qingdao", `^d-m5e[0-9a-z]{17}$`},
		{"vpc-", "cn-hongkong", `^vpc-j6c[0-9a-z]{18}$`},
		{"vsw-", "ap-southeast-1", `^vsw-t4n[0-9a-z]{18}$`},
		{"vtb-", "eu-central-1", `^vtb-` + regionMark("eu-central-1") + `[0-9a-z]{18}$`},
	} {
		if got := s.newID(c.prefix, c.region); !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("%s in %s: got %s, want %s", c.prefix, c.region, got, c.want)
		}
	}
	if a, b := s.newID("eni-", "cn-hangzhou"), s.newID("eni-", "cn-hangzhou"); a == b {
		t.Errorf("two ids: got %s twice, want different ones", a)
	}
}

// The mark of a region is part of stored ids, so it never changes. No two regions have the same
// mark.
func TestRegionMark(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"cn-hangzhou": "bp1", "eu-central-1": "7g9", "us-west-1": "9zf", "cn-chengdu": "i6a",
	} {
		if got := regionMark(region); got != want {
			t.Errorf("%s: got %s, want %s", region, got, want)
		}
	}
	seen := map[string]string{}
	for _, r := range catalogue.Regions() {
		mark := regionMark(r.ID)
		if seen[mark] != "" {
			t.Errorf("%s and %s: got the same mark %s, want different ones", r.ID, seen[mark], mark)
		}
		seen[mark] = r.ID
	}
}

// A MAC address has the prefix of the vendor and random bytes.
func TestMACAddressesHaveThePrefixOfTheVendor(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^00:16:3e(:[0-9a-f]{2}){3}$`)
	s := New(nil, Options{Random: strings.NewReader("\x00\xab\x0f")})
	if got, want := s.newMAC(), "00:16:3e:00:ab:0f"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := New(nil, Options{}).newMAC(); !form.MatchString(got) {
		t.Errorf("got %s, want %s", got, form)
	}
}

// The same random source gives the same ids. Bytes that would make some characters more frequent
// are skipped.
func TestIDsFromTheSameSourceAreTheSame(t *testing.T) {
	t.Parallel()
	id := func() string {
		return New(nil, Options{Random: rand.NewChaCha8([32]byte{})}).newID("eni-", "cn-hangzhou")
	}
	if a, b := id(), id(); a != b {
		t.Errorf("got %s and %s, want the same", a, b)
	}
	s := New(nil, Options{Random: strings.NewReader("\xff\xfc" + strings.Repeat("\x00\x23\x24\xfb", 5))})
	if got, want := s.newID("eni-", "cn-hangzhou"), "eni-bp1"+strings.Repeat("0z0z", 4)+"0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A random source may not be safe for concurrent use, so it is read under a lock.
func TestRandomSourceIsReadUnderALock(t *testing.T) {
	t.Parallel()
	s := New(nil, Options{Random: &countingReader{}})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				s.randomBytes(4)
			}
		})
	}
	wg.Wait()
	if got := s.random.(*lockedReader).r.(*countingReader).read; got != 32000 {
		t.Errorf("read: got %d bytes, want 32000", got)
	}
}

// countingReader counts the bytes that are read. Concurrent reads are a data race.
type countingReader struct{ read int }

func (r *countingReader) Read(p []byte) (int, error) {
	r.read += len(p)
	return len(p), nil
}
