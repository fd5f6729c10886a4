package service

import (
	"context"
	"sync"
	"testing"
	"time"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// waitingContext is a context that tells when its end is first awaited.
type waitingContext struct {
	context.Context
	once    sync.Once
	awaited chan struct{}
}

func (c *waitingContext) Done() <-chan struct{} {
	c.once.Do(func() { close(c.awaited) })
	return c.Context.Done()
}

// A request that finds a query for its key in progress takes its result, unless that may lack a
// change that came before the request: then it looks up the identity anew.
func TestLookupsSeeEarlierChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		old    func(*lookup) // what an earlier query has found
		forget bool          // whether this server has changed the identity since
		anew   bool
	}{
		{name: "a recent result", old: func(*lookup) {}},
		{name: "a clock", old: func(l *lookup) { l.identity.HasClock, l.identity.Rate = true, 1 }, anew: true},
		{name: "changed here", old: func(*lookup) {}, forget: true, anew: true},
		{name: "a slow query", old: func(l *lookup) { l.startedAt = l.startedAt.Add(-identityCacheTime) }, anew: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, key := serviceWithKey(t)
			found := lookup{
				identity: &knownIdentity{Identity: store.Identity{
					AccessKeyID: key, AccountID: "1000000000000001", Status: "Active", Secret: "old",
				}},
				startedAt: time.Now(),
			}
			c.old(&found)
			release := make(chan struct{})
			s.lookups.DoChan(key, func() (any, error) {
				<-release
				return found, nil
			})
			if c.forget {
				s.ForgetAccount("1000000000000001")
			}
			ctx := &waitingContext{Context: t.Context(), awaited: make(chan struct{})}
			type answer struct {
				identity Identity
				err      error
			}
			answered := make(chan answer, 1)
			go func() {
				identity, err := s.Identify(ctx, key)
				answered <- answer{identity, err}
			}()
			<-ctx.awaited
			close(release)
			want := "old"
			if c.anew {
				want = "secret"
			}
			if got := <-answered; got.err != nil || got.identity.Secret != want {
				t.Errorf("got %q, %v; want the secret %q", got.identity.Secret, got.err, want)
			}
		})
	}
}

// An identity that this server has changed while it was being looked up is not kept.
func TestALookupDuringAChangeIsNotKept(t *testing.T) {
	t.Parallel()
	for _, changes := range []bool{false, true} {
		pool := storetest.Pool(t)
		s, key := serviceWithKeyOn(t, pool)
		tx, err := pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), `LOCK TABLE access_keys IN ACCESS EXCLUSIVE MODE`); err != nil {
			t.Fatal(err)
		}
		looked := make(chan error, 1)
		go func() {
			_, err := s.Identify(t.Context(), key)
			looked <- err
		}()
		storetest.AwaitLockWaits(t, pool, 1)
		if changes {
			s.ForgetAccount("1000000000000001")
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-looked; err != nil {
			t.Fatal(err)
		}
		if s.identities.Contains(key) == changes {
			t.Errorf("changed meanwhile %v: got the identity kept %v", changes, !changes)
		}
	}
}
