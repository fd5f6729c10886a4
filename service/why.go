package service

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"
)

// Rules of a refusal that are not rules of an action.
const (
	RuleFault    = "Fault"
	RuleThrottle = "Throttle"
)

// Why says why a request was refused.
type Why struct {
	Rule string `json:"rule" description:"The rule that refused the request: its code, Fault or Throttle."`
	// Message is the message of the answer.
	Message string         `json:"message" description:"The message of the answer."`
	Values  map[string]any `json:"values" description:"The values that the rule saw."`
	Hint    string         `json:"hint" description:"What would have to change for the request to succeed."`
}

// observable is an input of rules that says which values its rules look at.
type observable interface {
	// observed returns the values by their names: the parameters and fields of resources as the API
	// names them.
	observed() values
}

// values are what a rule saw, by their names.
type values map[string]any

// observation is what a rule saw that refused a request. Its values are found when they are needed,
// because most refusals are not recorded.
type observation struct {
	input      any // that violates the rule
	constraint *Constraint
	values     values
}

// refuse returns the error of a rule that an input violates.
func (r rule[T]) refuse(input T) error {
	refusal := r.err
	if r.messageArgs != nil {
		refusal = r.err.With(r.messageArgs(input)...)
	}
	if _, ok := any(input).(observable); !ok && r.constraint == nil {
		return refusal
	}
	explained := *refusal
	explained.seen = &observation{input: input, constraint: r.constraint}
	return &explained
}

// take finds the values, as they are now.
func (o *observation) take() values {
	if o.values != nil {
		return o.values
	}
	o.values = values{}
	if input, ok := o.input.(observable); ok {
		maps.Copy(o.values, input.observed())
	}
	if o.constraint != nil {
		maps.Copy(o.values, o.constraint.observed(o.input))
	}
	o.input = nil
	return o.values
}

// observeRefusal finds the values that a rule saw which refused a request of a batch, if the refusal may
// be recorded. The next request of the batch may change them.
func (s *Service) observeRefusal(accountID string, err error) {
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.seen == nil {
		return
	}
	if s.refusals.mayRecord(accountID, time.Now()) {
		refusal.seen.take()
		return
	}
	refusal.seen = nil
}

// observed returns what the constraint demands of its parameter, and the value of the parameter.
func (c *Constraint) observed(request any) values {
	seen := values{"Parameter": c.Parameter}
	if given := parameterText(request, c.Parameter); given != "" {
		seen[c.Parameter] = given
	}
	if c.Minimum != nil {
		seen["Minimum"] = *c.Minimum
	}
	if c.Maximum != nil {
		seen["Maximum"] = *c.Maximum
	}
	if len(c.Accepted) > 0 {
		seen["Accepted"] = c.Accepted
	}
	return seen
}

// parameterText returns the value of a request's parameter as a text, or "" if it is absent. A long
// one is cut.
func parameterText(request any, parameter string) string {
	if reflect.TypeOf(request).Kind() != reflect.Struct {
		return ""
	}
	field := findParameter(reflect.TypeOf(request), parameter)
	if field == nil {
		return ""
	}
	value := reflect.Indirect(reflect.ValueOf(request).FieldByIndex(field))
	if !value.IsValid() || !value.CanInterface() {
		return ""
	}
	return clip(fmt.Sprint(value.Interface()))
}

// clip cuts a text that a caller sent to a length that may be kept.
func clip(text string) string {
	const maxKept = 200
	if len(text) <= maxKept {
		return strings.Clone(text)
	}
	return strings.ToValidUTF8(text[:maxKept], "") + "…"
}

// whyOf returns why a request is refused with an API error.
func whyOf(refusal *Error, r Refusal, faultID string) Why {
	why := Why{Rule: refusal.Code, Message: refusal.Message, Values: map[string]any{}, Hint: hintFor(refusal.Code)}
	if refusal.seen != nil {
		why.Values = refusal.seen.take()
	}
	var throttled *Throttled
	switch {
	case errors.As(r.Err, &throttled):
		why.Rule = RuleThrottle
		why.Values = values{
			"ThrottleId": throttled.throttleID, "Burst": throttled.limit,
			"RetryAfterMilliseconds": throttled.RetryAfter(),
		}
		why.Hint = "Wait, or change the account's throttle: enisim throttle show --account ID."
	case r.ByFault:
		why.Rule = RuleFault
		why.Values = values{"FaultId": faultID}
		why.Hint = "A fault answers the request instead of the action. enisim fault show FAULT-ID prints it, " +
			"and enisim fault remove FAULT-ID removes it."
	}
	return why
}
