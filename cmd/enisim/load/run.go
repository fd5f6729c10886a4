package load

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"enisim.alt/cmd/enisim/history"
)

// Run is a load on one or more targets. It ends with the first of Duration, Requests, its context,
// and the end of all clients' plans. It still waits for the answers of requests in progress.
type Run struct {
	// Client n uses target n modulo their number. Several targets are, for example, servers on one
	// database.
	Targets []Target
	Clients int // maximum number of requests in progress
	// The number of requests that are due each second, whether earlier ones were answered or not. 0
	// is a closed load: the next request of a client is due when its last one was answered.
	Rate     float64
	Duration time.Duration // 0: no limit
	Requests int64         // total number; 0: no limit
	Plan     Plan
	// If not nil, it gets every call. The plan must use only the actions that a history knows.
	History  *history.Writer
	Progress func(Interval) // if not nil, it is called every second with the last interval
}

// intervalLength is the length of an interval.
const intervalLength = time.Second

// reconnectDelay is the wait of a client when the server refused a connection, so that an
// unavailable server does not keep a core busy.
const reconnectDelay = 20 * time.Millisecond

// Do runs the load. Failed requests are part of the summary; an error means that there was no run.
func (r Run) Do(ctx context.Context) (*Summary, error) {
	if len(r.Targets) < 1 || r.Clients < 1 || r.Plan == nil {
		return nil, errors.New("a load needs a target, a client and a plan")
	}
	// First make the connections of each target.
	pools := make([]*connections, len(r.Targets))
	for n, t := range r.Targets {
		pool, err := newConnections(t, r.Clients)
		if err != nil {
			return nil, err
		}
		defer pool.close()
		pools[n] = pool
	}
	// Then start the time limit. interrupt keeps the caller's context, to distinguish an
	// interruption from the end of the duration.
	interrupt := ctx
	if r.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.Duration)
		defer cancel()
	}
	// Then start the clients, which share one queue of requests.
	queue := &requestQueue{started: time.Now(), rate: r.Rate, duration: r.Duration, maxRequests: r.Requests}
	ended := make(chan time.Duration, 1)
	ranOut := context.AfterFunc(ctx, func() { ended <- time.Since(queue.started) })
	record := newRecorder(queue.started)
	var clients sync.WaitGroup
	for n := range r.Clients {
		c := client{
			number:   n,
			next:     r.Plan(n),
			sender:   pools[n%len(pools)].newSender(),
			queue:    queue,
			recorder: record,
			history:  r.History,
		}
		clients.Go(func() { c.run(ctx) })
	}
	// Then end the intervals in this goroutine until all clients are done.
	done := make(chan struct{})
	go func() {
		clients.Wait()
		close(done)
	}()
	r.watch(record, done)
	// Last, count what was due and not sent. If the context ended the run, that is counted until
	// then, not until the last answer. ranOut reports false if the context has ended.
	summary := record.summary()
	if !ranOut() { // the duration is over, or the run was interrupted
		summary.Unsent = queue.unsent(<-ended)
	}
	summary.Interrupted = interrupt.Err() != nil
	return summary, nil
}

// watch ends an interval every second, and the last one when the clients are done.
func (r Run) watch(record *recorder, done <-chan struct{}) {
	ticker := time.NewTicker(intervalLength)
	defer ticker.Stop()
	for working := true; working; {
		now := time.Time{}
		select {
		case now = <-ticker.C:
		case <-done:
			now, working = time.Now(), false
		}
		interval := record.endInterval(now)
		if r.Progress != nil {
			r.Progress(interval)
		}
	}
}

// requestQueue assigns the requests of a run, one after the other, to the next free client.
type requestQueue struct {
	started     time.Time
	rate        float64
	duration    time.Duration
	maxRequests int64
	taken       atomic.Int64 // number of requests that were assigned
}

// timerTolerance is how late a timer of the runtime may fire.
const timerTolerance = time.Millisecond

