package changes

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"

	"enisim.alt/cmd/enisim/history"
)

// simulation is a right server with one VSwitch, and its clients.
type simulation struct {
	random  *rand.Rand
	quota   int
	free    []string            // addresses
	of      map[string][]string // by interface: its addresses, the primary one first
	answers map[string]history.Change
	names   map[string]string // by interface: the token that created it
	known   []string          // interfaces whose ids clients have seen
	tokens  int
	made    int
}

// generate returns the history of a right server. Each call takes effect at one moment, and some
// answers are lost.
func generate(seed uint64, clients, operations int, lost float64) *history.History {
	const quota, addresses = 4, 7
	s := &simulation{random: rand.New(rand.NewPCG(seed, 0)), quota: quota, of: map[string][]string{},
		answers: map[string]history.Change{}, names: map[string]string{}}
	for n := range addresses {
		s.free = append(s.free, fmt.Sprint("a", n))
	}
	h := &history.History{Quota: &history.Quota{Limit: quota},
		VSwitches: []history.VSwitch{{ID: "vsw-1", Capacity: addresses}}}
	// A call has three moments: its invoke, its effect and its end. Those of a client follow each other.
	type moment struct {
		at   int
		call int
		step int
	}
	var moments []moment
	busy := make([]int, clients) // until when
	for k := range operations {
		client := s.random.IntN(clients)
		at := busy[client] + 1 + s.random.IntN(5)
		effect := at + s.random.IntN(10)
		busy[client] = effect + s.random.IntN(10)
		h.Changes = append(h.Changes, history.Change{ID: k + 1, Client: client})
		moments = append(moments, moment{at, k, 0}, moment{effect, k, 1}, moment{busy[client], k, 2})
	}
	slices.SortStableFunc(moments, func(a, b moment) int {
		if a.at != b.at {
			return a.at - b.at
		}
		return a.step - b.step
	})
	for _, m := range moments {
		c := &h.Changes[m.call]
		switch m.step {
		case 0:
			s.invoke(c)
			c.Invoked = time.Duration(m.at)
		case 1:
			if c.Outcome = history.OK; s.random.Float64() >= lost/2 { // half of the lost requests never arrive
				s.execute(c)
			} else {
				c.Outcome = history.Unknown
			}
		default:
			c.Ended = time.Duration(m.at)
			if c.Outcome == history.Unknown || s.random.Float64() < lost/2 {
				id := c.Interface
				if c.Action == history.Create {
					id = ""
				}
				c.Outcome, c.Code, c.Interface, c.Addresses, c.Found, c.Ended = history.Unknown, "", id, nil, nil, 0
			} else if c.Action == history.Create && c.Outcome == history.OK {
				s.known = append(s.known, c.Interface)
			}
		}
	}
	slices.SortStableFunc(h.Changes, func(a, b history.Change) int { return int(a.Invoked - b.Invoked) })
	return h
}

// invoke draws a call.
func (s *simulation) invoke(c *history.Change) {
	const addresses = 7
	any := func() []string { return []string{fmt.Sprint("a", s.random.IntN(addresses))} }
	kind := s.random.IntN(9)
	if kind > 2 && kind < 8 && len(s.known) == 0 {
		kind = 0
	}
	if kind > 2 && kind < 8 {
		c.Interface = s.known[len(s.known)-1-s.random.IntN(min(3, len(s.known)))]
	}
	switch kind {
	case 0, 1, 2:
		c.Action, c.VSwitch = history.Create, "vsw-1"
		if s.random.IntN(4) > 0 || s.tokens == 0 {
			s.tokens++
		}
		c.Token = fmt.Sprint("t-", s.tokens)
		if s.tokens%3 == 0 {
			c.Named = []string{fmt.Sprint("a", s.tokens%addresses)}
		}
	case 3:
		c.Action, c.Named = history.Assign, any()
	case 4:
		c.Action, c.Count = history.Assign, 1+s.random.IntN(2)
	case 5:
		c.Action, c.Named = history.Unassign, any()
		if has := s.of[c.Interface]; len(has) > 1 {
			c.Named = has[1:2]
		}
	case 6, 7:
		c.Action = history.Delete
	default:
		c.Action, c.VSwitch = history.Describe, "vsw-1"
	}
}

