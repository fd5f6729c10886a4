package httpapi

import (
	"reflect"
	"slices"
	"strings"
)

// product is one of the vendor's products.
type product struct {
	version string // of every action
	ram     string // as RAM policies name it
	title   string // as links to the vendor's pages name it
}

// products are in the order in which an action that several of them have is looked up.
var products = []product{
	{ecsVersion, "ecs", "Ecs"}, {vpcVersion, "vpc", "Vpc"}, {stsVersion, "sts", "Sts"},
	{locationVersion, "location", "Location"}, {resourceManagerVersion, "resourcemanager", "ResourceManager"},
}

// ActionNames lists every action as RAM policies name it, product:Action.
func ActionNames() []string {
	var names []string
	table := actionsByVersion()
	for _, p := range products {
		for name := range table[p.version] {
			names = append(names, p.ram+":"+name)
		}
	}
	slices.Sort(names)
	return names
}

// VersionOf returns the Version of the product that has an action. It is that of ECS if several
// products have it, or none.
func VersionOf(action string) string {
	table := actionsByVersion()
	for _, p := range products {
		if _, has := table[p.version][action]; has {
			return p.version
		}
	}
	return ecsVersion
}

// productForVersion returns the product of a Version, or the first product for an unknown one.
func productForVersion(version string) product {
	for _, p := range products {
		if p.version == version {
			return p
		}
	}
	return products[0]
}

// ParameterNames returns the parameters that an action reads; the action is named product:Action.
// Of a list it returns those of the first item, as in Tag.1.Key.
func ParameterNames(action string) []string {
	ram, name, _ := strings.Cut(action, ":")
	for _, p := range products {
		if act, known := actionsByVersion()[p.version][name]; known && p.ram == ram {
			return parameterNames(act.request, "")
		}
	}
	return nil
}

func parameterNames(request reflect.Type, prefix string) []string {
	var names []string
	for _, f := range parameterFields(request) {
		name, kind := prefix+f.name, f.kind
		if kind.Kind() == reflect.Slice && kind != jsonListType {
			name, kind = name+".1", kind.Elem()
		}
		if kind.Kind() == reflect.Struct {
			names = append(names, parameterNames(kind, name+".")...)
		} else {
			names = append(names, name)
		}
	}
	return names
}
