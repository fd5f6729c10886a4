package history

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"
)

// flushAt is the size of the buffer, in bytes, from which whole lines go to the file.
const flushAt = 64 << 10

// Call is what a client asks for.
type Call struct {
	Client    int // who asks: one call at a time, unless the outcome of the one before is unknown
	Action    string
	Account   string // "" in a history of one account
	Instance  string // "" for a describe
	Interface string
}

// Writer writes a history as it happens. Any number of goroutines may use it; its lines are made by hand, because a load of 10,000 requests a second shares a
// core with it. An error of the file is kept for Close, and nothing is written after it.
type Writer struct {
	mu      sync.Mutex
	file    io.Writer
	buffer  []byte
	started time.Time
	ops     int
	err     error
}

// NewWriter begins a history; its clock stands at 0 now, whatever h.StartedAt says. Close it, then the file.
func NewWriter(file io.Writer, h Header) *Writer {
	w := &Writer{file: file, buffer: make([]byte, 0, 2*flushAt), started: time.Now()}
	b := w.buffer
	b = append(b, `{"enisim_history":`...)
	b = strconv.AppendInt(b, version, 10)
	b = appendText(b, `,"started_at":`, w.started.UTC().Format(time.RFC3339Nano))
	if h.Note != "" {
		b = appendText(b, `,"note":`, h.Note)
	}
	if h.Seed != 0 {
		b = append(b, `,"seed":`...)
		b = strconv.AppendUint(b, h.Seed, 10)
	}
	b = append(b, "}\n"...)
	w.buffer = b
	return w
}

// Instance tells how an instance stands at the start. Instances and interfaces come before the first call.
func (w *Writer) Instance(i Instance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := appendText(w.buffer, `{"type":"instance","id":`, i.ID)
	if i.Account != "" {
		b = appendText(b, `,"account":`, i.Account)
	}
	b = appendNumber(b, `,"limit":`, i.Limit)
	b = appendNumber(b, `,"held":`, i.Held)
	w.end(b)
}

// Interface tells how an interface stands at the start.
func (w *Writer) Interface(n Interface) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := appendText(w.buffer, `{"type":"interface","id":`, n.ID)
	if n.Account != "" {
		b = appendText(b, `,"account":`, n.Account)
	}
	if n.Instance != "" {
		b = appendText(b, `,"instance":`, n.Instance)
	}
	w.end(b)
}

// Invoke tells that a client is about to send a call. It returns the number of the operation, for the one method that will tell its outcome.
func (w *Writer) Invoke(c Call) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ops++
	b := w.event("invoke", w.ops)
	b = appendNumber(b, `,"client":`, c.Client)
	b = appendText(b, `,"action":`, c.Action)
	if c.Account != "" {
		b = appendText(b, `,"account":`, c.Account)
	}
	if c.Instance != "" {
		b = appendText(b, `,"instance":`, c.Instance)
	}
	b = appendText(b, `,"interface":`, c.Interface)
	w.end(b)
	return w.ops
}

// OK tells that an attach or a detach was answered with 200.
func (w *Writer) OK(op int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end(w.event("ok", op))
}

// Described tells what a describe said of its interface: its status, "" if it was not listed, and the id of the instance that it is on, "" if on none.
func (w *Writer) Described(op int, status, instance string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := appendText(w.event("ok", op), `,"status":`, status)
	if instance != "" {
		b = appendText(b, `,"instance":`, instance)
	}
	w.end(b)
}

// Fail tells that the API refused an operation, with a 4xx and its code.
func (w *Writer) Fail(op int, code string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end(appendText(w.event("fail", op), `,"code":`, code))
}

// Unknown tells that nobody knows whether an operation was done: no answer, or a 5xx. The reason is for people.
func (w *Writer) Unknown(op int, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end(appendText(w.event("unknown", op), `,"error":`, reason))
}

// Close writes what is still in the buffer, and returns the first error of the file. Operations without an outcome are unknown to who reads it.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flush()
	if w.err != nil {
		return fmt.Errorf("the history breaks off: %w", w.err)
	}
	return nil
}

// event begins the line of an event, which happens now.
func (w *Writer) event(kind string, op int) []byte {
	b := w.buffer
	b = append(b, `{"type":"`...)
	b = append(b, kind...)
	b = appendNumber(b, `","op":`, op)
	b = append(b, `,"time":`...)
	return strconv.AppendInt(b, int64(time.Since(w.started)), 10)
}

// end ends a line.
func (w *Writer) end(b []byte) {
	b = append(b, "}\n"...)
	w.buffer = b
	if len(w.buffer) >= flushAt {
		w.flush()
	}
}

func (w *Writer) flush() {
	if w.err == nil {
		_, w.err = w.file.Write(w.buffer)
	}
	w.buffer = w.buffer[:0]
}

func appendNumber(b []byte, key string, n int) []byte {
	return strconv.AppendInt(append(b, key...), int64(n), 10)
}

// appendText appends a key and a string. Ids and codes need no escapes; what does is left to encoding/json.
func appendText(b []byte, key, s string) []byte {
	b = append(b, key...)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always has a form
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
