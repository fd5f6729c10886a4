package service

import (
	"context"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// lifecycleCall is a call whose transitions lifecycles may decide. The zero value has none: then the
// server's delays decide.
type lifecycleCall struct {
	rules   *disturbance.Set
	action  string
	numbers map[string]int64 // the number of the call, by random lifecycle
}

// decideLifecycles numbers a call for the random lifecycles that may decide its transitions. Without
// one, it does nothing. A call gets its number before its transaction, so it uses the number up even
// if it is refused.
func (s *Service) decideLifecycles(
	ctx context.Context, caller Caller, action string, transitions []string, resourceID string,
) (lifecycleCall, error) {
	if caller.Rules == nil || len(caller.Rules.Lifecycles) == 0 {
		return lifecycleCall{}, nil
	}
	call := lifecycleCall{rules: caller.Rules, action: action}
	ids := caller.Rules.RandomLifecycles(transitions, action, resourceID)
	if len(ids) == 0 {
		return call, nil
	}
	var numbers map[string]int64
	err := s.countCall(ctx, caller.AccountID, countedCall{ids, func(n map[string]int64) string {
		numbers = n
		return ""
	}})
	if err != nil {
		return call, err
	}
	call.numbers = numbers
	return call, nil
}

// transition is how a transition that begins will go.
type transition struct {
	lasts        time.Duration
	never, fails bool
}

// transition decides the k-th transition of a kind, from 0, that the caller's action begins: by the
// first lifecycle that matches, and otherwise by the server's delays.
func (s *Service) transition(caller Caller, kind, resourceID string, k int) transition {
	t := transition{lasts: s.options.delayOf(kind)}
	rule := caller.lifecycles.rules.LifecycleOf(kind, caller.lifecycles.action, resourceID)
	if rule == nil {
		return t
	}
	course := rule.Decide(caller.lifecycles.numbers[rule.ID], k)
	if course.Lasts != nil {
		t.lasts = *course.Lasts
	}
	t.never, t.fails = course.Never, course.Fails
	return t
}

// delayOf returns how long a transition lasts if no lifecycle says otherwise.
func (o Options) delayOf(kind string) time.Duration {
	switch kind {
	case disturbance.Attaching, disturbance.Associating:
		return o.AttachDelay
	case disturbance.Detaching, disturbance.Unassociating:
		return o.DetachDelay
	case disturbance.Deleting:
		return o.DeleteDelay
	case disturbance.Pending, disturbance.Creating:
		return o.CreateDelay
	case disturbance.Starting:
		return o.StartDelay
	}
	return o.StopDelay
}

// isInstant reports whether the transition ends at once.
func (t transition) isInstant() bool { return t.lasts == 0 && !t.never }

// endsAt returns when the transition ends if it begins at now. It is store.Never if it does not.
func (t transition) endsAt(now time.Time) time.Time {
	if t.never {
		return store.Never
	}
	return now.Add(t.lasts)
}

// ending returns how the transition ends if it begins at now, or nil if it ends at once.
func (t transition) ending(now time.Time) *store.Ending {
	if t.isInstant() {
		return nil
	}
	return &store.Ending{At: t.endsAt(now), Never: t.never, Fails: t.fails}
}

// set sets the status of an instance that begins the transition at now. next is its status in the end.
func (t transition) set(i *store.AttachableInstance, now time.Time, transient, next string) {
	i.Status, i.NextStatus, i.SettlesAt, i.RunningAt, i.StartFails = transient, nil, nil, nil, false
	switch {
	case t.isInstant():
		i.Status = next
	case !t.never:
		i.NextStatus, i.SettlesAt = &next, new(t.endsAt(now))
	}
}
