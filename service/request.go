package service

import "slices"

// A request is a struct with a field for each parameter, which httpapi fills. A parameter's name is
// the field's tag, or the field's name without a tag. `api:"VpcId"` is its name, and
// `api:"Value|value"` gives two spellings of it. `api:",inline"` stands for the fields of a struct,
// and `api:"-"` is not a parameter.

// Malformed lists the parameters of a request that are not of their type. A rule can so refuse them
// at its place in the order of checks. Every request with a parameter that is not a string has a
// field of this type.
type Malformed []string

// valueOf returns the value of an optional parameter, or the zero value if it is absent.
func valueOf[T any](parameter *T) (v T) {
	if parameter != nil {
		v = *parameter
	}
	return v
}

// isTrue reports whether an optional switch is present and on, isFalse whether it is present and
// off.
func isTrue(parameter *bool) bool  { return parameter != nil && *parameter }
func isFalse(parameter *bool) bool { return parameter != nil && !*parameter }

// hasDuplicates reports whether a list has the same member twice.
func hasDuplicates(list []string) bool {
	sorted := slices.Sorted(slices.Values(list))
	return len(slices.Compact(sorted)) < len(list)
}
