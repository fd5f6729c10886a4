package prove

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
	"enisim.alt/service"
)

// clientTimeout is how long a client waits for an answer, like the SDKs.
const clientTimeout = 3 * time.Second

// refusals are the codes with which operations of a plan may be refused.
var refusals = []string{
	service.InvalidEniState.Code, service.EniPerInstanceLimitExceeded.Code, service.EniNotBelongEcs.Code,
	service.SecurityGroupInstanceLimit.Code,
	// The row was locked for too long, by a transaction of the other server that made no
	// progress.
	service.OperationConflict.Code,
}

// changeRefusals are the further codes with which operations of a plan may be refused that create or
// delete interfaces or change their addresses.
var changeRefusals = []string{
	service.MaxEniCountExceeded.Code, service.InvalidVSwitchIDIPNotEnough.Code,
	service.InvalidPrivateIPDuplicated.Code, service.InvalidIPAssigned.Code, service.InvalidIPUnassigned.Code,
	service.InvalidEniIDNotFound.Code, service.IdempotentFailed.Code,
	// Another request is changing the addresses of the same interface, or holds the row for too long.
	service.EcsTaskConflict.Code, service.InvalidOperationConflict.Code,
}

// isExpected reports whether an operation of a plan may be refused with its code.
func isExpected(r load.Result) bool {
	switch r.Action {
	case history.Attach, history.Detach, history.Describe:
		return slices.Contains(refusals, r.Code)
	}
	return slices.Contains(changeRefusals, r.Code) || r.Code == service.OperationConflict.Code
}

// traffic observes the end of each operation. Their number determines when the next fault starts. A
// client without an answer is held back until the fault is over, so each client has one unknown
// outcome for a fault instead of many.
type traffic struct {
	mu           sync.Mutex
	ended        int64
	goal         int64         // the number of operations at which reached is closed
	reached      chan struct{} // closed when it is reached
	faultOver    chan struct{} // closed while there is no fault
	lastFaultEnd time.Time
	stopped      bool
	problems     []error
}

// newTraffic returns a traffic without a fault.
func newTraffic() *traffic {
	faultOver := make(chan struct{})
	close(faultOver)
	return &traffic{faultOver: faultOver}
}

// observe returns the plan with all its results recorded. It ends when the traffic is stopped.
func (f *traffic) observe(ctx context.Context, plan load.Plan) load.Plan {
	return func(client int) load.Next {
		next := plan(client)
		return func(last load.Result) (load.Operation, bool) {
			if last.Outcome != "" && !f.record(ctx, last) {
				return load.Operation{}, false
			}
			return next(last)
		}
	}
}

// record counts an operation that has ended and reports whether its client continues.
func (f *traffic) record(ctx context.Context, last load.Result) bool {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended++; f.ended == f.goal {
		close(f.reached)
	}
	// First check the result. An operation is undisturbed if there was no fault from its request to
	// its answer.
	switch undisturbed := f.noFault() && now.Add(-last.Latency).After(f.lastFaultEnd); {
	case last.Outcome == history.Fail && !isExpected(last):
		f.problems = append(f.problems,
			fmt.Errorf("%s of %s, %s: refused with %s", last.Action, last.Interface, last.Instance, last.Code))
	case last.Code == service.InternalError.Code && undisturbed:
		f.problems = append(f.problems, fmt.Errorf("%s of %s, %s: InternalError while nothing was disturbed; the "+
			"server's log says why", last.Action, last.Interface, last.Instance))
	}
	// Then hold the client back if it had no answer. The lock is released during that wait, because
	// the end of the fault needs it.
	if last.Outcome == history.Unknown {
		faultOver := f.faultOver
		f.mu.Unlock()
		select {
		case <-faultOver:
		case <-ctx.Done():
		}
		f.mu.Lock()
	}
	return !f.stopped
}

// noFault reports whether there is no fault at present.
func (f *traffic) noFault() bool {
	select {
	case <-f.faultOver:
		return true
	default:
		return false
	}
}

// awaitOperations waits until so many more operations have ended.
func (f *traffic) awaitOperations(ctx context.Context, operations int64) error {
	f.mu.Lock()
	reached := make(chan struct{})
	f.goal, f.reached = f.ended+operations, reached
	f.mu.Unlock()
	ctx, cancel := context.WithTimeoutCause(ctx, waitTimeout,
		fmt.Errorf("%d operations did not end within %v", operations, waitTimeout))
	defer cancel()
	select {
	case <-reached:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// withFault runs a function that causes a fault; the fault is over when it returns.
func (f *traffic) withFault(do func() error) error {
	faultOver := make(chan struct{})
	f.mu.Lock()
	f.faultOver = faultOver
	f.mu.Unlock()
	err := do()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lastFaultEnd = time.Now()
	close(faultOver)
	return err
}

// stop ends each client after its current operation.
func (f *traffic) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
}

// err returns an error for each operation with a result that is not allowed.
func (f *traffic) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.problems...)
}
