package scenario

import (
	_ "embed" // the names of the actions
	"strings"

	"enisim.alt/service/match"
)

// actionNames are the actions that a RAM user may be allowed, as product:Action, sorted. They are a
// file, because this package knows no actions. A test holds it to the table of actions, and make
// golden writes it.
var actionNames = strings.Fields(actionNamesFile)

//go:embed action_names.txt
var actionNamesFile string

// ActionNames returns the actions that a permission of a RAM user may name.
func ActionNames() []string { return append([]string(nil), actionNames...) }

// namesAnAction reports whether a permission allows any action. Case is ignored, and * matches any
// characters.
func namesAnAction(permission string) bool {
	permission = strings.ToLower(permission)
	for _, name := range actionNames {
		if match.Wildcard(permission, strings.ToLower(name)) {
			return true
		}
	}
	return false
}

// suggestPermission suggests a correction for a permission that matches no action. If the
// permission ends with a wildcard, only the part before it counts.
func suggestPermission(permission string) string {
	candidates := actionNames
	if head, wild := strings.CutSuffix(permission, "*"); wild {
		candidates = nil
		for _, name := range actionNames {
			for length := len(head) - 1; length <= len(head)+1; length++ {
				if length >= 0 && length <= len(name) {
					candidates = append(candidates, name[:length]+"*")
				}
			}
		}
	}
	if hint := match.DidYouMean(permission, candidates); hint != "" {
		return hint
	}
	return `a permission is such as "ecs:AttachNetworkInterface" or "ecs:Describe*"; the products are ecs, vpc, sts, ` +
		`location and resourcemanager`
}
