//go:build !race

package prove

var buildFlags []string
