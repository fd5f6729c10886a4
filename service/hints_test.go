package service

import (
	"slices"
	"testing"
)

// Each code that a rule of an action answers has a hint, and each hint is for a declared code.
func TestEachRefusalHasAHint(t *testing.T) {
	t.Parallel()
	for _, action := range allActions {
		for _, e := range action.Errors() {
			if hintFor(e.Code) == "" {
				t.Errorf("%s: %s has no hint", action.Name(), e.Code)
			}
		}
	}
	for code := range hints {
		if !slices.ContainsFunc(Declared, func(e *Error) bool { return e.Code == code }) {
			t.Errorf("the hint for %s: there is no such code", code)
		}
	}
}
