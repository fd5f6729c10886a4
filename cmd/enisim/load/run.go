package load

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"enisim/cmd/enisim/history"
)

// Run is a load to put on a target. It ends with the first that comes of Duration, Requests, its context, and the end of all clients' plans; what is under way
// then is still waited for.
type Run struct {
	Targets  []Target      // client n works on the one at n modulo their number: servers on one database, for one
	Clients  int           // how many requests may be under way at a time; each client has a connection
	Rate     float64       // requests a second that are due in all, whether earlier ones were answered or not; 0: a client's next is due when its last was answered
	Duration time.Duration // 0: no end
	Requests int64         // in all; 0: no end
	Plan     Plan
	History  *history.Writer // gets every call; nil: none. Only for plans of the three actions that a history knows
	Progress func(Interval)  // gets every second what happened in it; nil: nobody
}

// tick is the length of an interval.
const tick = time.Second

// pause is what a client waits when the server took no connection, so that it does not keep a core busy with a server that is away.
const pause = 20 * time.Millisecond

// Do runs it. What goes wrong with requests is in the summary; an error says that there was no run.
func (r Run) Do(ctx context.Context) (*Summary, error) {
	if len(r.Targets) < 1 || r.Clients < 1 || r.Plan == nil {
		return nil, errors.New("a load needs a target, a client and a plan")
	}
	pools := make([]*connections, len(r.Targets))
	for n, t := range r.Targets {
		pool, err := connect(t, r.Clients)
		if err != nil {
			return nil, err
		}
		defer pool.close()
		pools[n] = pool
	}
	interrupt := ctx
	if r.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.Duration)
		defer cancel()
	}
	slots := &slots{started: time.Now(), rate: r.Rate, duration: r.Duration, most: r.Requests}
	ended := make(chan time.Duration, 1)
	ranOut := context.AfterFunc(ctx, func() { ended <- time.Since(slots.started) })
	record := newRecorder(slots.started)
	var clients sync.WaitGroup
	for n := range r.Clients {
		c := client{number: n, next: r.Plan(n), sender: pools[n%len(pools)].sender(), slots: slots, recorder: record, history: r.History}
		clients.Go(func() { c.work(ctx) })
	}
	done := make(chan struct{})
	go func() {
		clients.Wait()
		close(done)
	}()
	r.watch(record, done)
	summary := record.summary()
	if !ranOut() { // its time was up, or it was interrupted
		summary.Unsent = slots.unsent(<-ended)
	}
	summary.Interrupted = interrupt.Err() != nil
	return summary, nil
}

// watch ends an interval every second, until the clients are done.
func (r Run) watch(record *recorder, done <-chan struct{}) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for working := true; working; {
		now := time.Time{}
		select {
		case now = <-ticker.C:
		case <-done:
			now, working = time.Now(), false
		}
		interval := record.interval(now)
		if r.Progress != nil {
			r.Progress(interval)
		}
	}
}

// slots gives out the requests of a run, one after the other, to whichever client is free.
type slots struct {
	started  time.Time
	rate     float64
	duration time.Duration
	most     int64
	taken    atomic.Int64
}

// grain is how late the runtime's timers may be.
const grain = time.Millisecond

// take waits for the next request to be due, and tells the moment from which its latency counts; false is the end of the run.
//
// Of an open load that moment is when it was due, also if no client was free then: what a request waits for clients that the server keeps busy is the server's
// doing, and leaving it out would count a stall once for each client instead of once for each request (coordinated omission). If a client was free and the timer
// alone woke it late, that is this program's doing, and latency counts from when it woke.
func (s *slots) take(ctx context.Context) (from time.Time, ok bool) {
	n := s.taken.Add(1) - 1
	if ctx.Err() != nil || s.most > 0 && n >= s.most {
		s.taken.Add(-1)
		return time.Time{}, false
	}
	if s.rate == 0 {
		return time.Now(), true
	}
	after := time.Duration(float64(n) / s.rate * float64(time.Second))
	if s.duration > 0 && after >= s.duration {
		s.taken.Add(-1)
		return time.Time{}, false
	}
	due := s.started.Add(after)
	early := time.Until(due)
	if early <= 0 {
		return due, true
	}
	timer := time.NewTimer(early)
	defer timer.Stop()
	select {
	case <-timer.C:
		if now := time.Now(); now.Sub(due) <= grain {
			return now, true
		}
		return due, true
	case <-ctx.Done():
		s.taken.Add(-1)
		return time.Time{}, false
	}
}

// unsent is how many requests of an open load were due until a moment of the run and were not sent.
func (s *slots) unsent(until time.Duration) int64 {
	if s.duration > 0 {
		until = min(until, s.duration)
	}
	due := int64(math.Ceil(s.rate * until.Seconds()))
	if s.most > 0 {
		due = min(due, s.most)
	}
	return max(0, due-s.taken.Load())
}

// client does what its plan says, one operation after the other.
type client struct {
	number   int
	next     Next
	sender   *sender
	slots    *slots
	recorder *recorder
	history  *history.Writer
}

func (c *client) work(ctx context.Context) {
	var last Result
	for {
		op, more := c.next(last)
		if !more {
			return
		}
		from, ok := c.slots.take(ctx)
		if !ok {
			return
		}
		last = c.do(op, from)
		if last.Code == NotConnected {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
		}
	}
}

// do sends one operation, and tells the history and the recorder.
func (c *client) do(op Operation, from time.Time) Result {
	var id int
	if c.history != nil {
		id = c.history.Invoke(history.Call{Client: c.number, Action: op.Action, Instance: op.Instance, Interface: op.Interface})
	}
	reply := c.sender.send(op)
	now := time.Now()
	result := Result{Operation: op, Latency: now.Sub(from)}
	result.Outcome, result.Code = reply.outcome()
	if c.history != nil {
		c.tell(id, reply, &result)
	}
	c.recorder.add(result, now)
	return result
}

// tell writes how an operation ended into the history.
func (c *client) tell(id int, reply reply, result *Result) {
	if result.Outcome == history.OK && result.Action == history.Describe {
		var err error
		if result.Status, result.On, err = described(reply.body); err != nil {
			result.Outcome, result.Code = history.Unknown, "Unreadable"
		}
	}
	switch {
	case result.Code == NotConnected: // what was never sent was not done
		c.history.Fail(id, result.Code)
	case result.Outcome == history.Unknown && reply.err != nil:
		c.history.Unknown(id, result.Code+": "+reply.err.Error())
	case result.Outcome == history.Unknown:
		c.history.Unknown(id, result.Code)
	case result.Outcome == history.Fail:
		c.history.Fail(id, result.Code)
	case result.Action == history.Describe:
		c.history.Described(id, result.Status, result.On)
	default:
		c.history.OK(id)
	}
}
