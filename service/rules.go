package service

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"enisim.alt/store"
)

// rule is one line of an action's contract: if the input violates it, the API answers err.
// messageArgs returns the arguments of err's message; it is nil if the message has none.
type rule[T any] struct {
	err         *Error
	violated    func(T) bool
	withQuotas  func(T, store.Quotas) bool // violated for an account with quotas of its own; nil: they do not matter
	messageArgs func(T) []any
	constraint  *Constraint // what the rule demands of a parameter, for descriptions; nil for other rules
}

// Constraint is what a rule of the plain kind demands of a parameter.
type Constraint struct {
	Parameter        string
	Required         bool
	Minimum, Maximum *int     // of a number; nil: none
	Accepted         []string // texts that are valid; nil: any
}

// check returns the error of the first violated rule. The order of a table is the order in which
// the API answers.
func check[T any](rules []rule[T], input T) error { return checkQuotas(rules, input, store.Quotas{}) }

// checkQuotas is check for an account that may have quotas of its own.
func checkQuotas[T any](rules []rule[T], input T, quotas store.Quotas) error {
	for _, r := range rules {
		if r.isViolated(input, quotas) {
			return r.refuse(input)
		}
	}
	return nil
}

// checkEach is check for several inputs: the first rule that one of them violates answers.
func checkEach[T any](rules []rule[T], inputs []T) error {
	for _, r := range rules {
		for _, input := range inputs {
			if r.isViolated(input, store.Quotas{}) {
				return r.refuse(input)
			}
		}
	}
	return nil
}

func (r rule[T]) isViolated(input T, quotas store.Quotas) bool {
	if r.withQuotas != nil {
		return r.withQuotas(input, quotas)
	}
	return r.violated(input)
}

// byQuota returns a rule that depends on quotas of the account.
func byQuota[T any](err *Error, exceeded func(T, store.Quotas) bool) rule[T] {
	return rule[T]{
		err:        err,
		violated:   func(t T) bool { return exceeded(t, store.Quotas{}) },
		withQuotas: exceeded,
	}
}

// orByQuota returns the rule, which is also violated if a quota of the account is exceeded.
func (r rule[T]) orByQuota(exceeded func(T, store.Quotas) bool) rule[T] {
	r.withQuotas = func(t T, q store.Quotas) bool { return r.violated(t) || exceeded(t, q) }
	return r
}

// lift turns rules on a part of an input into rules on the input.
func lift[Whole, Part any](rules []rule[Part], part func(Whole) Part) []rule[Whole] {
	out := make([]rule[Whole], 0, len(rules))
	for _, r := range rules {
		lifted := rule[Whole]{
			err: r.err, violated: func(w Whole) bool { return r.violated(part(w)) }, constraint: r.constraint,
		}
		if r.withQuotas != nil {
			lifted.withQuotas = func(w Whole, q store.Quotas) bool { return r.withQuotas(part(w), q) }
		}
		if r.messageArgs != nil {
			lifted.messageArgs = func(w Whole) []any { return r.messageArgs(part(w)) }
		}
		out = append(out, lifted)
	}
	return out
}

// The rules that every table repeats. If an action's page has another error for one of them, its
// table has its own rule instead.

// required refuses a request without the parameter.
func required[T any](parameter string) rule[T] {
	r := requiredOr[T](MissingNamedParameter, parameter)
	r.messageArgs = nameArg[T](parameter)
	return r
}

// requiredOr is required with another error, whose message has no blanks.
func requiredOr[T any](err *Error, parameter string) rule[T] {
	value := textOf[T](parameter)
	return rule[T]{
		err:        err,
		violated:   func(r T) bool { return value(r) == "" },
		constraint: presence(parameter),
	}
}

// presence returns the constraint that a parameter must be there.
func presence(parameter string) *Constraint { return &Constraint{Parameter: parameter, Required: true} }

// readable refuses parameters that are not of their type.
func readable[T any]() rule[T] {
	malformed := valueFrom[T, Malformed]("Malformed")
	return rule[T]{err: InvalidParameter,
		violated:    func(r T) bool { return len(malformed(r)) > 0 },
		messageArgs: func(r T) []any { return []any{strings.Join(malformed(r), ", ")} },
	}
}

// validLists refuses malformed JSON lists among these parameters. It must come before readable,
// which has another message.
func validLists[T any](parameters ...string) rule[T] {
	malformed := valueFrom[T, Malformed]("Malformed")
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

// invalid refuses a parameter, with its name in the message.
func invalid[T any](parameter string, violated func(T) bool) rule[T] {
	return rule[T]{err: InvalidParameter, violated: violated, messageArgs: nameArg[T](parameter)}
}

// within refuses a number outside its bounds.
func within[T any](parameter string, minimum, maximum int) rule[T] {
	value := valueFrom[T, *int](parameter)
	r := invalid(parameter, func(r T) bool { n := value(r); return n != nil && (*n < minimum || *n > maximum) })
	r.constraint = newBounds(parameter, minimum, maximum)
	return r
}

// newBounds returns the constraint that a number has bounds. math.MaxInt stands for no maximum.
func newBounds(parameter string, minimum, maximum int) *Constraint {
	bounds := &Constraint{Parameter: parameter, Minimum: &minimum}
	if maximum < math.MaxInt {
		bounds.Maximum = &maximum
	}
	return bounds
}

// among refuses a text that is not one of the accepted ones.
func among[T any](parameter string, accepted ...string) rule[T] {
	value := textOf[T](parameter)
	r := invalid(parameter, func(r T) bool { return value(r) != "" && !slices.Contains(accepted, value(r)) })
	r.constraint = &Constraint{Parameter: parameter, Accepted: accepted}
	return r
}

// wellFormed returns err for a text that is present and not valid.
func wellFormed[T any](err *Error, parameter string, isValid func(string) bool) rule[T] {
	value := textOf[T](parameter)
	return rule[T]{err: err, violated: func(r T) bool { return value(r) != "" && !isValid(value(r)) }}
}

// validPage returns the rules that refuse an invalid page request.
func validPage[T any](p paging) []rule[T] {
	page := valueFrom[T, PageRequest]("Page")
	return append(
		validNumbers(p, page),
		invalid("NextToken", func(r T) bool { return page(r).hasInvalidToken(p) }),
	)
}

// validNumbers returns the rules that refuse an invalid number or size of a page.
func validNumbers[T any](p paging, page func(T) PageRequest) []rule[T] {
	number := invalid("PageNumber", func(r T) bool { return page(r).hasInvalidNumber() })
	number.constraint = newBounds("PageNumber", 1, math.MaxInt)
	size := invalid("PageSize", func(r T) bool { return page(r).hasInvalidSize(p) })
	size.constraint = newBounds("PageSize", 1, p.maxPageSize)
	return []rule[T]{number, size}
}

// validNumberedPage returns validPage where pages go by number only.
func validNumberedPage[T any](p paging) []rule[T] {
	page := valueFrom[T, NumberedPage]("Page")
	return validNumbers(p, func(r T) PageRequest { return page(r).request() })
}

// isValidID reports whether a text has only the characters of resource ids. It does not require a
// prefix: the cloud's own old ids have none, and a scenario may choose any ids.
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

// parseDecimal parses a decimal number. It returns nil if the text is not one.
func parseDecimal(s string) *float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil
	}
	return &n
}

// oneOf reports whether a value is one of the accepted ones.
func oneOf(status string, accepted ...string) bool { return slices.Contains(accepted, status) }

// nameArg returns the message arguments that consist of a parameter's name.
func nameArg[T any](parameter string) func(T) []any {
	return func(T) []any { return []any{parameter} }
}
