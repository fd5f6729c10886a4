package httpapi

import (
	"maps"
	"slices"

	"enisim.alt/service"
)

// ControlNames returns the methods and paths of the control API, sorted.
func ControlNames() []string { return slices.Sorted(maps.Keys(controls(nil))) }

// RuleErrors lists for tests the errors of an action's rules, in the order of the rules.
func RuleErrors(version, action string) []*service.Error {
	return servedActions()[version][action].declared.Errors()
}
