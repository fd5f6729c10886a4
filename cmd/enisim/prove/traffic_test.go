package prove

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"enisim/cmd/enisim/history"
	"enisim/cmd/enisim/load"
	"enisim/service"
)

// clientPatience is for how long a client waits for an answer. SDKs give up then.
const clientPatience = 3 * time.Second

// refusals are what the operations of a plan may be refused with.
var refusals = []string{
	service.InvalidEniState.Code, service.EniPerInstanceLimitExceeded.Code, service.EniNotBelongEcs.Code, service.SecurityGroupInstanceLimit.Code,
	service.OperationConflict.Code, // the row was locked for too long, by a transaction of the other server that Postgres did not get on with
}

// traffic is told of each operation that ends. It paces the faults by their number, and holds clients back that had no answer until the fault is over, so that a
// fault leaves one unknown outcome a client and not as many as they can ask for in its time.
type traffic struct {
	mu        sync.Mutex
	ended     int64
	goal      int64         // a number of operations that somebody waits for
	reached   chan struct{} // closed when it is reached
	calm      chan struct{} // closed while nothing is disturbed
	calmSince time.Time     // when the last fault was over
	over      bool
	problems  []error
}

func newTraffic() *traffic {
	calm := make(chan struct{})
	close(calm)
	return &traffic{calm: calm}
}

// through has the operations of a plan pass by, until the traffic is over.
func (f *traffic) through(ctx context.Context, plan load.Plan) load.Plan {
	return func(client int) load.Next {
		next := plan(client)
		return func(last load.Result) (load.Operation, bool) {
			if last.Outcome != "" && !f.pass(ctx, last) {
				return load.Operation{}, false
			}
			return next(last)
		}
	}
}

// pass takes an operation that has ended, and tells whether its client goes on.
func (f *traffic) pass(ctx context.Context, last load.Result) bool {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended++; f.ended == f.goal {
		close(f.reached)
	}
	switch undisturbed := f.isCalm() && now.Add(-last.Latency).After(f.calmSince); {
	case last.Outcome == history.Fail && !slices.Contains(refusals, last.Code):
		f.problems = append(f.problems, fmt.Errorf("%s of %s, %s: refused with %s", last.Action, last.Interface, last.Instance, last.Code))
	case last.Code == service.InternalError.Code && undisturbed:
		f.problems = append(f.problems, fmt.Errorf("%s of %s, %s: InternalError while nothing was disturbed; the server's log says why", last.Action, last.Interface, last.Instance))
	}
	if last.Outcome == history.Unknown {
		calm := f.calm
		f.mu.Unlock()
		select {
		case <-calm:
		case <-ctx.Done():
		}
		f.mu.Lock()
	}
	return !f.over
}

func (f *traffic) isCalm() bool {
	select {
	case <-f.calm:
		return true
	default:
		return false
	}
}

// await waits until so many more operations have ended.
func (f *traffic) await(ctx context.Context, operations int64) error {
	f.mu.Lock()
	reached := make(chan struct{})
	f.goal, f.reached = f.ended+operations, reached
	f.mu.Unlock()
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("%d operations did not end within %v", operations, patience))
	defer cancel()
	select {
	case <-reached:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// disturb has something done that disturbs the traffic and is over when it returns.
func (f *traffic) disturb(do func() error) error {
	calm := make(chan struct{})
	f.mu.Lock()
	f.calm = calm
	f.mu.Unlock()
	err := do()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calmSince = time.Now()
	close(calm)
	return err
}

// end has each client end when its operation does.
func (f *traffic) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
}

// problem is what operations may not end with.
func (f *traffic) problem() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.problems...)
}
