package service

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Rules of the plain kind name a parameter as the wire does. The field of the request that holds it
// is found once, when the table of rules is made.

// textOf returns a function that reads a parameter of type string from a request of type T.
func textOf[T any](parameter string) func(T) string {
	index := indexOf[T, string](parameter)
	return func(r T) string { return reflect.ValueOf(r).FieldByIndex(index).String() }
}

// valueFrom returns a function that reads a parameter of type V from a request of type T.
func valueFrom[T, V any](parameter string) func(T) V {
	index := indexOf[T, V](parameter)
	return func(r T) V { return reflect.ValueOf(r).FieldByIndex(index).Interface().(V) }
}

// indexOf returns the index of the field of T for a parameter. It panics when a table of rules is
// made for a parameter that T does not have, or has with another type than V. So such a table
// cannot be built into a program that starts.
func indexOf[T, V any](parameter string) []int {
	request, want := reflect.TypeFor[T](), reflect.TypeFor[V]()
	index := findParameter(request, parameter)
	if index == nil || request.FieldByIndex(index).Type != want {
		panic(fmt.Sprintf("%v has no parameter %s of type %v", request, parameter, want))
	}
	return index
}

// findParameter returns the index of a parameter's field: one of the type itself, or of a struct
// that it embeds or has inline. A field with several parameters inline, such as Page, has its own
// name. It returns nil if there is none.
func findParameter(request reflect.Type, parameter string) []int {
	for _, f := range reflect.VisibleFields(request) {
		name, option, _ := strings.Cut(f.Tag.Get("api"), ",")
		if cmp.Or(name, f.Name) == parameter {
			return f.Index
		}
		if option != "inline" {
			continue
		}
		if inner := findParameter(f.Type, parameter); inner != nil {
			return slices.Concat(f.Index, inner)
		}
	}
	return nil
}
