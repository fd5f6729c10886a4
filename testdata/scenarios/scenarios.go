// Package scenarios holds the scenario files that come with enisim. It embeds those that the binary needs itself.
package scenarios

import _ "embed"

// Quickstart is the world of the quick start.
//
//go:embed quickstart.yaml
var Quickstart []byte
