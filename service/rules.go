package service

import (
	"math"
	"slices"
	"strconv"
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

// The rules that every table repeats. Where a page has an error of its own for one, the table spells the rule out.

// required refuses a request without a parameter.
func required[T any](parameter string, value func(T) string) rule[T] {
	return rule[T]{err: MissingNamedParameter, broken: func(r T) bool { return value(r) == "" }, fill: named[T](parameter)}
}

// readable refuses parameters that are not of their type.
func readable[T any](malformed func(T) Malformed) rule[T] {
	return rule[T]{err: InvalidParameter,
		broken: func(r T) bool { return len(malformed(r)) > 0 },
		fill:   func(r T) []any { return []any{strings.Join(malformed(r), ", ")} },
	}
}

// validLists refuses the JSON lists among these parameters that are none. It stands before readable, which answers in other words.
func validLists[T any](malformed func(T) Malformed, parameters ...string) rule[T] {
	invalid := func(r T) Malformed {
		return slices.DeleteFunc(slices.Clone(malformed(r)), func(p string) bool { return !slices.Contains(parameters, p) })
	}
	return rule[T]{err: InvalidJSONList,
		broken: func(r T) bool { return len(invalid(r)) > 0 },
		fill:   func(r T) []any { return []any{invalid(r)[0]} },
	}
}

// invalid refuses a parameter by its name.
func invalid[T any](parameter string, broken func(T) bool) rule[T] {
	return rule[T]{err: InvalidParameter, broken: broken, fill: named[T](parameter)}
}

// within refuses a number outside its bounds.
func within[T any](parameter string, least, most int, value func(T) *int) rule[T] {
	return invalid(parameter, func(r T) bool { n := value(r); return n != nil && (*n < least || *n > most) })
}

// among refuses a text that is none of those accepted.
func among[T any](parameter string, value func(T) string, accepted ...string) rule[T] {
	return invalid(parameter, func(r T) bool { return value(r) != "" && !slices.Contains(accepted, value(r)) })
}

// wellFormed answers err for a text that is not as good asks.
func wellFormed[T any](err *Error, value func(T) string, good func(string) bool) rule[T] {
	return rule[T]{err: err, broken: func(r T) bool { return value(r) != "" && !good(value(r)) }}
}

// goodPage refuses a page that a list does not have.
func goodPage[T any](p paging, page func(T) PageRequest) []rule[T] {
	return []rule[T]{
		invalid("PageNumber", func(r T) bool { return page(r).badNumber() }),
		invalid("PageSize", func(r T) bool { return page(r).badSize(p) }),
		invalid("NextToken", func(r T) bool { return page(r).badToken(p) }),
	}
}

// goodNumberedPage is goodPage where pages go by number only.
func goodNumberedPage[T any](p paging, page func(T) NumberedPage) []rule[T] {
	return []rule[T]{
		invalid("PageNumber", func(r T) bool { return page(r).request().badNumber() }),
		invalid("PageSize", func(r T) bool { return page(r).request().badSize(p) }),
	}
}

// wellFormedID tells whether a resource id has only the characters that ids have. Prefixes are not asked for: the cloud's own old ids lack them,
// and a scenario chooses its ids freely.
func wellFormedID(id string) bool {
	const longest = 128
	return len(id) <= longest && strings.IndexFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	}) < 0
}

// isNumber tells whether a text is a decimal number.
func isNumber(s string) bool {
	n, err := strconv.ParseFloat(s, 64)
	return err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// decimal is a decimal number that is given, or nil.
func decimal(s string) *float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil
	}
	return &n
}

// oneOf tells whether a status is among those that an action takes.
func oneOf(status string, accepted ...string) bool { return slices.Contains(accepted, status) }

// named fills the blank of a message with the name of a parameter.
func named[T any](parameter string) func(T) []any {
	return func(T) []any { return []any{parameter} }
}
