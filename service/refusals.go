package service

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"enisim.alt/store"
)

const (
	// AllRefusals is the value of Options.Refusals that records every refusal.
	AllRefusals = math.MaxInt
	// maxRefusalAccounts bounds the accounts whose rate of recorded refusals is tracked.
	maxRefusalAccounts = 1024
	// maxRecordingWait is how long the answer of a refusal waits for its record, unless all refusals are to
	// be recorded. The database may not answer, and the rules on parameters do not need it.
	maxRecordingWait = time.Second
	// maxRefusedResources bounds the resources that the event of a refusal names.
	maxRefusedResources = 20
)

// errNotRecordedInTime is returned when the database takes too long to record a refusal.
var errNotRecordedInTime = errors.New("the database has not recorded the refusal in time")

// refusals records refused requests. Those that arrive while others are being written share the next
// transaction.
type refusals struct {
	lanes    *lanes[store.Event]
	accounts *lru.Cache[string, *rate.Limiter] // how many may be recorded now
	limit    int                               // per account and second
}

func newRefusals(s *Service) *refusals {
	r := &refusals{lanes: newLanes(1, s.writeRefusals), limit: s.options.Refusals}
	if s.options.WithoutEvents {
		r.limit = 0
	}
	r.accounts = newCache[*rate.Limiter](maxRefusalAccounts)
	return r
}

// allows reports whether a further refusal of an account is recorded now, and counts it.
func (r *refusals) allows(accountID string, now time.Time) bool {
	return r.limit == AllRefusals || r.limit > 0 && r.limiter(accountID).AllowN(now, 1)
}

// mayRecord reports whether a further refusal of an account would be recorded now.
func (r *refusals) mayRecord(accountID string, now time.Time) bool {
	return r.limit == AllRefusals || r.limit > 0 && r.limiter(accountID).TokensAt(now) >= 1
}

// limiter returns the limit of an account's recorded refusals.
func (r *refusals) limiter(accountID string) *rate.Limiter {
	limiter, found := r.accounts.Get(accountID)
	if !found {
		limiter = rate.NewLimiter(rate.Limit(r.limit), r.limit)
		r.accounts.Add(strings.Clone(accountID), limiter)
	}
	return limiter
}

// Refusal is a refused request, as RecordRefusal takes it.
type Refusal struct {
	Action    string
	Resources func() []string // the ids that the request names
	ByFault   bool            // whether a fault answers the request instead of the action
	Err       error
}

// RecordRefusal records that a request of an account is refused, and why. It returns when that is
// recorded, or cannot be soon. So a refusal can be explained as soon as it is answered. Failures of the server are not
// recorded, unless a fault made them.
func (s *Service) RecordRefusal(ctx context.Context, caller Caller, r Refusal) error {
	shown, documented := APIError(r.Err)
	isFailure := !documented || shown.Status >= http.StatusInternalServerError
	if isFailure && !r.ByFault || !s.refusals.allows(caller.AccountID, time.Now()) {
		return nil
	}
	why, err := json.Marshal(whyOf(shown, r, caller.FaultID))
	if err != nil {
		return err
	}
	header := caller.eventHeader()
	header.action = r.Action
	event := s.newEvent(header, s.timeOf(caller), nil)
	event.Outcome, event.Why = shown.Code, why
	for _, id := range r.Resources() {
		if len(event.Resources) < maxRefusedResources && isValidID(id) {
			event.AddResource(strings.Clone(id))
		}
	}
	if s.refusals.limit != AllRefusals {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, maxRecordingWait, errNotRecordedInTime)
		defer cancel()
	}
	lanes := s.refusals.lanes
	err = lanes.runInLane(&lanes.shared[0], newLaneRequest(ctx, caller.AccountID, event))
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// writeRefusals writes a batch of refusals. It does not wait for the disk: a refusal has changed
// nothing, so nothing depends on its record.
func (s *Service) writeRefusals(ctx context.Context, batch []*laneRequest[store.Event], _ bool) error {
	events := make([]store.Event, len(batch))
	for k, r := range batch {
		events[k] = r.work
	}
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		tx.CommitWithoutFlush()
		return tx.AppendEvents(events)
	})
}