// next waits until the next request is due and returns the time from which its latency counts. It
// returns false at the end of the run.
//
// In an open load that time is when the request was due, even if no client was free then. A request
// that waits for clients that the server keeps busy is delayed by the server. Without that wait, a
// stall would count once for each client instead of once for each request (coordinated omission).
// If a client was free and only the timer fired late, by at most timerTolerance, the delay is this
// program's, and the latency counts from when the client woke up.
func (s *requestQueue) next(ctx context.Context) (from time.Time, ok bool) {
	// First take a number. It is given back if there is no such request, so that unsent can count.
	n := s.taken.Add(1) - 1
	if ctx.Err() != nil || s.maxRequests > 0 && n >= s.maxRequests {
		s.taken.Add(-1)
		return time.Time{}, false
	}
	if s.rate == 0 {
		return time.Now(), true
	}
	// In an open load the number determines when the request is due.
	dueAfter := time.Duration(float64(n) / s.rate * float64(time.Second))
	if s.duration > 0 && dueAfter >= s.duration {
		s.taken.Add(-1)
		return time.Time{}, false
	}
	due := s.started.Add(dueAfter)
	wait := time.Until(due)
	if wait <= 0 {
		return due, true
	}
	// Then wait for that time, or for the end of the run.
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		if now := time.Now(); now.Sub(due) <= timerTolerance {
			return now, true
		}
		return due, true
	case <-ctx.Done():
		s.taken.Add(-1)
		return time.Time{}, false
	}
}

// unsent returns how many requests of an open load were due until a time of the run and were not
// sent.
func (s *requestQueue) unsent(until time.Duration) int64 {
	if s.duration > 0 {
		until = min(until, s.duration)
	}
	due := int64(math.Ceil(s.rate * until.Seconds()))
	if s.maxRequests > 0 {
		due = min(due, s.maxRequests)
	}
	return max(0, due-s.taken.Load())
}

// client executes its plan, one operation after the other.
type client struct {
	number   int
	next     Next
	sender   *sender
	queue    *requestQueue
	recorder *recorder
	history  *history.Writer
}

// run executes operations until the plan or the run ends.
func (c *client) run(ctx context.Context) {
	var last Result
	for {
		op, more := c.next(last)
		if !more {
			return
		}
		from, ok := c.queue.next(ctx)
		if !ok {
			return
		}
		last = c.execute(op, from)
		if last.Code == NotConnected {
			select {
			case <-time.After(reconnectDelay):
			case <-ctx.Done():
			}
		}
	}
}

// execute sends one operation and records its result, in the history and in the recorder.
func (c *client) execute(op Operation, from time.Time) Result {
	var id int
	if c.history != nil {
		id = c.history.Invoke(newCall(c.number, op))
	}
	reply := c.sender.send(op)
	now := time.Now()
	result := Result{Operation: op, Latency: now.Sub(from), Body: reply.body}
	result.Outcome, result.Code = reply.outcome()
	if c.history != nil {
		c.recordOutcome(id, reply, &result)
	}
	c.recorder.add(result, now)
	return result
}

// recordOutcome writes the outcome of an operation to the history.
func (c *client) recordOutcome(id int, reply reply, result *Result) {
	var answer changeAnswer
	if result.Outcome == history.OK {
		var err error
		switch {
		case result.Action == history.Describe && result.Interface != "":
			result.Status, result.On, err = parseDescribe(reply.body)
		case result.Action != history.Attach && result.Action != history.Detach:
			answer, err = parseChange(result.Action, reply.body)
		}
		if err != nil {
			result.Outcome, result.Code = history.Unknown, "Unreadable"
		}
	}
	switch {
	case result.Code == NotConnected: // a request that was never sent had no effect
		c.history.Fail(id, result.Code)
	case result.Outcome == history.Unknown && reply.err != nil:
		c.history.Unknown(id, result.Code+": "+reply.err.Error())
	case result.Outcome == history.Unknown:
		c.history.Unknown(id, result.Code)
	case result.Outcome == history.Fail:
		c.history.Fail(id, result.Code)
	case result.Action == history.Describe && result.Interface != "":
		c.history.Described(id, result.Status, result.On)
	case result.Action == history.Describe:
		c.history.Listed(id, answer.found)
	case result.Action == history.Create, result.Action == history.Assign:
		c.history.Changed(id, answer.eni, answer.addresses)
	default:
		c.history.OK(id)
	}
}
