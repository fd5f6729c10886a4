package check

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/service"
	"enisim.alt/store"
)

// testCall is a call of a test's history. from and to are in milliseconds; to is 0 for an unknown
// outcome.
type testCall struct {
	from, to int
	call     string // attach eni-1 i-1, detach eni-1 i-1, describe eni-1
	answer   string // ok or a code; for a describe the instance or free; unknown
}

// newHistory returns a history of calls on i-1 and i-2, and on eni-1 to eni-5. Each instance has a
// limit of 3 and one interface that nothing moves. The interfaces are free.
func newHistory(calls ...testCall) *history.History {
	h := &history.History{}
	instances := map[string]*history.Instance{}
	for _, id := range []string{"i-1", "i-2"} {
		instances[id] = &history.Instance{ID: id, Limit: 3, Held: 1}
		h.Instances = append(h.Instances, instances[id])
	}
	interfaces := map[string]*history.Interface{}
	for k := range 5 {
		n := &history.Interface{ID: fmt.Sprint("eni-", k+1)}
		interfaces[n.ID] = n
		h.Interfaces = append(h.Interfaces, n)
	}
	actions := map[string]string{"attach": history.Attach, "detach": history.Detach, "describe": history.Describe}
	for k, c := range calls {
		words := append(strings.Fields(c.call), "")
		o := history.Operation{ID: k + 1, Line: k + 9, Client: k, Action: actions[words[0]],
			Interface: interfaces[words[1]], Instance: instances[words[2]],
			Outcome: history.OK, Invoked: time.Duration(c.from) * time.Millisecond,
			Ended: time.Duration(c.to) * time.Millisecond}
		switch {
		case c.answer == "unknown":
			o.Outcome = history.Unknown
		case o.Action == history.Describe && c.answer == "free":
			o.Status = store.ENIAvailable
		case o.Action == history.Describe:
			o.Status, o.On = store.ENIInUse, c.answer
		case c.answer != "ok":
			o.Outcome, o.Code = history.Fail, c.answer
		}
		h.Operations = append(h.Operations, o)
	}
	return h
}

var (
	notFree    = service.InvalidEniState.Code
	noSlot     = service.EniPerInstanceLimitExceeded.Code
	notOnThis  = service.EniNotBelongEcs.Code
	oneTooMany = []testCall{
		{0, 10, "attach eni-1 i-1", "ok"}, {1, 11, "attach eni-2 i-1", "ok"}, {2, 12, "attach eni-3 i-1", "ok"},
		{3, 13, "attach eni-4 i-2", "ok"}, {20, 30, "describe eni-4", "i-2"},
	}
)

