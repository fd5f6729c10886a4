package httpapi

import (
	"maps"
	"slices"
)

// ControlNames returns the methods and paths of the control API, sorted.
func ControlNames() []string { return slices.Sorted(maps.Keys(controls(nil))) }
