package service

import (
	"strings"
	"testing"
)

// Names, descriptions and client tokens have the documented lengths and characters.
func TestNameAndTokenRules(t *testing.T) {
	t.Parallel()
	short := func(s string) bool { return isValidDescription(s, 2, 5) }
	for _, c := range []struct {
		name    string
		is      func(string) bool
		valid   []string
		invalid []string
	}{
		{"a name", isValidName,
			[]string{"ab", "名称", "É1", "web-1_a.b:c", "a" + strings.Repeat("名", 127)},
			[]string{
				"", "a", "1ab", "_ab", "a b", "a/b", "a;", "a\n", "http://ab", "https://ab",
				"a" + strings.Repeat("名", 128),
			}},
		{"a VPC's name", isValidVPCName,
			[]string{"1", "a b/c", "my http://", "http", strings.Repeat("名", 128)},
			[]string{"", "http://", "https://a", strings.Repeat("名", 129)}},
		{"a description", short, []string{"ab", "名名名名名", "1 /;"}, []string{"", "a", "abcdef"}},
		{"a long description", func(s string) bool { return isValidDescription(s, 1, 256) },
			[]string{"a", "see http://x"}, []string{"", "http://x", "https://x"}},
		{"a client token", isValidClientToken,
			[]string{"a", "0c593ea1-3bea-11e9-b96b-88e9fe637760", strings.Repeat("~", 64)},
			[]string{"", strings.Repeat("~", 65), "token-é"}},
	} {
		for _, s := range c.valid {
			if !c.is(s) {
				t.Errorf("%s: got %q refused, want it accepted", c.name, s)
			}
		}
		for _, s := range c.invalid {
			if c.is(s) {
				t.Errorf("%s: got %q accepted, want it refused", c.name, s)
			}
		}
	}
}
