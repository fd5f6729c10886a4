package history_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"enisim.alt/cmd/enisim/history"
)

// read reads a history that must be valid.
func read(t *testing.T, file []byte) *history.History {
	t.Helper()
	h, err := history.Read("test.history", bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// exampleHistory returns a small history with every kind of line that a Writer writes.
func exampleHistory(t *testing.T) []byte {
	t.Helper()
	var file bytes.Buffer
	w := history.NewWriter(&file, history.Header{Note: `a "quoted" note`, Seed: 7})
	w.Instance(history.Instance{ID: "i-1", Limit: 3, Held: 1})
	w.Instance(history.Instance{Account: "1000000000000002", ID: "i-1", Limit: 2, Held: 2})
	w.Interface(history.Interface{ID: "eni-1", Instance: "i-1"})
	w.Interface(history.Interface{Account: "1000000000000002", ID: "eni-1"})
	detach := w.Invoke(history.Call{Client: 1, Action: history.Detach, Instance: "i-1", Interface: "eni-1"})
	describe := w.Invoke(history.Call{Client: 2, Action: history.Describe, Interface: "eni-1"})
	w.OK(detach)
	w.Described(describe, "InUse", "i-1")
	attach := w.Invoke(history.Call{Client: 1, Action: history.Attach, Account: "1000000000000002", Instance: "i-1",
		Interface: "eni-1"})
	w.Fail(attach, "EniPerInstanceLimitExceeded")
	describe = w.Invoke(history.Call{Client: 2, Action: history.Describe, Account: "1000000000000002",
		Interface: "eni-1"})
	w.Described(describe, "", "")
	lost := w.Invoke(history.Call{Client: 1, Action: history.Attach, Instance: "i-1", Interface: "eni-1"})
	w.Unknown(lost, "read: connection reset — \x00\n")
	w.Invoke(history.Call{Client: 2, Action: history.Detach, Instance: "i-1", Interface: "eni-1"})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// Read returns what a Writer wrote.
func TestReadReturnsWhatWriterWrote(t *testing.T) {
	t.Parallel()
	h := read(t, exampleHistory(t))
	if h.Note != `a "quoted" note` || h.Seed != 7 || time.Since(h.StartedAt) > time.Hour {
		t.Errorf("header: got %+v, want that of the example", h.Header)
	}
	if len(h.Instances) != 2 || *h.Instances[0] != (history.Instance{ID: "i-1", Limit: 3, Held: 1}) ||
		*h.Instances[1] != (history.Instance{Account: "1000000000000002", ID: "i-1", Limit: 2, Held: 2}) {
		t.Errorf("instances: got %+v, want those of the example", h.Instances)
	}
	if len(h.Interfaces) != 2 || *h.Interfaces[0] != (history.Interface{ID: "eni-1", Instance: "i-1"}) ||
		*h.Interfaces[1] != (history.Interface{Account: "1000000000000002", ID: "eni-1"}) {
		t.Errorf("interfaces: got %+v, want those of the example", h.Interfaces)
	}
	first, second := h.Interfaces[0], h.Interfaces[1]
	want := []history.Operation{
		{ID: 1, Line: 6, Client: 1, Action: history.Detach, Instance: h.Instances[0], Interface: first,
			Outcome: history.OK},
		{ID: 2, Line: 7, Client: 2, Action: history.Describe, Interface: first, Outcome: history.OK, Status: "InUse",
			On: "i-1"},
		{ID: 3, Line: 10, Client: 1, Action: history.Attach, Instance: h.Instances[1], Interface: second,
			Outcome: history.Fail, Code: "EniPerInstanceLimitExceeded"},
		{ID: 4, Line: 12, Client: 2, Action: history.Describe, Interface: second, Outcome: history.OK},
		{ID: 5, Line: 14, Client: 1, Action: history.Attach, Instance: h.Instances[0], Interface: first,
			Outcome: history.Unknown, Error: "read: connection reset — \x00\n"},
		{ID: 6, Line: 16, Client: 2, Action: history.Detach, Instance: h.Instances[0], Interface: first,
			Outcome: history.Unknown},
	}
	var before time.Duration
	for i, got := range h.Operations {
		if got.Invoked < before || (got.Ended < got.Invoked) != (got.ID == 6) {
			t.Errorf("op %d: got the times %v to %v after %v, want order", got.ID, got.Invoked, got.Ended, before)
		}
		before = got.Invoked
		got.Invoked, got.Ended = 0, 0
		if i >= len(want) || got != want[i] {
			t.Errorf("operation: got %+v, want %+v", got, want[min(i, len(want)-1)])
		}
	}
	if len(h.Operations) != len(want) {
		t.Errorf("got %d operations, want %d", len(h.Operations), len(want))
	}
}

// A file that was cut off at any byte is a history of its complete lines.
func TestReadAcceptsTruncatedFile(t *testing.T) {
	t.Parallel()
	whole := exampleHistory(t)
	first := bytes.IndexByte(whole, '\n')
	for end := first + 1; end < len(whole); end++ {
		h := read(t, whole[:end])
		invokes := bytes.Count(whole[:bytes.LastIndexByte(whole[:end], '\n')], []byte(`"invoke"`))
		if got := len(h.Operations); got != invokes && (got != invokes+1 || whole[end] != '\n') {
			t.Errorf("cut off at byte %d: got %d operations, want %d", end, got, invokes)
		}
	}
}

// When many clients write at once, every operation is complete and the lines are in the order of
// their times.
func TestWriterFromManyClients(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w := history.NewWriter(&file, history.Header{})
	w.Instance(history.Instance{ID: "i-1", Limit: 2})
	w.Interface(history.Interface{ID: "eni-1"})
	const clients, calls = 8, 500
	var workers sync.WaitGroup
	for client := range clients {
		workers.Go(func() {
			for range calls {
				op := w.Invoke(history.Call{Client: client, Action: history.Attach, Instance: "i-1",
					Interface: "eni-1"})
				w.Fail(op, fmt.Sprint("of-client-", client))
			}
		})
	}
	workers.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	h := read(t, file.Bytes())
	if got := len(h.Operations); got != clients*calls {
		t.Errorf("got %d operations, want %d", got, clients*calls)
	}
	var before time.Duration
	for _, op := range h.Operations {
		if op.Code != fmt.Sprint("of-client-", op.Client) || op.Invoked < before || op.Ended < op.Invoked {
			t.Errorf("operation: got %+v after %v, want them in order", op, before)
		}
		before = op.Invoked
	}
}

// fullDisk is a file on a full disk.
type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// Close returns the first error of a write, so that a caller notices an incomplete history.
func TestCloseReturnsWriteError(t *testing.T) {
	t.Parallel()
	w := history.NewWriter(fullDisk{}, history.Header{})
	if err := w.Close(); !errors.Is(err, errFull) {
		t.Errorf("got %v, want %v", err, errFull)
	}
}

// Read reports each mistake with its line and how to correct it.
func TestReadReportsMistakes(t *testing.T) {
	t.Parallel()
	const head = `{"enisim_history":1}` + "\n" + `{"type":"instance","id":"i-1","limit":2}` + "\n" +
		`{"type":"interface","id":"eni-1"}` + "\n"
	const attach = `{"type":"invoke","op":1,"time":5,"action":"AttachNetworkInterface",` +
		`"instance":"i-1","interface":"eni-1"}` + "\n"
	const describe = `{"type":"invoke","op":1,"time":5,"action":"DescribeNetworkInterfaces","interface":"eni-1"}` + "\n"
	for text, want := range map[string]string{
		"":     `f:1: this is no history: the first line must be {"enisim_history":1,...}`,
		"PNG":  `f:1: this is no history: the first line must be {"enisim_history":1,...}`,
		"{}\n": `f:1: this is no history: the first line must be {"enisim_history":1,...}`,
		`{"enisim_history":2}`: `f:1: the history has format 2, and this program reads format 1; use the enisim ` +
			`that wrote it`,
		head + "\n" + attach:  `f:4: not a JSON object on one line: unexpected end of JSON input`,
		head + "{\n" + attach: `f:4: not a JSON object on one line: unexpected end of JSON input`,
		head + `{"op":"one"}`: `f:4: op is a string; it must be a int`,
		head + `{"op":1}`: `f:4: type is missing; it is instance, interface, quota, vswitch, invoke, ok, fail or ` +
			`unknown`,
		head + `{"type":"okay"}`: `f:4: type "okay" is not known; it is instance, interface, quota, vswitch, ` +
			`invoke, ok, fail or unknown`,

		head + `{"type":"instance"}`: `f:4: an instance needs an id`,
		head + `{"type":"instance","id":"i-1","limit":2}`: `f:4: instance i-1 is there already; an instance has ` +
			`one line`,
		head + `{"type":"instance","id":"i-2"}`: `f:4: instance i-2 needs a limit: how many interfaces it may ` +
			`hold, the primary one included`,
		head + `{"type":"instance","id":"i-2","limit":2,"held":3}`: `f:4: instance i-2 has held 3 of limit 2; held ` +
			`is 0 to limit: the interfaces on it that no operation moves`,
		head + attach + `{"type":"instance","id":"i-2","limit":2}`: `f:5: instance i-2 comes after the first ` +
			`invoke; move the line up, it tells how the world stands at the start`,
		head + `{"type":"interface"}`:              `f:4: an interface needs an id`,
		head + `{"type":"interface","id":"eni-1"}`: `f:4: interface eni-1 is there already; an interface has one line`,
		head + attach + `{"type":"interface","id":"eni-2"}`: `f:5: interface eni-2 comes after the first invoke; ` +
			`move the line up, it tells how the world stands at the start`,
		head + `{"type":"interface","id":"eni-2","instance":"i-2"}`: `f:4: instance i-2 has no line of its own ` +
			`before this one; tell how it stands at the start: {"type":"instance","id":"i-2","limit":N,"held":N}`,
		head + `{"type":"invoke","time":1}`: `f:4: invoke needs op, the number of its operation`,
		head + `{"type":"invoke","op":1}`:   `f:4: invoke of op 1 needs time: nanoseconds since the start, 0 or more`,
		head + attach +
			attach: `f:5: op 1 was invoked on line 4; give each ` +
			`operation a number of its own`,
		head + `{"type":"invoke","op":1,"time":1,"action":"RunInstances"}`: `f:4: action "RunInstances" is not ` +
			`known; a history holds AttachNetworkInterface, DetachNetworkInterface, DescribeNetworkInterfaces, ` +
			`CreateNetworkInterface, DeleteNetworkInterface, AssignPrivateIpAddresses, UnassignPrivateIpAddresses`,

		head + strings.Replace(attach, `"instance":"i-1",`, "", 1):    `f:4: AttachNetworkInterface needs an instance`,
		head + strings.Replace(attach, `,"interface":"eni-1"`, "", 1): `f:4: AttachNetworkInterface needs an interface`,
		head + strings.Replace(attach, `i-1`, "i-2", 1): `f:4: instance i-2 has no line of its own before this ` +
			`one; tell how it stands at the start: {"type":"instance","id":"i-2","limit":N,"held":N}`,
		head + strings.Replace(attach, `"eni-1"`, `"eni-1","account":"1"`, 1): `f:4: instance i-1 has no line of ` +
			`its own before this one; tell how it stands at the start: ` +
			`{"type":"instance","id":"i-1","account":"1","limit":N,"held":N}`,
		head + strings.Replace(attach, `eni-1`, "eni-2", 1): `f:4: interface eni-2 has no line of its own before ` +
			`this one; tell how it stands at the start: {"type":"interface","id":"eni-2"}`,
		head + strings.Replace(describe, `"interface"`, `"instance":"i-1","interface"`,
			1): `f:4: DescribeNetworkInterfaces of a history asks for one interface by its id; remove its instance`,

		head + `{"type":"ok","op":1,"time":7}`: `f:4: op 1 has no invoke before this line; an invoke is written ` +
			`before its request is sent`,
		head + attach + `{"type":"ok","time":7}`: `f:5: ok needs op, the number of its operation`,
		head + attach +
			`{"type":"ok","op":1,"time":4}`: `f:5: op 1 ends at 4, before its invoke on line 4; all times of a ` +
			`history are of one monotonic clock`,
		head + attach + `{"type":"ok","op":1,"time":7}` + "\n" +
			`{"type":"unknown","op":1,"time":8}`: `f:6: op 1 has an outcome already; an operation has one`,
		head + attach +
			`{"type":"fail","op":1,"time":7}`: `f:5: op 1 fails without a code; give the API's error code, or ` +
			`write unknown if there is none`,
		head + attach +
			`{"type":"ok","op":1,"time":7,"status":"InUse"}`: `f:5: op 1 is no describe; remove status and instance`,
		head + describe +
			`{"type":"ok","op":1,"time":7,"instance":"i-1"}`: `f:5: op 1 is a describe and says nothing; give ` +
			`"status", which is "" if the interface was not listed`,
	} {
		_, err := history.Read("f", strings.NewReader(text))
		if err == nil || err.Error() != want || !errors.As(err, new(history.Problem)) {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

// Read ignores keys of later versions of the format.
func TestReadIgnoresUnknownKeys(t *testing.T) {
	t.Parallel()
	h := read(t, []byte(`{"enisim_history":1,"server":"x"}
{"type":"instance","id":"i-1","limit":2,"zone":{"id":"h"}}
`))
	if len(h.Instances) != 1 {
		t.Errorf("got %+v, want the known keys", h)
	}
}

// BenchmarkWriter measures the cost of one request for its load generator: an invoke and its
// outcome.
func BenchmarkWriter(b *testing.B) {
	w := history.NewWriter(io.Discard, history.Header{})
	b.ReportAllocs()
	for b.Loop() {
		w.OK(w.Invoke(history.Call{Client: 17, Action: history.Attach, Instance: "i-0123456789abcdef",
			Interface: "eni-0123456789abcdef"}))
	}
}

// BenchmarkRead measures the time to read one operation.
func BenchmarkRead(b *testing.B) {
	var file bytes.Buffer
	w := history.NewWriter(&file, history.Header{})
	w.Instance(history.Instance{ID: "i-0123456789abcdef", Limit: 2})
	w.Interface(history.Interface{ID: "eni-0123456789abcdef"})
	for range b.N {
		w.OK(w.Invoke(history.Call{Client: 17, Action: history.Attach, Instance: "i-0123456789abcdef",
			Interface: "eni-0123456789abcdef"}))
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	if _, err := history.Read("", &file); err != nil {
		b.Fatal(err)
	}
}
