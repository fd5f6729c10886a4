package service

import (
	"context"
	"fmt"
	"sync"

	"enisim.alt/store"
)

// maxKeysAtOnce is how many keys a server makes at the same time. Each takes a processor for a tenth of a second.
// maxKeysWaiting is how many further requests of an account may wait to make one.
const (
	maxKeysAtOnce  = 2
	maxKeysWaiting = 32
)

// keyTurns grants turns to make a key, at most maxKeysAtOnce at the same time. The accounts that wait get them in
// turn. The zero value has granted none.
type keyTurns struct {
	mu      sync.Mutex
	granted int
	waiting fairQueue[struct{}]
}

// acquire waits for a turn of an account, which release ends. It returns store.ErrBusy if too many requests
// wait already.
func (k *keyTurns) acquire(ctx context.Context, accountID string) error {
	// First take a turn that is free. Then nobody waits, because release passes turns on.
	k.mu.Lock()
	if k.granted < maxKeysAtOnce {
		k.granted++
		k.mu.Unlock()
		return nil
	}
	if n := k.waiting.countOf(accountID); n >= maxKeysWaiting || k.waiting.size >= maxQueued {
		k.mu.Unlock()
		return fmt.Errorf("%w: %d requests of the account wait to make a key", store.ErrBusy, n)
	}
	// Otherwise wait. A turn that comes while the caller leaves is passed on.
	r := &laneRequest[struct{}]{accountID: accountID, turn: make(chan turn, 1)}
	k.waiting.push(r)
	k.mu.Unlock()
	select {
	case <-r.turn:
		return nil
	case <-ctx.Done():
	}
	k.mu.Lock()
	waited := k.waiting.remove(r)
	k.mu.Unlock()
	if !waited {
		k.release()
	}
	return ctx.Err()
}

// release ends a turn, and grants it to the account that is next.
func (k *keyTurns) release() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if next := k.waiting.pop(); next != nil {
		next.turn <- lead
		return
	}
	k.granted--
}
