package httpapi

import "slices"

// products are what RAM policies call the product of each version.
var products = map[string]string{ecsVersion: "ecs", vpcVersion: "vpc", stsVersion: "sts"}

// ActionNames lists every action as RAM policies name it, product:Action.
func ActionNames() []string {
	var names []string
	for version, table := range actions(nil) { // only answering needs a service
		for name := range table {
			names = append(names, products[version]+":"+name)
		}
	}
	slices.Sort(names)
	return names
}
