package store

import (
	"encoding/json"
	"time"
)

// appendEventJSON appends the JSON of an event, as encoding/json would write it: each attach has an event,
// and reflection takes several times as long as this.
func appendEventJSON(text []byte, e *Event) ([]byte, error) {
	w := jsonObject{text: append(text, '{')}
	w.time("at", e.At)
	w.field("account_id", e.AccountID)
	w.field("request_id", e.RequestID)
	w.field("caller", e.Caller)
	w.optional("user_name", e.UserName)
	w.field("action", e.Action)
	w.field("outcome", e.Outcome)
	w.optional("fault", e.Fault)
	for k, id := range e.Resources {
		w.element("resources", k)
		w.string(id)
	}
	w.endArray(len(e.Resources))
	for k, c := range e.Changes {
		w.element("changes", k)
		w.change(c)
	}
	w.endArray(len(e.Changes))
	if e.Why != nil {
		w.name("why")
		w.text = append(w.text, e.Why...)
	}
	return append(w.text, '}'), w.err
}

// jsonObject writes the fields of a JSON object.
type jsonObject struct {
	text []byte
	err  error
}

func (w *jsonObject) change(c Change) {
	w.text = append(w.text, '{')
	w.field("resource", c.Resource)
	w.field("field", c.Field)
	w.field("from", c.From)
	w.field("to", c.To)
	w.optional("then", c.Then)
	if c.DueAt != nil {
		w.time("due_at", *c.DueAt)
	}
	w.text = append(w.text, '}')
}

// name writes the name of a field, which needs no escapes.
func (w *jsonObject) name(name string) {
	if w.text[len(w.text)-1] != '{' {
		w.text = append(w.text, ',')
	}
	w.text = append(append(append(w.text, '"'), name...), `":`...)
}

func (w *jsonObject) field(name, value string) {
	w.name(name)
	w.string(value)
}

// optional writes a field, or nothing if its value is "".
func (w *jsonObject) optional(name, value string) {
	if value != "" {
		w.field(name, value)
	}
}

// time writes a time, or nothing if it is zero.
func (w *jsonObject) time(name string, value time.Time) {
	if !value.IsZero() {
		w.name(name)
		w.text = append(value.AppendFormat(append(w.text, '"'), time.RFC3339Nano), '"')
	}
}

// element begins element k of an array, and the array with its first one.
func (w *jsonObject) element(name string, k int) {
	if k > 0 {
		w.text = append(w.text, ',')
		return
	}
	w.name(name)
	w.text = append(w.text, '[')
}

// endArray ends an array of n elements. One of none is left out.
func (w *jsonObject) endArray(n int) {
	if n > 0 {
		w.text = append(w.text, ']')
	}
}

// string writes a string. Most have only characters that stand for themselves.
func (w *jsonObject) string(value string) {
	if isPlain(value) {
		w.text = append(append(append(w.text, '"'), value...), '"')
		return
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		w.err = err
	}
	w.text = append(w.text, encoded...)
}

// isPlain reports whether a text has only characters that stand for themselves in JSON, whatever writes it.
func isPlain(text string) bool {
	for k := range len(text) {
		switch c := text[k]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&', c == '/':
			return false
		}
	}
	return true
}
