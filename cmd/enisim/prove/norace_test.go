//go:build !race

package prove

// buildFlags are empty without the race detector.
var buildFlags []string
