package history

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"
)

// flushSize is the number of buffered bytes at which the buffer is written to the file. It is
// written in whole lines.
const flushSize = 64 << 10

// Call is a request that a client is about to send.
type Call struct {
	// The number of the client. A client sends one call at a time, unless the outcome of its last
	// call is unknown.
	Client    int
	Action    string
	Account   string // "" in a history of one account
	Instance  string // "" for a describe
	Interface string // "" for a creation and a list
	// The rest is for a Change.
	VSwitch   string
	Token     string
	Addresses []string // the addresses that the call names
	Count     int
}

// Writer writes a history while it happens. Any number of goroutines may use it. It encodes its
// lines by hand, because a load of 10,000 requests a second shares a core with it. After the first
// error of the file it writes nothing more; Close returns that error.
type Writer struct {
	mu      sync.Mutex
	file    io.Writer
	buffer  []byte
	started time.Time
	ops     int
	err     error
}

// NewWriter starts a history. The clock of its events is 0 now; h.StartedAt is ignored. The caller
// closes the Writer first and then the file.
func NewWriter(file io.Writer, h Header) *Writer {
	w := &Writer{file: file, buffer: make([]byte, 0, 2*flushSize), started: time.Now()}
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

// Instance writes the state of an instance at the start. Instances and interfaces come before the
// first call.
func (w *Writer) Instance(i Instance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := appendText(w.buffer, `{"type":"instance","id":`, i.ID)
	if i.Account != "" {
		b = appendText(b, `,"account":`, i.Account)
	}
	b = appendNumber(b, `,"limit":`, i.Limit)
	b = appendNumber(b, `,"held":`, i.Held)
	w.endLine(b)
}

// Interface writes the state of an interface at the start.
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
	w.endLine(b)
}

// Quota writes the quota of the account at the start.
func (w *Writer) Quota(q Quota) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := appendNumber(append(w.buffer, `{"type":"quota"`...), `,"limit":`, q.Limit)
	w.endLine(appendNumber(b, `,"held":`, q.Held))
}

// VSwitch writes the state of a VSwitch at the start.
func (w *Writer) VSwitch(v VSwitch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := appendText(w.buffer, `{"type":"vswitch","id":`, v.ID)
	b = appendNumber(b, `,"capacity":`, v.Capacity)
	w.endLine(appendNumber(b, `,"held":`, v.Held))
}

// Invoke writes that a client is about to send a call. It returns the number of the operation,
// which the caller passes to the method for its outcome.
func (w *Writer) Invoke(c Call) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ops++
	b := w.startEvent("invoke", w.ops)
	b = appendNumber(b, `,"client":`, c.Client)
	b = appendText(b, `,"action":`, c.Action)
	if c.Account != "" {
		b = appendText(b, `,"account":`, c.Account)
	}
	if c.Instance != "" {
		b = appendText(b, `,"instance":`, c.Instance)
	}
	if c.Interface != "" {
		b = appendText(b, `,"interface":`, c.Interface)
	}
	if c.VSwitch != "" {
		b = appendText(b, `,"vswitch":`, c.VSwitch)
	}
	if c.Token != "" {
		b = appendText(b, `,"token":`, c.Token)
	}
	b = appendAddresses(b, c.Addresses)
	if c.Count != 0 {
		b = appendNumber(b, `,"count":`, c.Count)
	}
	w.endLine(b)
	return w.ops
}

// OK writes that a call was answered with 200, in which nothing matters but that.
func (w *Writer) OK(op int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endLine(w.startEvent("ok", op))
}

// Described writes the answer of a describe: the status of its interface, "" if it was not listed,
// and the id of its instance, "" if it has none.
func (w *Writer) Described(op int, status, instance string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := appendText(w.startEvent("ok", op), `,"status":`, status)
	if instance != "" {
		b = appendText(b, `,"instance":`, instance)
	}
	w.endLine(b)
}

// Changed writes that a creation or an assignment was answered with 200: the id of the interface, and
// the addresses that it got. The id is written only for a creation; "" leaves it out.
func (w *Writer) Changed(op int, eni string, addresses []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.startEvent("ok", op)
	if eni != "" {
		b = appendText(b, `,"interface":`, eni)
	}
	w.endLine(appendAddresses(b, addresses))
}

// Listed writes the answer of a list of the interfaces of a VSwitch.
func (w *Writer) Listed(op int, found []Found) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if found == nil {
		found = []Found{} // encoded as []
	}
	text, _ := json.Marshal(found) // strings can always be encoded
	w.endLine(append(append(w.startEvent("ok", op), `,"found":`...), text...))
}

// Fail writes that the API refused an operation with a 4xx and a code.
func (w *Writer) Fail(op int, code string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endLine(appendText(w.startEvent("fail", op), `,"code":`, code))
}

// Unknown writes that the outcome of an operation is not known: there was no answer, or a 5xx. The
// reason is for people.
func (w *Writer) Unknown(op int, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endLine(appendText(w.startEvent("unknown", op), `,"error":`, reason))
}

// Close writes the rest of the buffer and returns the first error of the file. Read takes
// operations without an outcome for unknown.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flush()
	if w.err != nil {
		return fmt.Errorf("the history breaks off: %w", w.err)
	}
	return nil
}

// startEvent returns the buffer with the start of an event's line. The caller holds the lock, so
// the order of the lines is the order of their times.
func (w *Writer) startEvent(kind string, op int) []byte {
	b := w.buffer
	b = append(b, `{"type":"`...)
	b = append(b, kind...)
	b = appendNumber(b, `","op":`, op)
	b = append(b, `,"time":`...)
	return strconv.AppendInt(b, int64(time.Since(w.started)), 10)
}

// endLine ends a line and keeps the buffer. It writes the buffer to the file when it is large
// enough.
func (w *Writer) endLine(b []byte) {
	b = append(b, "}\n"...)
	w.buffer = b
	if len(w.buffer) >= flushSize {
		w.flush()
	}
}

// flush writes the buffer to the file, unless an earlier write failed.
func (w *Writer) flush() {
	if w.err == nil {
		_, w.err = w.file.Write(w.buffer)
	}
	w.buffer = w.buffer[:0]
}

// appendNumber appends a key and a number.
func appendNumber(b []byte, key string, n int) []byte {
	return strconv.AppendInt(append(b, key...), int64(n), 10)
}

// appendAddresses appends the addresses of a call or an answer, if there are any.
func appendAddresses(b []byte, addresses []string) []byte {
	for k, a := range addresses {
		key := `,`
		if k == 0 {
			key = `,"addresses":[`
		}
		b = appendText(b, key, a)
	}
	if len(addresses) > 0 {
		b = append(b, ']')
	}
	return b
}

// appendText appends a key and a string. Ids and codes need no escapes; any string that needs them
// is encoded by encoding/json.
func appendText(b []byte, key, s string) []byte {
	b = append(b, key...)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string can always be encoded
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