// Check finds each kind of violation, and its contradiction has a minimum number of operations.
func TestCheckFindsViolations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		calls []testCall
		max   int // maximum number of operations of the contradiction
	}{
		{"too many interfaces on an instance", oneTooMany, 3},
		{"an interface attached to two instances",
			[]testCall{{0, 10, "attach eni-1 i-1", "ok"}, {1, 11, "attach eni-1 i-2", "ok"}}, 2},
		{"a lost attach", []testCall{{0, 10, "attach eni-1 i-1", "ok"}, {20, 30, "describe eni-1", "free"}}, 1},
		{"a lost detach", []testCall{{0, 10, "attach eni-1 i-1", "ok"}, {20, 30, "detach eni-1 i-1", "ok"},
			{40, 50, "attach eni-1 i-2", notFree}}, 1},
		{"a stale read", []testCall{{0, 10, "attach eni-1 i-1", "ok"}, {20, 30, "detach eni-1 i-1", "ok"},
			{40, 50, "describe eni-1", "i-1"}}, 1},
		{"a read from the future", []testCall{{0, 10, "describe eni-1", "i-1"}, {11, 20, "attach eni-1 i-1", "ok"}}, 1},
		{"reads in the wrong order", []testCall{{0, 90, "attach eni-1 i-1", "ok"}, {10, 20, "describe eni-1", "i-1"},
			{30, 40, "describe eni-1", "free"}}, 3},
		{"a read of another instance", []testCall{{0, 10, "attach eni-1 i-1", "ok"}, {20, 30, "describe eni-1", "i-2"}},
			1},
		{"refused as not free although it is free",
			[]testCall{{0, 10, "attach eni-1 i-1", notFree}, {20, 30, "attach eni-1 i-1", "ok"}}, 1},
		{"refused as full although there is a free slot",
			[]testCall{{0, 10, "attach eni-1 i-1", "ok"}, {20, 30, "attach eni-2 i-1", noSlot}}, 1},
		{"refused as full although the interface is not free", []testCall{{0, 10, "attach eni-1 i-1", "ok"},
			{0, 10, "attach eni-2 i-1", "ok"}, {20, 30, "attach eni-2 i-1", noSlot}}, 1},
		{"a detach refused as free although it is attached",
			[]testCall{{0, 10, "attach eni-1 i-1", "ok"}, {20, 30, "detach eni-1 i-1", notFree}}, 1},
		{"a detach refused as elsewhere while it is here",
			[]testCall{{0, 10, "attach eni-1 i-1", "ok"}, {20, 30, "detach eni-1 i-1", notOnThis}}, 1},
		{"detached twice", []testCall{{0, 10, "attach eni-1 i-1", "ok"}, {20, 30, "detach eni-1 i-1", "ok"},
			{40, 50, "detach eni-1 i-1", "ok"}}, 1},
		{"detached from where it is not",
			[]testCall{{0, 10, "attach eni-1 i-1", "ok"}, {20, 30, "detach eni-1 i-2", "ok"}}, 1},
		{"an interface that is gone", []testCall{{0, 10, "describe eni-1", ""}}, 1},
		{"unknown, seen done and then not done", []testCall{{0, 0, "attach eni-1 i-1", "unknown"},
			{20, 30, "describe eni-1", "i-1"}, {40, 50, "describe eni-1", "free"}}, 3},
		{"unknown, and done twice", []testCall{{0, 0, "attach eni-1 i-1", "unknown"}, {20, 30, "describe eni-1", "i-1"},
			{40, 50, "detach eni-1 i-1", "ok"}, {60, 70, "describe eni-1", "i-1"}}, 4},
		{"unknown, and seen before it was asked for",
			[]testCall{{0, 10, "describe eni-1", "i-1"}, {11, 0, "attach eni-1 i-1", "unknown"}}, 1},
		{"unknown, and the instance would hold one too many", []testCall{
			{0, 10, "attach eni-1 i-1", "ok"}, {0, 10, "attach eni-2 i-1", "ok"},
			{11, 0, "attach eni-3 i-1", "unknown"}, {20, 30, "describe eni-3", "i-1"}}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			result, err := Check(t.Context(), newHistory(c.calls...), Rules{})
			if err != nil {
				t.Fatal(err)
			}
			if result.Verdict != Violation {
				t.Fatalf("got verdict %d, want a violation", result.Verdict)
			}
			if got := len(result.Contradiction.piece.operations()); got > c.max {
				var text strings.Builder
				result.Contradiction.Write(&text)
				t.Errorf("got a contradiction of %d operations, want %d:\n%s", got, c.max, text.String())
			}
		})
	}
}

// When the server accepts repeats, an attach to the instance that has the interface and a detach of
// a free interface are right, and their refusal is a violation. They change nothing: a repeat does
// not count as a second interface.
func TestCheckAcceptsRepeats(t *testing.T) {
	t.Parallel()
	twice := []testCall{{0, 10, "attach eni-1 i-1", "ok"}, {20, 30, "attach eni-1 i-1", "ok"},
		{40, 50, "detach eni-1 i-1", "ok"}, {60, 70, "detach eni-1 i-2", "ok"}}
	accepting := Rules{AcceptRepeats: true}
	for _, c := range []struct {
		name  string
		calls []testCall
		rules Rules
		want  Verdict
	}{
		{"accepted", twice, accepting, Linearizable},
		{"accepted, but not asked for", twice, Rules{}, Violation},
		{"both at once", []testCall{{0, 10, "attach eni-1 i-1", "ok"}, {5, 30, "attach eni-1 i-1", "ok"},
			{40, 50, "describe eni-1", "i-1"}}, accepting, Linearizable},
		{"takes no place", []testCall{
			{0, 10, "attach eni-1 i-1", "ok"}, {20, 30, "attach eni-1 i-1", "ok"}, {40, 50, "attach eni-2 i-1", "ok"},
			{60, 70, "attach eni-3 i-1", noSlot}}, accepting, Linearizable},
		{"gives none back", []testCall{
			{0, 10, "attach eni-1 i-1", "ok"}, {0, 10, "attach eni-2 i-1", "ok"}, {20, 30, "detach eni-3 i-1", "ok"},
			{40, 50, "attach eni-3 i-1", "ok"}}, accepting, Violation},
		{"to another instance", []testCall{{0, 10, "attach eni-1 i-1", "ok"}, {20, 30, "attach eni-1 i-2", "ok"}},
			accepting, Violation},
		{"refused to another instance", []testCall{{0, 10, "attach eni-1 i-1", "ok"},
			{20, 30, "attach eni-1 i-2", notFree}}, accepting, Linearizable},
		{"refused", []testCall{{0, 10, "attach eni-1 i-1", "ok"}, {20, 30, "attach eni-1 i-1", notFree}}, accepting,
			Violation},
		{"a detach refused", []testCall{{0, 10, "detach eni-1 i-1", notFree}}, accepting, Violation},
		{"unknown", []testCall{{0, 0, "attach eni-1 i-1", "unknown"}, {5, 10, "attach eni-1 i-1", "ok"},
			{20, 30, "detach eni-1 i-1", "ok"}, {40, 0, "detach eni-1 i-1", "unknown"}}, accepting, Linearizable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if result, err := Check(t.Context(), newHistory(c.calls...), c.rules); err != nil ||
				result.Verdict != c.want {
				t.Errorf("got verdict %d (%v), want %d", result.Verdict, err, c.want)
			}
		})
	}
}

