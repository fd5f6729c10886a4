package service

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Validation of the texts that a caller chooses (docs/reference/states.md, section 5). Lengths are
// in characters. An empty text means that there is none, so a rule must check that first, as
// wellFormed does.

// isValidName reports whether a text is a valid name of an ECS resource. A URL is not, because it
// has slashes.
func isValidName(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return lengthWithin(s, 2, 128) && unicode.IsLetter(first) && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && (r < '0' || r > '9') && !strings.ContainsRune(":_.-", r)
	})
}

// isValidVPCName reports whether a text is a valid name of a VPC or of a resource in one.
func isValidVPCName(s string) bool { return lengthWithin(s, 1, 128) && !isURL(s) }

// isValidDescription reports whether a text is a valid description of a resource. The length
// differs between the actions.
func isValidDescription(s string, minLength, maxLength int) bool {
	return lengthWithin(s, minLength, maxLength) && !isURL(s)
}

// isValidClientToken reports whether a text is a valid ClientToken.
func isValidClientToken(s string) bool {
	return lengthWithin(s, 1, 64) && !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

func lengthWithin(s string, minLength, maxLength int) bool {
	n := utf8.RuneCountInString(s)
	return n >= minLength && n <= maxLength
}

func isURL(s string) bool { return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") }
