package service

import (
	"slices"
	"strings"
)

// rule is one line of an action's contract: when it is broken by what the action looks at, the API answers err.
// fill gives the blanks of err's message; it is nil where the message has none.
type rule[T any] struct {
	err    *Error
	broken func(T) bool
	fill   func(T) []any
}

// check answers with the first broken rule. The order of a table is the order in which the API answers.
func check[T any](rules []rule[T], subject T) error {
	for _, r := range rules {
		if !r.broken(subject) {
			continue
		}
		if r.fill != nil {
			return r.err.With(r.fill(subject)...)
		}
		return r.err
	}
	return nil
}

// wellFormedID tells whether a resource id has only the characters that ids have. Prefixes are not asked for: the cloud's own old ids lack them,
// and a scenario chooses its ids freely.
func wellFormedID(id string) bool {
	const longest = 128
	return len(id) <= longest && strings.IndexFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}) < 0
}

// oneOf tells whether a status is among those that an action takes.
func oneOf(status string, accepted ...string) bool { return slices.Contains(accepted, status) }

// named fills the blank of a message with the name of a parameter.
func named[T any](parameter string) func(T) []any {
	return func(T) []any { return []any{parameter} }
}
