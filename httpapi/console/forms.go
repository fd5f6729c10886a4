package console

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"enisim.alt/service/disturbance"
)

// The kinds of fields.
const (
	textField   = "text"
	checkField  = "check"
	selectField = "select"
	groupField  = "group" // fields of its own
)

// formField is an input of a form, for a key of the JSON value that the form makes. Forms are made from the
// tags of the value's type, so each key has an input.
type formField struct {
	Name      string // the path of the key, such as when.first
	Label     string
	Hint      string
	Kind      string
	Options   []string // of a select
	Required  bool
	Value     string // of the input
	IsInvalid bool   // the value is what an error is about
	Fields    []formField

	isNumber, isList bool
}

// rowsOfList is how many items of a list of objects a form has inputs for.
const rowsOfList = 3

// ID returns the id of the input's element.
func (f formField) ID() string { return "f-" + strings.ReplaceAll(f.Name, ".", "-") }

// IsSet reports whether the field, or one of its own fields, has a value.
func (f formField) IsSet() bool {
	for _, inner := range f.Fields {
		if inner.IsSet() {
			return true
		}
	}
	return f.Value != "" || f.IsInvalid
}

// formFields returns the inputs for a type. The id of a rule has none, because the server gives it.
func formFields(t reflect.Type, prefix string) []formField {
	var fields []formField
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous:
			fields = append(fields, formFields(f.Type, prefix)...)
		case name != "" && name != "-" && name != "id":
			field := newFormField(f.Type, prefix+name)
			field.Label, field.Hint = strings.ReplaceAll(name, "_", " "), f.Tag.Get("description")
			field.Required = options == "" && field.Kind != groupField
			if enum := f.Tag.Get("enum"); enum != "" {
				field.Kind, field.Options = selectField, strings.Split(enum, ",")
			}
			fields = append(fields, field)
		}
	}
	return fields
}

// newFormField returns the input for a key of a type, without its texts.
func newFormField(t reflect.Type, name string) formField {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	field := formField{Name: name, Kind: textField}
	switch {
	case t == reflect.TypeFor[time.Time](), t == reflect.TypeFor[disturbance.Duration]():
	case t.Kind() == reflect.Bool:
		field.Kind = checkField
	case t.Kind() == reflect.Struct:
		field.Kind, field.Fields = groupField, formFields(t, name+".")
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		field.Kind, field.isList = groupField, true
		for k := range rowsOfList {
			item := newFormField(t.Elem(), name+"."+strconv.Itoa(k))
			item.Label = strconv.Itoa(k + 1)
			for i := range item.Fields {
				item.Fields[i].Required = false // of an item that is given at all
			}
			field.Fields = append(field.Fields, item)
		}
	case t.Kind() == reflect.Slice:
		field.isList = true
	case t.Kind() != reflect.String:
		field.isNumber = true
	}
	return field
}

// fill gives fields the values of a form.
func fill(fields []formField, form url.Values) {
	for i := range fields {
		fields[i].Value = strings.TrimSpace(form.Get(fields[i].Name))
		fill(fields[i].Fields, form)
	}
}

// mark marks the field that an error is about: its text begins with the field's name.
func mark(fields []formField, problem string) {
	for i, f := range fields {
		if f.Kind == groupField {
			mark(fields[i].Fields, problem)
			continue
		}
		name := f.Name
		rest, ok := strings.CutPrefix(problem, name)
		if !ok { // as in limits[0].action
			parts := strings.SplitN(name, ".", 3)
			if len(parts) == 3 {
				rest, ok = strings.CutPrefix(problem, parts[0]+"["+parts[1]+"]."+parts[2])
			}
		}
		fields[i].IsInvalid = ok && strings.IndexAny(rest, " :") == 0
	}
}

// object returns the JSON object that filled fields make. Fields without a value are left out.
func object(fields []formField) map[string]any {
	all := map[string]any{}
	for _, f := range fields {
		key := f.Name[strings.LastIndexByte(f.Name, '.')+1:]
		switch {
		case f.Kind == groupField && f.isList:
			var items []any
			for _, item := range f.Fields {
				if inner := object(item.Fields); len(inner) > 0 {
					items = append(items, inner)
				}
			}
			if items != nil {
				all[key] = items
			}
		case f.Kind == groupField:
			if inner := object(f.Fields); len(inner) > 0 {
				all[key] = inner
			}
		case f.Value == "":
		case f.Kind == checkField:
			all[key] = true
		case f.isList:
			items := []string{}
			for item := range strings.SplitSeq(f.Value, ",") {
				items = append(items, strings.TrimSpace(item))
			}
			all[key] = items
		case f.isNumber && json.Valid([]byte(f.Value)) && strings.Trim(f.Value[:1], "-0123456789") == "":
			all[key] = json.RawMessage(f.Value)
		default:
			// A number that is none too: then reading the object explains what belongs there.
			all[key] = f.Value
		}
	}
	return all
}

// decodeForm reads the value that filled fields make. An error says what is wrong and what was meant.
func decodeForm(fields []formField, into any) error {
	text, err := json.Marshal(object(fields))
	if err != nil {
		return err // does not happen: numbers are checked, all else is texts
	}
	return disturbance.Decode(text, into)
}