// execute decides a call and changes the state.
func (s *simulation) execute(c *history.Change) {
	refuse := func(code string) { c.Outcome, c.Code = history.Fail, code }
	if first, used := s.answers[c.Token]; c.Token != "" && used {
		c.Outcome, c.Code, c.Interface, c.Addresses = first.Outcome, first.Code, first.Interface, first.Addresses
		if first.Outcome == history.Fail {
			c.Code = codeUsedUp
		}
		return
	}
	has, isThere := s.of[c.Interface]
	switch {
	case c.Action == history.Describe:
		for eni, addresses := range s.of {
			c.Found = append(c.Found, history.Found{Interface: eni, Token: s.names[eni],
				Addresses: slices.Clone(addresses)})
		}
		return
	case c.Action != history.Create && !isThere:
		refuse(codeNoInterface)
	case c.Action == history.Delete:
		s.free = append(s.free, has...)
		delete(s.of, c.Interface)
	case c.Action == history.Unassign && !slices.Contains(has[1:], c.Named[0]):
		refuse(codeUnassigned)
	case c.Action == history.Unassign:
		s.of[c.Interface] = slices.DeleteFunc(slices.Clone(has), func(a string) bool { return a == c.Named[0] })
		s.free = append(s.free, c.Named...)
	case len(c.Named) > 0 && !slices.Contains(s.free, c.Named[0]) && c.Action == history.Create:
		refuse(codeTakenPrimary)
	case len(c.Named) > 0 && !slices.Contains(s.free, c.Named[0]):
		refuse(codeTaken)
	case c.Action == history.Create && len(s.of) == s.quota:
		refuse(codeQuota)
	default:
		count := c.Count
		if c.Action == history.Create && len(c.Named) == 0 {
			count = 1
		}
		if count > len(s.free) {
			refuse(codeNotEnough)
			break
		}
		got := slices.Clone(c.Named)
		got = append(got, s.free[:count]...)
		s.free = slices.DeleteFunc(slices.Clone(s.free), func(a string) bool { return slices.Contains(got, a) })
		if c.Action == history.Create {
			s.made++
			c.Interface = fmt.Sprint("eni-", s.made)
			s.names[c.Interface] = c.Token
		}
		s.of[c.Interface] = append(slices.Clone(has), got...)
		c.Addresses = got
	}
	if c.Token != "" {
		s.answers[c.Token] = *c
	}
}

// The histories of a right server have no contradiction, however many of their answers are lost.
func TestRightServersPass(t *testing.T) {
	t.Parallel()
	codes := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		h := generate(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 8).Draw(t, "clients"),
			rapid.IntRange(1, 150).Draw(t, "operations"), rapid.SampledFrom([]float64{0, 0, .05, .2}).Draw(t, "lost"))
		mustPass(t, h)
		for _, c := range h.Changes {
			codes[c.Action+" "+string(c.Outcome)+" "+c.Code]++
		}
	})
	for _, want := range []string{
		"CreateNetworkInterface ok ", "CreateNetworkInterface fail " + codeQuota,
		"CreateNetworkInterface fail " + codeTakenPrimary, "CreateNetworkInterface fail " + codeUsedUp,
		"AssignPrivateIpAddresses ok ", "AssignPrivateIpAddresses fail " + codeTaken,
		"AssignPrivateIpAddresses fail " + codeNotEnough, "UnassignPrivateIpAddresses ok ",
		"UnassignPrivateIpAddresses fail " + codeUnassigned, "DeleteNetworkInterface ok ",
		"DeleteNetworkInterface fail " + codeNoInterface, "CreateNetworkInterface unknown ",
	} {
		if codes[want] == 0 {
			t.Errorf("got no answer %q in any history, want some: %v", want, codes)
		}
	}
}

// A timeline has the same verdict as porcupine on random events.
func TestTimelineAgreesWithPorcupine(t *testing.T) {
	t.Parallel()
	verdicts := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		states := rapid.IntRange(2, 4).Draw(t, "states")
		length := rapid.IntRange(1, 8).Draw(t, "length")
		uncertain := rapid.SampledFrom([]float64{0, .1, .3}).Draw(t, "uncertain")
		var events []*event
		var operations []porcupine.Operation
		for k := range rapid.IntRange(1, 14).Draw(t, "events") {
			from, to := r.IntN(states), r.IntN(states)
			start := int64(k*2 + r.IntN(3))
			e := &event{from: start, to: start + int64(r.IntN(length)),
				apply: func(state int) (int, bool) { return to, state == from }}
			if e.observes = r.IntN(3) == 0; e.observes {
				e.apply = func(state int) (int, bool) { return state, state == from }
			}
			end := e.to
			if e.uncertain = !e.observes && r.Float64() < uncertain; e.uncertain {
				e.to, end = endless, 1000
			}
			events = append(events, e)
			operations = append(operations, porcupine.Operation{ClientId: k, Input: e, Call: e.from, Return: end})
		}
		want := porcupine.CheckOperations(porcupine.Model{
			Init: func() any { return 0 },
			Step: func(state, input, _ any) (bool, any) {
				e := input.(*event)
				if after, allowed := e.apply(state.(int)); allowed {
					return true, after
				}
				return e.uncertain, state
			},
		}, operations)
		at, err := explain([]int{0}, events)
		if err != nil {
			t.Fatal(err)
		}
		verdicts[want]++
		if got := at == nil; got != want {
			t.Fatalf("got %v, want %v as porcupine", got, want)
		}
	})
	if verdicts[true] == 0 || verdicts[false] == 0 {
		t.Errorf("got the verdicts %v, want both", verdicts)
	}
}
