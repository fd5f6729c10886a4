package httpapi

import (
	"maps"
	"slices"
)

// ControlNames lists the control API for tests: method and path below the prefix.
func ControlNames() []string { return slices.Sorted(maps.Keys(controls(nil))) }