// Check accepts everything that concurrent, late and lost answers allow.
func TestCheckAcceptsLinearizable(t *testing.T) {
	t.Parallel()
	for name, calls := range map[string][]testCall{
		"nothing": nil,
		"overlapping winners, with a detach": {{0, 10, "attach eni-1 i-1", "ok"}, {1, 11, "attach eni-1 i-2", "ok"},
			{2, 12, "detach eni-1 i-1", "ok"}},
		"reads on both sides of a call": {{0, 90, "attach eni-1 i-1", "ok"}, {10, 20, "describe eni-1", "free"},
			{30, 40, "describe eni-1", "i-1"}},
		"a place that becomes free": {
			{0, 10, "attach eni-1 i-1", "ok"}, {0, 10, "attach eni-2 i-1", "ok"}, {20, 50, "detach eni-1 i-1", "ok"},
			{20, 30, "attach eni-3 i-1", "ok"}},
		"a visitor takes the last place and leaves it": {
			{0, 10, "attach eni-1 i-1", "ok"}, {20, 90, "attach eni-2 i-1", "ok"}, {20, 60, "detach eni-2 i-1", "ok"},
			{20, 50, "attach eni-3 i-1", "ok"}},
		"full for a moment": {
			{0, 10, "attach eni-1 i-1", "ok"}, {20, 90, "attach eni-2 i-1", "ok"}, {20, 80, "detach eni-1 i-1", "ok"},
			{20, 70, "attach eni-3 i-1", noSlot}},
		"touching calls overlap": {{0, 10, "attach eni-1 i-1", "ok"}, {10, 20, "describe eni-1", "free"}},
		"elsewhere": {{0, 10, "attach eni-1 i-1", "ok"},
			{20, 30, "detach eni-1 i-2", notOnThis}},
		"other codes tell nothing": {{0, 10, "attach eni-1 i-1", "Throttling"},
			{20, 30, "attach eni-1 i-1", "SecurityGroupInstanceLimitExceed"}},
		"unknown, and done": {{0, 0, "attach eni-1 i-1", "unknown"},
			{20, 30, "describe eni-1", "i-1"}},
		"unknown, and not done": {{0, 0, "attach eni-1 i-1", "unknown"},
			{20, 30, "describe eni-1", "free"}},
		"unknown, and done after a while": {{0, 0, "attach eni-1 i-1", "unknown"},
			{20, 30, "describe eni-1", "free"}, {40, 50, "describe eni-1", "i-1"}},
		"unknown, and done after everything": {{0, 0, "attach eni-1 i-1", "unknown"},
			{20, 30, "attach eni-1 i-2", "ok"}, {40, 50, "detach eni-1 i-2", "ok"}, {60, 70, "describe eni-1", "i-1"}},
		"unknown, and in the way": {{0, 10, "attach eni-1 i-1", "ok"},
			{11, 0, "attach eni-2 i-1", "unknown"}, {20, 30, "attach eni-3 i-1", noSlot}},
		"unknown, and out of the way": {
			{0, 10, "attach eni-1 i-1", "ok"}, {0, 10, "attach eni-2 i-1", "ok"},
			{11, 0, "detach eni-2 i-1", "unknown"}, {20, 30, "attach eni-3 i-1", "ok"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := Check(t.Context(), newHistory(calls...), Rules{})
			if err != nil {
				t.Fatal(err)
			}
			if result.Verdict != Linearizable {
				t.Errorf("got verdict %d, want linearizable", result.Verdict)
			}
		})
	}
}

