package httpapi

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"enisim.alt/service"
)

// bind fills a request of the service from parameters. The name of a parameter is the field's tag,
// or the field's name:
//
//	string, *int, *bool      Name
//	[]string                 Name.1, Name.2, ...
//	service.JSONList         Name, a JSON array; [] is a list that is present and empty
//	struct                   Name.Field
//	[]struct                 Name.1.Field, ...
//
// Numbers of a list may have gaps. Unknown parameters are ignored, and an empty value is an absent
// one: Name.1= is no list. A field of service.Malformed lists what could not be read. Of a list
// only the first maxBoundItems are bound.
func bind[Request any](p parameters) Request {
	var request Request
	b := binding{parameters: p}
	v := reflect.ValueOf(&request).Elem()
	b.fields(v, "")
	for i := range v.NumField() {
		if v.Type().Field(i).Type == malformedType {
			v.Field(i).Set(reflect.ValueOf(b.malformed))
		}
	}
	return request
}

// maxBoundItems is the maximum number of items of a list that are bound. It is more than any action
// accepts, so that the action's own rule refuses a longer list at its place in the order of checks.
// It also bounds the cost of a list of thousands of items.
const maxBoundItems = 201

type binding struct {
	parameters parameters
	names      []string // of the parameters that have a value, sorted; nil until a list asks for it
	looked     int      // how many names the lists have looked at, which tests hold to be linear
	malformed  service.Malformed
}

var (
	malformedType = reflect.TypeFor[service.Malformed]()
	jsonListType  = reflect.TypeFor[service.JSONList]()
	integerType   = reflect.TypeFor[*int]()
	boolType      = reflect.TypeFor[*bool]()
)

// parameterField is a field of a request that one or several parameters fill.
type parameterField struct {
	name  string // the parameter's
	other string // a spelling that some SDKs send instead; "" for none
	kind  reflect.Type
	index []int // the way to the field, as reflect goes it
}

// knownFields caches the results of parameterFields by type, because reading tags costs as much as
// the rest of binding.
var knownFields sync.Map

// parameterFields returns the fields of a request, or of a struct in one, in their order.
func parameterFields(request reflect.Type) []parameterField {
	if known, ok := knownFields.Load(request); ok {
		return known.([]parameterField)
	}
	fields := readFields(request)
	knownFields.Store(request, fields)
	return fields
}

func readFields(request reflect.Type) []parameterField {
	var fields []parameterField
	for i := range request.NumField() {
		field := request.Field(i)
		name, other, _ := strings.Cut(field.Tag.Get("api"), "|")
		switch {
		case name == "-" || field.Type == malformedType:
		case name == ",inline" || (field.Anonymous && name == ""):
			for _, inner := range parameterFields(field.Type) {
				inner.index = append([]int{i}, inner.index...) // a copy: the other one is remembered
				fields = append(fields, inner)
			}
		case name == "":
			fields = append(fields, parameterField{field.Name, other, field.Type, []int{i}})
		default:
			fields = append(fields, parameterField{name, other, field.Type, []int{i}})
		}
	}
	return fields
}

func (b *binding) fields(v reflect.Value, prefix string) {
	for _, field := range parameterFields(v.Type()) {
		name := field.name
		if field.other != "" && b.parameters[prefix+name] == "" {
			name = field.other
		}
		b.value(v.FieldByIndex(field.index), prefix+name)
	}
}

func (b *binding) value(v reflect.Value, name string) {
	switch {
	case v.Type() == jsonListType:
		b.scalar(name, func(s string) error {
			list, err := service.ParseJSONList(s)
			v.Set(reflect.ValueOf(list))
			return err
		})
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
	case v.Type() == integerType:
		b.scalar(name, func(s string) error {
			wide, err := strconv.ParseInt(s, 10, 32) // as wide as the API's integers, and the database's
			n := int(wide)
			v.Set(reflect.ValueOf(&n))
			return err
		})
	case v.Type() == boolType:
		b.scalar(name, func(s string) error {
			yes, err := strconv.ParseBool(strings.ToLower(s))
			v.Set(reflect.ValueOf(&yes))
			return err
		})
	default:
		panic("httpapi: a request cannot have a field of type " + v.Type().String())
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

// numbers returns the N of the parameters prefix+N (scalars) or prefix+N.Field that have a value,
// in ascending order, as they were written. It returns each number once, and maxBoundItems of them
// at most.
func (b *binding) numbers(prefix string, scalars bool) []string {
	if b.names == nil {
		b.names = b.parameters.sortedNames()
	}
	type item struct {
		number  int
		written string
	}
	var items []item
	first, _ := slices.BinarySearch(b.names, prefix)
	for _, name := range b.names[first:] {
		rest, found := strings.CutPrefix(name, prefix)
		if !found {
			break
		}
		b.looked++
		written, _, hasField := strings.Cut(rest, ".")
		if last := len(items) - 1; hasField == scalars || last >= 0 && items[last].written == written {
			continue
		}
		if n, ok := parseListNumber(written); ok {
			items = append(items, item{n, written})
		}
	}
	slices.SortFunc(
		items,
		func(a, b item) int { return cmp.Or(a.number-b.number, len(a.written)-len(b.written)) },
	) // 1 before 01
	items = slices.CompactFunc(items, func(a, b item) bool { return a.number == b.number })
	out := make([]string, min(len(items), maxBoundItems))
	for i := range out {
		out[i] = items[i].written
	}
	return out
}

// parseListNumber parses the number of a list's item.
func parseListNumber(written string) (n int, ok bool) {
	const maxDigits = 10
	if len(written) > maxDigits {
		return 0, false
	}
	n, err := strconv.Atoi(written)
	return n, err == nil && n > 0
}
