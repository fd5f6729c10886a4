package httpapi

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"enisim.alt/service"
)

// Description describes the actions of one product, in the form of the metadata that the vendor
// publishes for its products: tools that read those can read this. It is derived from the values
// that the simulator itself runs (the requests, their rules and the replies), so it cannot say
// anything else than the simulator does.
type Description struct {
	Version string                       `json:"version"` // of the form: 1.0
	Info    ProductInfo                  `json:"info"`
	APIs    map[string]ActionDescription `json:"apis"` // by the name of the action
}

// ProductInfo names a product.
type ProductInfo struct {
	Style   string `json:"style"` // RPC
	Product string `json:"product"`
	Version string `json:"version"` // the Version of every request
}

// ActionDescription describes one action.
type ActionDescription struct {
	Methods    []string                      `json:"methods"`
	Permission string                        `json:"permission"` // as RAM policies name it
	Idempotent bool                          `json:"idempotent"` // a repeat with its ClientToken gets the first answer
	Parameters []ParameterDescription        `json:"parameters"`
	Responses  map[string]ResponseSchema     `json:"responses"`  // by status: 200
	ErrorCodes map[string][]ErrorDescription `json:"errorCodes"` // by status; of each, in the order of the rules
}

// ParameterDescription describes a parameter of a request. A list is sent as Name.1, Name.2 …
// (style repeatList), or as one JSON array (style json).
type ParameterDescription struct {
	Name   string `json:"name"`
	In     string `json:"in"` // query
	Style  string `json:"style,omitempty"`
	Schema Schema `json:"schema"`
}

// ResponseSchema holds the schema of a reply.
type ResponseSchema struct {
	Schema Schema `json:"schema"`
}

// ErrorDescription is an error that the rules of an action answer. A message may have blanks in the
// form of package fmt.
type ErrorDescription struct {
	Code    string `json:"errorCode"`
	Message string `json:"errorMessage"`
}

// Schema describes a value.
type Schema struct {
	Type       string            `json:"type"` // string, integer, number, boolean, array or object
	Format     string            `json:"format,omitempty"`
	Required   bool              `json:"required,omitempty"`
	Minimum    *int              `json:"minimum,omitempty"`
	Maximum    *int              `json:"maximum,omitempty"`
	Enum       []string          `json:"enum,omitempty"`
	Items      *Schema           `json:"items,omitempty"`
	Properties map[string]Schema `json:"properties,omitempty"`
}

// Descriptions returns the descriptions of all products, in the order of their Versions' look-up.
func Descriptions() []Description {
	table := actionsByVersion()
	all := make([]Description, 0, len(products))
	for _, p := range products {
		d := Description{
			Version: "1.0",
			Info:    ProductInfo{Style: "RPC", Product: p.title, Version: p.version},
			APIs:    map[string]ActionDescription{},
		}
		for name, act := range table[p.version] {
			d.APIs[name] = act.describe()
		}
		all = append(all, d)
	}
	return all
}

// FindDescription returns the description of an action in the product of a Version.
func FindDescription(version, action string) (ActionDescription, bool) {
	act, known := servedActions()[version][action]
	if !known {
		return ActionDescription{}, false
	}
	return act.describe(), true
}

// describe returns the description of an action.
func (a action) describe() ActionDescription {
	d := ActionDescription{
		Methods:    []string{"post", "get"},
		Permission: a.permission,
		Idempotent: a.declared.TakesClientToken(),
		Parameters: a.describeParameters(),
		Responses:  map[string]ResponseSchema{"200": {schemaOf(a.response())}},
		ErrorCodes: map[string][]ErrorDescription{},
	}
	for _, e := range a.declared.Errors() {
		status, described := strconv.Itoa(e.Status), ErrorDescription{e.Code, e.Message}
		if !slices.Contains(d.ErrorCodes[status], described) {
			d.ErrorCodes[status] = append(d.ErrorCodes[status], described)
		}
	}
	return d
}

