package scenario

import (
	"iter"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"enisim.alt/service/disturbance"
)

// The keys of rules (faults and the like) come from the fields of the rules' structs, which are
// defined in package disturbance: their json tags are the names of the keys, their description
// tags describe them, and their enum tags have the words of a choice.

// disturbanceEntry is a rule of type R.
type disturbanceEntry[R any] struct {
	at   position
	rule R
}

// newDisturbanceMapping returns the mapping of a rule. The key id is left out: rules in a file have none.
func newDisturbanceMapping[R any](name, what, about string) *mappingOf[disturbanceEntry[R]] {
	inner := structKeys(name, reflect.TypeFor[R](), "id")
	keys := make([]keyOf[disturbanceEntry[R]], len(inner))
	for i, k := range inner {
		field := k.field
		keys[i] = keyOf[disturbanceEntry[R]]{k}
		keys[i].field = func(entry any) any { return field(&entry.(*disturbanceEntry[R]).rule) }
	}
	return newMapping(mapping{name: name, what: what, about: about},
		func(o *object, e *disturbanceEntry[R]) { e.at = o.at }, keys)
}

// structKeys returns the keys of a struct, whose entries are pointers to it.
func structKeys(name string, of reflect.Type, without ...string) []key {
	var keys []key
	for i := range of.NumField() {
		field := of.Field(i)
		keyName, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if slices.Contains(without, keyName) {
			continue
		}
		about, absent, _ := strings.Cut(field.Tag.Get("description"), " Without it, ")
		k := key{
			name: keyName, about: about, absent: strings.TrimSuffix(absent, "."), place: placeBody, max: maxInteger,
			field: func(entry any) any { return reflect.ValueOf(entry).Elem().Field(i).Addr().Interface() },
		}
		k.setKind(name, field)
		keys = append(keys, k)
	}
	return keys
}

// setKind sets what depends on the type of a field.
func (k *key) setKind(parent string, field reflect.StructField) {
	of := field.Type
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch {
	case of == reflect.TypeFor[disturbance.Duration]():
		k.kind = kindDuration
	case of == reflect.TypeFor[[]disturbance.Duration]():
		k.kind = kindTexts
	case of == reflect.TypeFor[time.Time]():
		k.kind = kindTime
	case of.Kind() == reflect.String:
		k.kind = kindText
		if words := field.Tag.Get("enum"); words != "" {
			k.kind, k.words = kindChoice, strings.Split(words, ",")
		}
	case of.Kind() == reflect.Bool:
		k.kind, k.defaultValue = kindBoolean, false
	case of.Kind() == reflect.Int:
		k.kind = kindInteger
		if field.Tag.Get("counts") == "calls" {
			k.min, k.max = 1, disturbance.MaxCallNumber
		}
		if field.Type == of {
			k.defaultValue = 0
		}
	case of.Kind() == reflect.Int64: // a seed
		k.kind, k.defaultValue = kindInteger, 0
		k.min, k.max = math.MinInt64, math.MaxInt64
	case of.Kind() == reflect.Float64:
		k.kind = kindNumber
	case of.Kind() == reflect.Struct:
		k.kind, k.of = kindMapping, structMapping(parent+"_"+k.name, of)
		k.clear = func(into any) { reflect.ValueOf(into).Elem().SetZero() }
		k.readInner = func(o *object, k *key, into any) {
			if node, _ := o.node(k.name); node != nil {
				o.readStruct(node, k.of, into)
			}
		}
	case of.Kind() == reflect.Slice:
		k.kind, k.of = kindList, structMapping(parent+"_"+strings.TrimSuffix(k.name, "s"), of.Elem())
		k.readInner = func(o *object, k *key, into any) {
			for _, node := range o.list(k) {
				if entry := k.add(into); !o.readStruct(node, k.of, entry) {
					removeLast(into)
				}
			}
		}
		k.each = elements
		k.add = addElement
	default:
		panic("scenario: no key can have the type " + field.Type.String() + " of " + parent + "." + k.name)
	}
}

// structMapping returns the mapping of a struct within a rule.
func structMapping(name string, of reflect.Type) *mapping {
	m := &mapping{name: name, what: "the mapping of " + strings.ReplaceAll(name, "_", " ")}
	m.keys = structKeys(name, of)
	for i := range m.keys {
		m.keyNames = append(m.keyNames, m.keys[i].name)
		m.written = append(m.written, &m.keys[i])
	}
	return m
}

// readStruct reads a mapping into a struct, and reports whether the node is one.
func (r *reader) readStruct(node ast.Node, m *mapping, into any) bool {
	o := r.object(node, m)
	if o == nil {
		return false
	}
	for i := range m.keys {
		o.read(&m.keys[i], m.keys[i].field(into))
	}
	o.finish()
	return true
}

// elements returns pointers to the elements of the slice at a pointer.
func elements(list any) iter.Seq[any] {
	return func(yield func(any) bool) {
		slice := reflect.ValueOf(list).Elem()
		for i := range slice.Len() {
			if !yield(slice.Index(i).Addr().Interface()) {
				return
			}
		}
	}
}

// addElement appends a zero element to the slice at a pointer, and returns a pointer to it.
func addElement(list any) any {
	slice := reflect.ValueOf(list).Elem()
	slice.Set(reflect.Append(slice, reflect.Zero(slice.Type().Elem())))
	return slice.Index(slice.Len() - 1).Addr().Interface()
}

// removeLast removes the last element of the slice at a pointer.
func removeLast(list any) {
	slice := reflect.ValueOf(list).Elem()
	slice.Set(slice.Slice(0, slice.Len()-1))
}

// durations reads a list of durations, which the rule itself checks.
func (o *object) durations(k *key) (list []disturbance.Duration) {
	for _, text := range o.texts(k) {
		if d := o.parseDuration(k, text); d != nil {
			list = append(list, *d)
		}
	}
	return list
}

// durationFromZero reads a duration, which may be zero. It returns nil without one.
func (o *object) durationFromZero(k *key) *disturbance.Duration {
	text := o.anyScalar(k.name)
	if !text.given {
		return nil
	}
	return o.parseDuration(k, text)
}

func (o *object) parseDuration(k *key, text located[string]) *disturbance.Duration {
	d, err := time.ParseDuration(text.value)
	if err != nil {
		o.add(text.at, "", "%s is a time span such as 5s, 1m30s or 500ms, got %q", k.name, text.value)
		return nil
	}
	return new(disturbance.Duration(d))
}
