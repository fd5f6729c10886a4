package service

import "slices"

// A request is a struct with a field for each parameter. httpapi fills it: a parameter is named by
// the field's tag, or by the field itself where it has none. `api:"VpcId"` names it,
// `api:"Value|value"` names it in two spellings, `api:",inline"` puts the fields of a struct in its
// place, and `api:"-"` is no parameter.

// Malformed lists the parameters of a request that are not of their type, so that a rule answers
// for them at its place in the order of checks. A request that has a parameter that is not a string
// has a field of it.
type Malformed []string

// valueOf returns a parameter that may be absent; the zero value stands for an absent one.
func valueOf[T any](parameter *T) (v T) {
	if parameter != nil {
		v = *parameter
	}
	return v
}

// isTrue reports whether a switch that may be absent is there and on, isFalse whether it is there
// and off.
func isTrue(parameter *bool) bool  { return parameter != nil && *parameter }
func isFalse(parameter *bool) bool { return parameter != nil && !*parameter }

// hasDuplicates reports whether a list has a member twice.
func hasDuplicates(list []string) bool {
	sorted := slices.Sorted(slices.Values(list))
	return len(slices.Compact(sorted)) < len(list)
}
