//go:build race

package prove

// buildFlags make the servers detect data races too, which they report in their logs.
var buildFlags = []string{"-race"}
