// Package signature computes and checks the signatures of the RPC protocol: V1 (HMAC-SHA1 over the
// parameters) and V3 (ACS3-HMAC-SHA256 over headers, query and a hash of the body). The server
// verifies and the command line signs with the same code.
//
// It never looks up a key, judges a timestamp or a nonce, or decides on an API error.
//
// Source: docs/reference/protocol.md, sections 2 and 3.
package signature

import (
	"crypto/hmac"
	"net/url"
	"slices"
)

// TimeFormat is the format of a request's time, in UTC.
const TimeFormat = "2006-01-02T15:04:05Z"

// Equal compares two signatures in constant time.
func Equal(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

// appendEscaped percent-encodes a text as the protocol requires: all but letters, digits and -_.~
// as %XX in upper case. The library's url.QueryEscape differs in the space, and url.PathEscape in
// several marks.
func appendEscaped[T string | []byte](out []byte, text T) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(text) {
		if c := text[i]; unreserved[c] {
			out = append(out, c)
		} else {
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return out
}

// unreserved are the characters that the protocol does not encode.
var unreserved = func() (set [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~") {
		set[c] = true
	}
	return set
}()

// canonical returns the parameters in the form that both versions sign: sorted by name, each name
// and value escaped, joined by &.
func canonical(parameters url.Values, without string) []byte {
	names := make([]string, 0, len(parameters))
	for name := range parameters {
		if name != without {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	out := make([]byte, 0, 512)
	for _, name := range names {
		for _, value := range parameters[name] {
			if len(out) > 0 {
				out = append(out, '&')
			}
			out = appendEscaped(out, name)
			out = append(out, '=')
			out = appendEscaped(out, value)
		}
	}
	return out
}
