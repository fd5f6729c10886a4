package disturbance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"enisim.alt/service/match"
)

// Decode reads one JSON value. An unknown key is an error with the key that was probably meant,
// because otherwise a misspelt one would be ignored.
func Decode(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		_, err = decoder.Token()
		switch {
		case err == nil:
			return errors.New("more than one value")
		case errors.Is(err, io.EOF):
			if into, ok := into.(interface{ checkText(text []byte) error }); ok {
				return into.checkText(text)
			}
			return nil
		}
	}
	return explain(err, reflect.TypeOf(into))
}

// explain returns the error of a decoder in plain words.
func explain(err error, into reflect.Type) error {
	text := strings.TrimPrefix(err.Error(), "json: ")
	if quoted, ok := strings.CutPrefix(text, "unknown field "); ok {
		key := strings.Trim(quoted, `"`)
		known := keysOf(into, nil)
		if hint := match.DidYouMean(key, known); hint != "" {
			return fmt.Errorf("unknown key %q: %s", key, hint)
		}
		if len(known) > 0 {
			return fmt.Errorf("unknown key %q; the keys are %s", key, strings.Join(known, ", "))
		}
		return fmt.Errorf("unknown key %q", key)
	}
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		return fmt.Errorf("%s is %s, and not %s",
			cmp.Or(wrong.Field, "it"), kindName(wrong.Type), valueName(wrong.Value))
	}
	if wrong := new(time.ParseError); errors.As(err, &wrong) {
		return fmt.Errorf("a time is a text such as \"2026-01-31T12:00:00Z\", got %q", wrong.Value)
	}
	return errors.New(text)
}

// kindName returns the name of a JSON type with its article.
func kindName(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float64:
		return "a number"
	}
	return "a whole number of 64 bits"
}

// valueName returns a decoder's name of a JSON value with its article.
func valueName(value string) string {
	value = strings.TrimPrefix(value, "number ") // a number that does not fit
	switch value {
	case "number", "string":
		return "a " + value
	case "array", "object":
		return "an " + value
	case "bool":
		return "true or false"
	}
	return value
}

// keysOf returns the keys of a type and of the types within it, each once.
func keysOf(t reflect.Type, keys []string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return keys
	}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" && !slices.Contains(keys, name) {
			keys = append(keys, name)
		}
		keys = keysOf(field.Type, keys)
	}
	return keys
}
