package check

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/service"
	"enisim.alt/store"
)

// shape describes a generated history.
type shape struct {
	instances, interfaces, limit int // each instance has one interface that nothing moves
	clients, operations          int
	describes                    float64 // share of describes
	unknown                      float64 // share of attaches and detaches whose answer is lost
	lanes                        bool    // calls that arrive within 3 ms are executed together and answered together
	repeats                      bool    // the server accepts repeats
	skew                         float64 // skew of the interfaces: Zipf's s, more than 1; 0 for none
}

// generator runs clients against a correct server, in virtual time.
type generator struct {
	shape
	rand     *rand.Rand
	zipf     *rand.Zipf
	history  *history.History
	at       []int // by interface: the index of its instance; -1 is none
	held     []int // by instance
	now      int64 // nanoseconds
	schedule schedule
}

// generate returns a linearizable history: each call takes effect at one point in time between its
// invoke and its end.
func generate(seed uint64, s shape) *history.History {
	g := &generator{shape: s, rand: rand.New(rand.NewPCG(seed, 1)), history: &history.History{}}
	for i := range s.instances {
		g.history.Instances = append(g.history.Instances,
			&history.Instance{ID: fmt.Sprint("i-", i+1), Limit: s.limit, Held: 1})
		g.held = append(g.held, 1)
	}
	for i := range s.interfaces {
		g.history.Interfaces = append(g.history.Interfaces, &history.Interface{ID: fmt.Sprint("eni-", i+1)})
		g.at = append(g.at, -1)
	}
	if s.skew > 0 {
		g.zipf = rand.NewZipf(g.rand, s.skew, 1, uint64(s.interfaces-1))
	}
	for client := range s.clients {
		g.scheduleAfter(g.random(0.1), func() { g.send(client) })
	}
	for len(g.schedule) > 0 {
		next := heap.Pop(&g.schedule).(scheduledCall)
		g.now = next.at
		next.run()
	}
	return g.history
}

// random returns a random duration with the given mean, in nanoseconds.
func (g *generator) random(milliseconds float64) int64 {
	return 1 + int64(g.rand.ExpFloat64()*milliseconds*1e6)
}

// send sends the next call of a client, unless all operations were sent.
func (g *generator) send(client int) {
	h := g.history
	if len(h.Operations) == g.operations {
		return
	}
	eni := g.rand.IntN(g.interfaces)
	if g.zipf != nil {
		eni = int(g.zipf.Uint64())
	}
	instance := g.rand.IntN(g.instances)
	k := len(h.Operations)
	// First choose the action: mostly a detach of an attached interface, otherwise an attach.
	o := history.Operation{ID: k + 1, Line: k + 1, Client: client, Interface: h.Interfaces[eni],
		Invoked: time.Duration(g.now)}
	switch {
	case g.rand.Float64() < g.describes:
		o.Action, instance = history.Describe, -1
	case g.at[eni] >= 0 && g.rand.Float64() < 0.9:
		o.Action, instance = history.Detach, g.at[eni]
	default:
		o.Action = history.Attach
	}
	if instance >= 0 {
		o.Instance = h.Instances[instance]
	}
	h.Operations = append(h.Operations, o)
	// Then schedule its execution and, after that, its answer.
	wait := g.random(2)
	if g.lanes {
		wait = 3e6 - g.now%3e6
	}
	g.scheduleAfter(wait, func() {
		code := g.execute(&h.Operations[k], eni, instance)
		g.scheduleAfter(g.random(1), func() { g.answer(&h.Operations[k], code) })
	})
}

// execute is the server: it executes a call and returns the code of a refusal. It fills in the
// answer of a describe.
func (g *generator) execute(o *history.Operation, eni, instance int) (code string) {
	at := g.at[eni]
	if g.repeats && (o.Action == history.Attach && at == instance || o.Action == history.Detach && at < 0) {
		return ""
	}
	switch o.Action {
	case history.Describe:
		if o.Status = store.ENIAvailable; at >= 0 {
			o.Status, o.On = store.ENIInUse, g.history.Instances[at].ID
		}
	case history.Attach:
		switch {
		case at >= 0:
			return service.InvalidEniState.Code
		case g.held[instance] >= g.limit:
			return service.EniPerInstanceLimitExceeded.Code
		}
		g.at[eni] = instance
		g.held[instance]++
	case history.Detach:
		switch {
		case at < 0:
			return service.InvalidEniState.Code
		case at != instance:
			return service.EniNotBelongEcs.Code
		}
		g.at[eni] = -1
		g.held[instance]--
	}
	return ""
}

// answer ends a call. Then its client sends the next one.
func (g *generator) answer(o *history.Operation, code string) {
	o.Ended = time.Duration(g.now)
	switch {
	case o.Action != history.Describe && g.rand.Float64() < g.unknown:
		o.Outcome, o.Error = history.Unknown, "connection reset"
	case code != "":
		o.Outcome, o.Code = history.Fail, code
	default:
		o.Outcome = history.OK
	}
	g.send(o.Client)
}

// schedule is a heap of the calls to run, in virtual time.
type schedule []scheduledCall

// scheduledCall is a function and the time at which it runs.
type scheduledCall struct {
	at  int64
	run func()
}

// scheduleAfter runs a function after a wait.
func (g *generator) scheduleAfter(wait int64, run func()) {
	heap.Push(&g.schedule, scheduledCall{g.now + wait, run})
}

func (a schedule) Len() int           { return len(a) }
func (a schedule) Less(i, j int) bool { return a[i].at < a[j].at }
func (a schedule) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *schedule) Push(x any)        { *a = append(*a, x.(scheduledCall)) }
func (a *schedule) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}
