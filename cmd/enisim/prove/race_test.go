//go:build race

package prove

// buildFlags have the servers look for data races too. One shows in their logs.
var buildFlags = []string{"-race"}
