package httpapi

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Malformed lists the parameters that are not of their type. A wire request embeds it, so that the service can answer for them at their place
// in the order of its checks.
type Malformed struct{ Malformed []string }

// jsonList is a list that travels as one JSON array in a string: ["a","b"].
type jsonList []string

// bind fills a wire request from parameters. Its fields are named as the parameters are:
//
//	string, *int, *bool      Name
//	[]string                 Name.1, Name.2, ...
//	jsonList                 Name, a JSON array
//	struct                   Name.Field
//	[]struct                 Name.1.Field, ...
//
// Numbers of a list may have gaps. Unknown parameters are ignored, and an empty value is an absent one.
func bind[Request any](p parameters) Request {
	var request Request
	b := binding{parameters: p}
	v := reflect.ValueOf(&request).Elem()
	b.fields(v, "")
	for i := range v.NumField() {
		if v.Type().Field(i).Type == malformedType {
			v.Field(i).Set(reflect.ValueOf(Malformed{b.malformed}))
		}
	}
	return request
}

type binding struct {
	parameters parameters
	malformed  []string
}

var (
	malformedType = reflect.TypeFor[Malformed]()
	jsonListType  = reflect.TypeFor[jsonList]()
)

func (b *binding) fields(v reflect.Value, prefix string) {
	for i := range v.NumField() {
		if field := v.Type().Field(i); field.Type != malformedType {
			b.value(v.Field(i), prefix+field.Name)
		}
	}
}

func (b *binding) value(v reflect.Value, name string) {
	switch {
	case v.Type() == jsonListType:
		b.scalar(name, func(s string) error { return json.Unmarshal([]byte(s), v.Addr().Interface()) })
	case v.Kind() == reflect.String:
		v.SetString(b.parameters[name])
	case v.Kind() == reflect.Struct:
		b.fields(v, name+".")
	case v.Kind() == reflect.Slice:
		scalars := v.Type().Elem().Kind() == reflect.String
		for _, n := range b.numbers(name+".", scalars) {
			item := reflect.New(v.Type().Elem()).Elem()
			b.value(item, name+"."+n)
			v.Set(reflect.Append(v, item))
		}
	case v.Type() == reflect.TypeFor[*int]():
		b.scalar(name, func(s string) error {
			n, err := strconv.Atoi(s)
			v.Set(reflect.ValueOf(&n))
			return err
		})
	case v.Type() == reflect.TypeFor[*bool]():
		b.scalar(name, func(s string) error {
			yes, err := strconv.ParseBool(strings.ToLower(s))
			v.Set(reflect.ValueOf(&yes))
			return err
		})
	default:
		panic("httpapi: a wire request cannot have a field of type " + v.Type().String())
	}
}

// scalar parses a parameter that is present.
func (b *binding) scalar(name string, parse func(string) error) {
	if s := b.parameters[name]; s != "" {
		if parse(s) != nil {
			b.malformed = append(b.malformed, name)
		}
	}
}

// numbers are the N of the parameters prefix+N, for scalars, or prefix+N.Field that have a value, in ascending order, as they were written.
func (b *binding) numbers(prefix string, scalars bool) []string {
	byNumber := map[int]string{}
	for name, value := range b.parameters {
		rest, found := strings.CutPrefix(name, prefix)
		if !found || value == "" {
			continue
		}
		written, _, hasField := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(written); err == nil && n > 0 && hasField != scalars {
			byNumber[n] = written
		}
	}
	var sorted []int
	for n := range byNumber {
		sorted = append(sorted, n)
	}
	slices.Sort(sorted)
	out := make([]string, len(sorted))
	for i, n := range sorted {
		out[i] = byNumber[n]
	}
	return out
}
