package service

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"enisim/store"
)

// Limits of the refusals that an overload causes. A client that repeats a refused request at once
// would otherwise take as much of the processor as its account's share of the database was meant to
// save.
const (
	// freeRefusals is how many refusals an account gets a second without delay.
	freeRefusals = 20
	// Each further one is held back for about as long as its Retry-After asks the client to wait:
	// between these two, at random, so that clients that repeat at once do not come back all at the
	// same moment.
	minRefusalDelay = 500 * time.Millisecond
	maxRefusalDelay = 1500 * time.Millisecond
	// maxHeldRefusals is how many refusals of an account are held back at a time, and
	// maxPacedAccounts of how many accounts the pace is remembered. More are answered at once.
	maxHeldRefusals  = 1024
	maxPacedAccounts = 1024
)

// pacer holds back refusals.
type pacer struct {
	accounts *lru.Cache[string, *accountPace]
}

type accountPace struct {
	free *rate.Limiter
	held atomic.Int64
}

func newPacer() *pacer { return &pacer{newCache[*accountPace](maxPacedAccounts)} }

// PaceRefusal returns at once, unless err refuses a request of an account because too many of its
// requests wait, and the account has had many such refusals lately. Then it returns after a moment,
// or when ctx ends.
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

// hold returns how long to hold back a refusal, and the function to call afterwards.
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
