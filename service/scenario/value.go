package scenario

import (
	"bytes"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store/world"
)

// The values of keys are the fields of entries. A field has one of the types below, or is a mapping
// or a list of entries. Fields whose position or presence is not needed have plain types.

// stated returns a value that a file has.
func stated[T any](value T) located[T] { return located[T]{value: value, given: true} }

// optional returns a value that a file has unless it is nil.
func optional[T any](value *T) located[T] {
	if value == nil {
		return located[T]{}
	}
	return stated(*value)
}

// unless returns a value that a file has unless it is what the file means without it.
func unless[T comparable](value, implied T) located[T] {
	return located[T]{value: value, given: value != implied}
}

// statedAll returns a list of texts for a file.
func statedAll(texts []string) []located[string] {
	out := make([]located[string], len(texts))
	for i, text := range texts {
		out[i] = stated(text)
	}
	return out
}

// setDefault sets a value to the default of its key.
func (k *key) setDefault(into any) {
	switch v := into.(type) {
	case *located[string]:
		v.value, _ = k.defaultValue.(string)
	case *string:
		*v, _ = k.defaultValue.(string)
	case *located[int]:
		v.value, _ = k.defaultValue.(int)
	case *int:
		*v, _ = k.defaultValue.(int)
	case *bool:
		*v = k.defaultValue.(bool) != k.inverted
	case *copies:
		v.count = 1
	default:
		if k.kind == kindMapping {
			k.clear(into)
		}
	}
}

// isWritten reports whether a file must have the value of a key. It need not have the default.
func (k *key) isWritten(value any) bool {
	switch v := value.(type) {
	case *located[string]:
		return v.given || k.absent == "" && v.value != k.defaultText()
	case *string:
		return *v != k.defaultText()
	case *located[int]:
		return v.given
	case *int:
		return *v != k.defaultValue
	case *copies:
		return v.counted
	case *bool:
		return *v != k.inverted != k.defaultValue
	case *located[time.Duration]:
		return v.given
	case **time.Time:
		return *v != nil
	case *located[netip.Prefix]:
		return v.given
	case *[]located[string]:
		return len(*v) > 0
	case *map[string]string:
		return len(*v) > 0
	case **int:
		return *v != nil
	case *int64:
		return *v != 0
	case **float64:
		return *v != nil
	case **disturbance.Duration:
		return *v != nil
	case *disturbance.Duration:
		return *v != 0
	case *[]disturbance.Duration:
		return len(*v) > 0
	}
	switch k.kind {
	case kindMapping:
		return slices.ContainsFunc(k.of.written, func(inner *key) bool { return inner.isWritten(inner.field(value)) })
	case kindList:
		for range k.each(value) {
			return true
		}
		return false
	default:
		return true
	}
}

func (k *key) defaultText() string {
	text, _ := k.defaultValue.(string)
	return text
}

// appendValue writes the value of a key on the current line.
func (k *key) appendValue(out *bytes.Buffer, value any) {
	switch v := value.(type) {
	case *located[string]:
		appendText(out, v.value)
	case *string:
		appendText(out, *v)
	case *located[int]:
		out.WriteString(strconv.Itoa(v.value))
	case *int:
		out.WriteString(strconv.Itoa(*v))
	case *copies:
		out.WriteString(strconv.Itoa(v.count))
	case *float64:
		out.WriteString(strconv.FormatFloat(*v, 'f', -1, 64))
	case *bool:
		out.WriteString(strconv.FormatBool(*v != k.inverted))
	case *located[time.Duration]:
		if isNever(*v) {
			out.WriteString(never)
			return
		}
		out.WriteString(v.value.String())
	case **time.Time:
		out.WriteString((*v).UTC().Format(time.RFC3339Nano))
	case *located[netip.Prefix]:
		appendText(out, v.value.String())
	case *[]located[string]:
		appendSeries(out, "[", "]", slices.Values(*v), func(text located[string]) { appendText(out, text.value) })
	case *map[string]string:
		appendSeries(out, "{", "}", slices.Values(sortedKeys(*v)), func(name string) {
			appendText(out, name)
			out.WriteString(": ")
			appendText(out, (*v)[name])
		})
	case **int:
		out.WriteString(strconv.Itoa(**v))
	case *int64:
		out.WriteString(strconv.FormatInt(*v, 10))
	case **float64:
		out.WriteString(strconv.FormatFloat(**v, 'f', -1, 64))
	case **disturbance.Duration:
		out.WriteString((*v).String())
	case *disturbance.Duration:
		out.WriteString(v.String())
	case *[]disturbance.Duration:
		appendSeries(out, "[", "]", slices.Values(*v), func(d disturbance.Duration) { out.WriteString(d.String()) })
	default:
		if k.kind == kindMapping {
			k.of.appendFlow(out, value)
			return
		}
		appendSeries(out, "[", "]", k.each(value), func(entry any) { k.of.appendFlow(out, entry) })
	}
}

// isPresent reports whether an entry has a value for a key: the file's, or an implied one.
func (k *key) isPresent(value any) bool {
	switch v := value.(type) {
	case *located[string]:
		return v.given || v.value != "" || k.absent == ""
	case *located[int]:
		return v.given || v.value != 0
	case *located[time.Duration]:
		return v.given
	case **time.Time:
		return *v != nil
	case *located[netip.Prefix]:
		return v.given
	case **int:
		return *v != nil
	case **float64:
		return *v != nil
	case **disturbance.Duration:
		return *v != nil
	}
	return k.kind != kindMapping || k.absent == "" || k.isWritten(value)
}

// noValue stands for a value that an entry does not have.
const noValue = "none"

// format returns a value in its form in a file.
func (k *key) format(value any) string {
	if !k.isPresent(value) {
		return noValue
	}
	var out bytes.Buffer
	k.appendValue(&out, value)
	return out.String()
}

// equal reports whether two values have the same form in a file.
func (k *key) equal(a, b any) bool {
	if k.isPresent(a) != k.isPresent(b) {
		return false
	}
	switch a := a.(type) {
	case *located[string]:
		return a.value == b.(*located[string]).value
	case *string:
		return *a == *b.(*string)
	case *located[int]:
		return a.value == b.(*located[int]).value
	case *int:
		return *a == *b.(*int)
	case *bool:
		return *a == *b.(*bool)
	case *[]located[string]:
		same := func(a, b located[string]) bool { return a.value == b.value }
		return slices.EqualFunc(*a, *b.(*[]located[string]), same)
	case *map[string]string:
		return maps.Equal(*a, *b.(*map[string]string))
	}
	return k.format(a) == k.format(b)
}

// never is the time span that does not end.
const never = "never"

func isNever(span located[time.Duration]) bool { return span.given && span.value == world.Never }
