// Package signature computes and checks the signatures that requests of the RPC protocol carry: V1 (HMAC-SHA1 over the parameters) and V3
// (ACS3-HMAC-SHA256 over headers, query and a hash of the body). The server verifies and the command line signs with the same code.
//
// It never looks up a key, judges a timestamp or a nonce, or decides on an API error.
//
// Source: reference, protocol.md, sections 2 and 3.
package signature

import (
	"crypto/hmac"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// TimeFormat is how a request spells its time, in UTC.
const TimeFormat = "2006-01-02T15:04:05Z"

// Equal compares two signatures in a time that does not depend on where they differ.
func Equal(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

// escape percent-encodes as the protocol asks: all but letters, digits and -_.~ as %XX in upper case. The library's url.QueryEscape differs
// in the space, and url.PathEscape in several marks.
func escape(out *strings.Builder, s string) {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
			out.WriteByte(c)
		default:
			out.WriteByte('%')
			out.WriteByte(digits[c>>4])
			out.WriteByte(digits[c&15])
		}
	}
}

// canonical spells parameters as both versions sign them: sorted by name, each name and value escaped, joined by &.
func canonical(parameters url.Values, without string) string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if name == without {
			continue
		}
		for _, value := range parameters[name] {
			if out.Len() > 0 {
				out.WriteByte('&')
			}
			escape(&out, name)
			out.WriteByte('=')
			escape(&out, value)
		}
	}
	return out.String()
}
