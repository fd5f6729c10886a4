package disturbance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"enisim/service/match"
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
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) && wrong.Field != "" {
		return fmt.Errorf("%s is %s, and not a %s", wrong.Field, kindName(wrong.Type), wrong.Value)
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
	}
	return "a number"
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
