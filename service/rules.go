package service

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// rule is one line of an action's contract: when it is broken by what the action looks at, the API
// answers err. fill gives the blanks of err's message; it is nil where the message has none.
type rule[T any] struct {
	err         *Error
	violated    func(T) bool
	messageArgs func(T) []any
}

// check answers with the first broken rule. The order of a table is the order in which the API
// answers.
func check[T any](rules []rule[T], input T) error {
	for _, r := range rules {
		if !r.violated(input) {
			continue
		}
		if r.messageArgs != nil {
			return r.err.With(r.messageArgs(input)...)
		}
		return r.err
	}
	return nil
}

// The rules that every table repeats. Where a page has an error of its own for one, the table
// spells the rule out.

// required refuses a request without a parameter.
func required[T any](parameter string, value func(T) string) rule[T] {
	return rule[T]{
		err:         MissingNamedParameter,
		violated:    func(r T) bool { return value(r) == "" },
		messageArgs: nameArg[T](parameter),
	}
}

// readable refuses parameters that are not of their type.
func readable[T any](malformed func(T) Malformed) rule[T] {
	return rule[T]{err: InvalidParameter,
		violated:    func(r T) bool { return len(malformed(r)) > 0 },
		messageArgs: func(r T) []any { return []any{strings.Join(malformed(r), ", ")} },
	}
}

// validLists refuses the JSON lists among these parameters that are none. It stands before
// readable, which answers in other words.
func validLists[T any](malformed func(T) Malformed, parameters ...string) rule[T] {
	invalid := func(r T) Malformed {
		return slices.DeleteFunc(
			slices.Clone(malformed(r)),
			func(p string) bool { return !slices.Contains(parameters, p) },
		)
	}
	return rule[T]{err: InvalidJSONList,
		violated:    func(r T) bool { return len(invalid(r)) > 0 },
		messageArgs: func(r T) []any { return []any{invalid(r)[0]} },
	}
}

// invalid refuses a parameter by its name.
func invalid[T any](parameter string, violated func(T) bool) rule[T] {
	return rule[T]{err: InvalidParameter, violated: violated, messageArgs: nameArg[T](parameter)}
}

// within refuses a number outside its bounds.
func within[T any](parameter string, minimum, maximum int, value func(T) *int) rule[T] {
	return invalid(parameter, func(r T) bool { n := value(r); return n != nil && (*n < minimum || *n > maximum) })
}

// among refuses a text that is none of those accepted.
func among[T any](parameter string, value func(T) string, accepted ...string) rule[T] {
	return invalid(parameter, func(r T) bool { return value(r) != "" && !slices.Contains(accepted, value(r)) })
}

// wellFormed answers err for a text that is not as good asks.
func wellFormed[T any](err *Error, value func(T) string, isValid func(string) bool) rule[T] {
	return rule[T]{err: err, violated: func(r T) bool { return value(r) != "" && !isValid(value(r)) }}
}

// validPage refuses a page that a list does not have.
func validPage[T any](p paging, page func(T) PageRequest) []rule[T] {
	return []rule[T]{
		invalid("PageNumber", func(r T) bool { return page(r).hasInvalidNumber() }),
		invalid("PageSize", func(r T) bool { return page(r).hasInvalidSize(p) }),
		invalid("NextToken", func(r T) bool { return page(r).hasInvalidToken(p) }),
	}
}

// validNumberedPage returns validPage where pages go by number only.
func validNumberedPage[T any](p paging, page func(T) NumberedPage) []rule[T] {
	return []rule[T]{
		invalid("PageNumber", func(r T) bool { return page(r).request().hasInvalidNumber() }),
		invalid("PageSize", func(r T) bool { return page(r).request().hasInvalidSize(p) }),
	}
}

// isValidID reports whether a resource id has only the characters that ids have. Prefixes are not
// asked for: the cloud's own old ids lack them, and a scenario chooses its ids freely.
func isValidID(id string) bool {
	const maxLength = 128
	return len(id) <= maxLength && strings.IndexFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}) < 0
}

// isNumber reports whether a text is a decimal number.
func isNumber(s string) bool {
	n, err := strconv.ParseFloat(s, 64)
	return err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// parseDecimal returns a decimal number that is given, or nil.
func parseDecimal(s string) *float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil
	}
	return &n
}

// oneOf reports whether a status is among those that an action takes.
func oneOf(status string, accepted ...string) bool { return slices.Contains(accepted, status) }

// named fills the blank of a message with the name of a parameter.
func nameArg[T any](parameter string) func(T) []any {
	return func(T) []any { return []any{parameter} }
}
