package service

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The texts that a caller chooses (docs/reference/states.md, section 5). Lengths are in characters.
// An empty text is none, so a rule asks first whether there is one, as wellFormed does.

// isValidName reports whether a text can name an ECS resource. A URL cannot, for it has slashes.
func isValidName(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return lengthWithin(s, 2, 128) && unicode.IsLetter(first) && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && (r < '0' || r > '9') && !strings.ContainsRune(":_.-", r)
	})
}

// isValidVPCName reports whether a text can name a VPC or what is in one.
func isValidVPCName(s string) bool { return lengthWithin(s, 1, 128) && !isURL(s) }

// isValidDescription reports whether a text can describe a resource, in a length that differs from
// page to page.
func isValidDescription(s string, minLength, maxLength int) bool {
	return lengthWithin(s, minLength, maxLength) && !isURL(s)
}

// isValidClientToken reports whether a text can make a request idempotent.
func isValidClientToken(s string) bool {
	return lengthWithin(s, 1, 64) && !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

func lengthWithin(s string, minLength, maxLength int) bool {
	n := utf8.RuneCountInString(s)
	return n >= minLength && n <= maxLength
}

func isURL(s string) bool { return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") }