// The text of a contradiction shows all that is needed to understand it, and there is a drawing.
func TestContradictionText(t *testing.T) {
	t.Parallel()
	result, err := Check(t.Context(), newHistory(oneTooMany...), Rules{})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	result.Contradiction.Write(&text)
	const want = `These answers contradict each other (3 of 5 operations):

  i-1 has 3 places. When this begins, are taken: 1 by interfaces that no operation moves.
  eni-1 is free (from the start).
  eni-2 is free (from the start).
  eni-3 is free (from the start).

  op  line  client  from       to         call                                 answer
  1   9     0       0.000000s  0.010000s  AttachNetworkInterface eni-1 to i-1  ok
  2   10    1       0.001000s  0.011000s  AttachNetworkInterface eni-2 to i-1  ok
  3   11    2       0.002000s  0.012000s  AttachNetworkInterface eni-3 to i-1  ok

No order of them explains op 3. It would have needed eni-3 free and a place on i-1 at one moment of its call.
`
	if text.String() != want {
		t.Errorf("got\n%s\nwant\n%s", text.String(), want)
	}

	path := filepath.Join(t.TempDir(), "picture.html")
	if err := result.Contradiction.Draw(path); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "AttachNetworkInterface eni-3 to i-1: ok") {
		t.Errorf("got a drawing of %d bytes, want the operation in it", len(page))
	}
}

// An interface that was attached long before the contradiction is shown with the operation that
// attached it.
func TestContradictionNamesHolders(t *testing.T) {
	t.Parallel()
	result, err := Check(t.Context(), newHistory(testCall{0, 10, "attach eni-1 i-1", "ok"},
		testCall{20, 30, "attach eni-2 i-1", "ok"}, testCall{40, 50, "attach eni-3 i-1", "ok"}), Rules{})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	result.Contradiction.Write(&text)
	const want = "i-1 has 3 places. When this begins, are taken: 1 by interfaces that no operation moves; 1 by " +
		"eni-1 (op 1, line 9); 1 by eni-2 (op 2, line 10)."
	if !strings.Contains(text.String(), want) {
		t.Errorf("got\n%s\nwant in it\n%s", text.String(), want)
	}
}

// Check refuses a history that its model does not cover.
func TestCheckRefusesUnsupportedHistories(t *testing.T) {
	t.Parallel()
	attaching := newHistory(testCall{0, 10, "describe eni-1", "i-1"})
	attaching.Operations[0].Status = store.ENIAttaching
	crowded := newHistory()
	crowded.Instances[0].Held = 4
	for want, h := range map[string]*history.History{
		"op 1 (line 9) saw interface eni-1 Attaching; the model is of a server without delays: serve " +
			"--attach-delay 0 --detach-delay 0": attaching,
		"instance i-1 holds 4 interfaces at the start and its limit is 3; a history begins in a possible world: " +
			"mend the lines of its world, or the server's database": crowded,
	} {
		if _, err := Check(t.Context(), h, Rules{}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// A timeout gives no verdict.
func TestTimeoutIsUndecided(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result, err := Check(ctx, newHistory(oneTooMany...), Rules{})
	if err != nil || result.Verdict != Undecided {
		t.Errorf("got %d, %v, want undecided", result.Verdict, err)
	}
}

// shapes are the loads that the benchmark measures, with 100,000 operations of 64 clients each.
var shapes = []struct {
	name string
	shape
}{
	{"spread", shape{instances: 64, interfaces: 1000, limit: 8}},
	{"hot-instance", shape{instances: 1, interfaces: 1000, limit: 8}},
	{"hot-instance-in-lanes", shape{instances: 1, interfaces: 1000, limit: 30, lanes: true}},
	{"hot-interface", shape{instances: 10, interfaces: 1, limit: 8}},
	{"skewed", shape{instances: 10, interfaces: 1000, limit: 8, skew: 1.2}},
	{"few-of-each", shape{instances: 3, interfaces: 20, limit: 5}},
	{"1%-unknown", shape{instances: 10, interfaces: 1000, limit: 8, unknown: .01}},
	{"1%-unknown-hot-instance", shape{instances: 1, interfaces: 1000, limit: 8, unknown: .01}},
}

// BenchmarkCheck measures 100,000 operations of 64 clients, and counts the histories that were not
// decided within a minute.
func BenchmarkCheck(b *testing.B) {
	for _, s := range shapes {
		b.Run(s.name, func(b *testing.B) {
			s.clients, s.operations, s.describes = 64, 100_000, .1
			undecided := 0
			for seed := range b.N {
				b.StopTimer()
				h := generate(uint64(seed), s.shape)
				ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
				b.StartTimer()
				result, err := Check(ctx, h, Rules{})
				cancel()
				if err != nil {
					b.Fatal(err)
				}
				switch result.Verdict {
				case Violation:
					b.Errorf("seed %d: got a violation", seed)
				case Undecided:
					undecided++
				case Linearizable:
				}
			}
			b.ReportMetric(float64(undecided)/float64(b.N), "undecided/op")
		})
	}
}
