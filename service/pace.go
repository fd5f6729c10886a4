package service

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"enisim.alt/store"
)

// Limits of the refusals that an overload causes. A client that repeats a refused request at once
// would otherwise use as much processor time as its account's share of the database saves.
const (
	// freeRefusals is how many refusals per second an account gets without delay.
	freeRefusals = 20
	// A further refusal is held back for about the time of its Retry-After: a random time between
	// these two, so that clients which repeat at once do not all come back together.
	minRefusalDelay = 500 * time.Millisecond
	maxRefusalDelay = 1500 * time.Millisecond
	// maxHeldRefusals is the maximum number of refusals of an account that are held back, and
	// maxPacedAccounts that of the accounts that are tracked. More are answered at once.
	maxHeldRefusals  = 1024
	maxPacedAccounts = 1024
)

// pacer delays refusals.
type pacer struct {
	accounts *lru.Cache[string, *accountPace]
}

type accountPace struct {
	free *rate.Limiter
	held atomic.Int64
}

func newPacer() *pacer { return &pacer{newCache[*accountPace](maxPacedAccounts)} }

// PaceRefusal delays the answer to a request that is refused because too many requests of its
// account wait. Other errors, and the first refusals of each second, are not delayed. It returns
// early when ctx ends.
func (s *Service) PaceRefusal(ctx context.Context, caller Caller, err error) {
	if !errors.Is(err, store.ErrBusy) {
		return
	}
	delay, release := s.pacer.hold(caller.AccountID, time.Now())
	defer release()
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// hold returns the delay of a refusal, and the function to call after it.
func (p *pacer) hold(accountID string, now time.Time) (delay time.Duration, release func()) {
	account, _ := p.accounts.Get(accountID)
	if account == nil {
		account = &accountPace{free: rate.NewLimiter(freeRefusals, freeRefusals)}
		if earlier, found, _ := p.accounts.PeekOrAdd(accountID, account); found {
			account = earlier
		}
	}
	if account.free.AllowN(now, 1) {
		return 0, func() {}
	}
	if account.held.Add(1) > maxHeldRefusals {
		account.held.Add(-1)
		return 0, func() {}
	}
	delay = minRefusalDelay + rand.N(maxRefusalDelay-minRefusalDelay)
	return delay, func() { account.held.Add(-1) }
}
