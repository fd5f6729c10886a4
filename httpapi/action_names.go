package httpapi

import "slices"

// product is one of the vendor's products.
type product struct {
	version string // of every action
	ram     string // as RAM policies name it
	title   string // as links to the vendor's pages name it
}

// products in the order in which an action is looked for that several have.
var products = []product{{ecsVersion, "ecs", "Ecs"}, {vpcVersion, "vpc", "Vpc"}, {stsVersion, "sts", "Sts"}}

// ActionNames lists every action as RAM policies name it, product:Action.
func ActionNames() []string {
	var names []string
	table := actions(nil) // only answering needs a service
	for _, p := range products {
		for name := range table[p.version] {
			names = append(names, p.ram+":"+name)
		}
	}
	slices.Sort(names)
	return names
}

// VersionOf is the Version of the product that has an action: the one of ECS, where another has it too, or where none has.
func VersionOf(action string) string {
	table := actions(nil)
	for _, p := range products {
		if _, has := table[p.version][action]; has {
			return p.version
		}
	}
	return ecsVersion
}

// productOf is the product of a Version; of one that is none, the first.
func productOf(version string) product {
	for _, p := range products {
		if p.version == version {
			return p
		}
	}
	return products[0]
}