// describeParameters returns the parameters that an action reads, in the order of its request, with
// what its plain rules demand of them.
func (a action) describeParameters() []ParameterDescription {
	var parameters []ParameterDescription
	for _, f := range parameterFields(a.request) {
		p := ParameterDescription{Name: f.name, In: "query", Schema: schemaOf(f.kind)}
		switch {
		case f.kind == jsonListType:
			p.Style, p.Schema = "json", Schema{Type: "array", Items: &Schema{Type: "string"}}
		case p.Schema.Type == "array":
			p.Style = "repeatList"
		}
		for _, c := range a.declared.Constraints() {
			if c.Parameter == f.name {
				p.Schema.add(c)
			}
		}
		parameters = append(parameters, p)
	}
	return parameters
}

// add adds what a rule demands.
func (s *Schema) add(c service.Constraint) {
	s.Required = s.Required || c.Required
	s.Minimum, s.Maximum = cmp.Or(c.Minimum, s.Minimum), cmp.Or(c.Maximum, s.Maximum)
	if c.Accepted != nil {
		s.Enum = c.Accepted
	}
}

// schemaOf returns the schema of a field of a request or a reply.
func schemaOf(t reflect.Type) Schema {
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.String:
		return Schema{Type: "string"}
	case reflect.Bool:
		return Schema{Type: "boolean"}
	case reflect.Int64:
		return Schema{Type: "integer", Format: "int64"}
	case reflect.Int, reflect.Int32:
		return Schema{Type: "integer", Format: "int32"}
	case reflect.Float32, reflect.Float64:
		return Schema{Type: "number", Format: "float"}
	case reflect.Slice:
		items := schemaOf(t.Elem())
		return Schema{Type: "array", Items: &items}
	case reflect.Struct:
		properties := map[string]Schema{}
		for _, f := range parameterFields(t) {
			properties[f.name] = schemaOf(f.kind)
		}
		return Schema{Type: "object", Properties: properties}
	default:
		panic(fmt.Sprintf("httpapi: no schema for a field of type %v", t))
	}
}

// String renders a description for people: the parameters with what is demanded of them, and the
// errors by status, in the order in which the rules are checked.
func (d ActionDescription) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "permission %s", d.Permission)
	if d.Idempotent {
		out.WriteString("; a repeat with the same ClientToken gets the first answer")
	}
	out.WriteString("\n\nparameters:\n")
	width := 0
	for _, p := range d.Parameters {
		width = max(width, len(p.Spelling()))
	}
	for _, p := range d.Parameters {
		fmt.Fprintf(&out, "  %-*s  %s\n", width, p.Spelling(), p.Demands())
	}
	out.WriteString("\nerrors of its rules:\n")
	for _, status := range slices.Sorted(maps.Keys(d.ErrorCodes)) {
		for _, e := range d.ErrorCodes[status] {
			fmt.Fprintf(&out, "  %s  %s: %s\n", status, e.Code, e.Message)
		}
	}
	return out.String()
}

// Spelling returns how a parameter is written in a request: Tag.N.Key stands for all of Tag.1.Key,
// Tag.2.Key …
func (p ParameterDescription) Spelling() string {
	if p.Style != "repeatList" {
		return p.Name
	}
	return p.Name + ".N"
}

// Demands returns the type of a parameter and what the rules demand of it, in words.
func (p ParameterDescription) Demands() string {
	words := []string{p.Schema.Type}
	switch s := p.Schema; {
	case p.Style == "json":
		words[0] = "JSON array of texts"
	case s.Items != nil && s.Items.Properties != nil:
		words[0] = "list of objects with " + strings.Join(slices.Sorted(maps.Keys(s.Items.Properties)), ", ")
	case s.Items != nil:
		words[0] = "list of " + s.Items.Type + "s"
	case s.Properties != nil:
		words[0] = "object with " + strings.Join(slices.Sorted(maps.Keys(s.Properties)), ", ")
	}
	if p.Schema.Required {
		words = append(words, "required")
	}
	switch low, high := p.Schema.Minimum, p.Schema.Maximum; {
	case low != nil && high != nil:
		words = append(words, fmt.Sprintf("%d to %d", *low, *high))
	case low != nil:
		words = append(words, fmt.Sprintf("at least %d", *low))
	}
	if p.Schema.Enum != nil {
		words = append(words, "one of "+strings.Join(p.Schema.Enum, ", "))
	}
	return strings.Join(words, "; ")
}
