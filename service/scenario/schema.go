package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Schema returns the format as a JSON Schema (2020-12), for editors. It accepts every file that
// Parse accepts. What it cannot express, such as that a named VSwitch must exist, only Parse
// checks.
func Schema() []byte {
	defs := properties{}
	var define func(m *mapping)
	define = func(m *mapping) {
		for i := range m.keys {
			if of := m.keys[i].of; of != nil && !defs.has(of.name) {
				defs = append(defs, property{of.name, of.schema()})
				define(of)
			}
		}
	}
	define(&documentMapping.mapping)
	root := documentMapping.schema()
	root.Dialect, root.Title, root.Defs = "https://json-schema.org/draft/2020-12/schema", "enisim scenario", defs
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		panic(fmt.Sprintf("scenario: the schema does not encode: %v", err)) // it is made of constants
	}
	return out.Bytes()
}

// objectSchema is the schema of a mapping.
type objectSchema struct {
	Dialect     string     `json:"$schema,omitempty"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Type        string     `json:"type"`
	Required    []string   `json:"required,omitempty"`
	Properties  properties `json:"properties"`
	Additional  bool       `json:"additionalProperties"`
	AllOf       []any      `json:"allOf,omitempty"`
	Defs        properties `json:"$defs,omitempty"`
}

func (m *mapping) schema() objectSchema {
	s := objectSchema{Description: m.about, Type: "object", AllOf: m.rules}
	if len(m.needs) > 0 {
		required := dict{}
		for _, n := range m.needs {
			required[n.key] = []string{n.other}
		}
		s.AllOf = append([]any{dict{"dependentRequired": required}}, m.rules...)
	}
	for i := range m.keys {
		k := &m.keys[i]
		if k.required {
			s.Required = append(s.Required, k.name)
		}
		s.Properties = append(s.Properties, property{k.name, k.schema()})
	}
	return s
}

// keySchema is the schema of a key's value.
type keySchema struct {
	Description   string   `json:"description,omitempty"`
	Type          any      `json:"type,omitempty"`
	Enum          []string `json:"enum,omitempty"`
	Pattern       string   `json:"pattern,omitempty"`
	Format        string   `json:"format,omitempty"`
	Minimum       *int     `json:"minimum,omitempty"`
	Maximum       *int     `json:"maximum,omitempty"`
	MinItems      int      `json:"minItems,omitempty"`
	Items         any      `json:"items,omitempty"`
	MaxProperties int      `json:"maxProperties,omitempty"`
	Additional    any      `json:"additionalProperties,omitempty"`
	Ref           string   `json:"$ref,omitempty"`
	Default       any      `json:"default,omitempty"`
}

// anyText is the type of a text: digits count as one without quotes.
var anyText = []string{"string", "number"}

func (k *key) schema() keySchema {
	s := keySchema{Description: k.description(), Default: k.defaultValue}
	switch k.kind {
	case kindText:
		s.Type, s.Pattern = anyText, k.pattern
	case kindChoice:
		s.Enum = k.words
	case kindInteger:
		s.Type, s.Minimum, s.Maximum = "integer", &k.min, &k.max
	case kindNumber:
		s.Type, s.Minimum = "number", new(0)
	case kindBoolean:
		s.Type = "boolean"
	case kindDuration:
		s.Type, s.Pattern = "string", spanForm
		if k.endless {
			s.Pattern = endlessForm
		}
	case kindTime:
		s.Type, s.Pattern, s.Format = "string", timeForm, "date-time"
	case kindIPv4Block:
		s.Type, s.Pattern = "string", blockForm(`[0-9]{1,3}(\.[0-9]{1,3}){3}`, k.min, k.max)
	case kindIPv6Block:
		s.Type, s.Pattern = "string", blockForm(`[0-9A-Fa-f:.]+`, k.min, k.max)
	case kindTexts:
		s.Type, s.Items = k.listType(), keySchema{Type: anyText, Pattern: k.pattern}
		if k.nonEmpty {
			s.MinItems = 1
		}
	case kindTags:
		s.Type, s.MaxProperties, s.Additional = []string{"object", "null"}, maxTags, keySchema{Type: anyText}
	case kindMapping:
		s.Ref = k.of.ref()
	case kindList:
		s.Type, s.Items = k.listType(), keySchema{Ref: k.of.ref()}
	}
	return s
}

// listType returns the type of a list. A key without a value is an empty list.
func (k *key) listType() any {
	if k.nonEmpty {
		return "array"
	}
	return []string{"array", "null"}
}

func (m *mapping) ref() string { return "#/$defs/" + m.name }

// properties is a JSON object that keeps its order.
type properties []property

type property struct {
	name  string
	value any
}

func (ps properties) has(name string) bool {
	for _, p := range ps {
		if p.name == name {
			return true
		}
	}
	return false
}

// MarshalJSON writes the properties in their order.
func (ps properties) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	for i, p := range ps {
		separator := byte(',')
		if i == 0 {
			separator = '{'
		}
		out.WriteByte(separator)
		name, err := json.Marshal(p.name)
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(p.value); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}
