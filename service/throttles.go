package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// Limits of what a server remembers of throttles.
const (
	// maxEmptyBuckets is the maximum number of buckets that are known to be empty. Of another one the
	// database is asked at each call.
	maxEmptyBuckets = 10_000
	// throttleCountsDelay is how long the counts of throttles wait until they are written.
	throttleCountsDelay = 250 * time.Millisecond
)

// MaxThrottleCountAge is the time after which every server has written its counts of throttles.
const MaxThrottleCountAge = time.Second

// Throttled is the error of a call that a throttle refuses. It unwraps to one of the Throttling
// errors.
type Throttled struct {
	answer     *Error
	throttleID string        // of the limit that refuses the call
	limit      int           // its burst
	wait       time.Duration // until each bucket that is empty now has a token, if nobody else takes it
	full       time.Duration // until the bucket of the limit is full, if nobody takes from it
}

func (t *Throttled) Error() string { return t.answer.Error() }

// Unwrap returns the public error.
func (t *Throttled) Unwrap() error { return t.answer }

// throttlingErrors are the answers that a limit can have.
var throttlingErrors = map[string]*Error{
	disturbance.ThrottlingPlain: Throttling,
	disturbance.ThrottlingUser:  ThrottlingUser,
	disturbance.ThrottlingAPI:   ThrottlingAPI,
}

// throttles has what a server knows of the throttles of all accounts: which buckets are empty, and
// counts that are not written yet.
type throttles struct {
	lanes *lanes[*throttleWork]
	empty *lru.Cache[accountBucket, emptyBucket]

	inWriting sync.Mutex // held while counts are being written; taken before mu
	mu        sync.Mutex
	counts    map[string]ruleCount // by throttle
	writing   *time.Timer          // that writes them; nil: there are none
}

// accountBucket is a bucket of an account.
type accountBucket struct {
	accountID string
	disturbance.BucketKey
}

// emptyBucket is when an empty bucket has a token, and when it is full. Other servers can only take
// from it, so it has no token earlier.
type emptyBucket struct{ tokenAt, fullAt time.Time }

type ruleCount struct{ matched, struck int64 }

// throttleWork is a call that some limits match, in the lane that takes its tokens.
type throttleWork struct {
	limits  []disturbance.MatchingLimit
	refusal *Throttled // the answer; nil: the tokens are taken
}

func newThrottles(s *Service) *throttles {
	empty, err := lru.New[accountBucket, emptyBucket](maxEmptyBuckets)
	if err != nil {
		panic(err) // only a size below 1 fails
	}
	return &throttles{
		lanes: newLanes(0, s.takeTokens), empty: empty, counts: map[string]ruleCount{},
	}
}

// realNow returns the real time with the precision of the database. Throttles follow it, whatever the
// clock of the account says.
func (s *Service) realNow() time.Time { return s.realClock().UTC().Truncate(time.Microsecond) }

// Throttle takes a token for a call from the bucket of each limit that matches it. If one of them is
// empty, it takes none and returns a Throttled. The buckets are in the database, so the limits hold
// exactly over all servers. Calls that arrive while others take theirs share the next transaction.
// While a server knows that a bucket is empty, it refuses without asking the database.
func (s *Service) Throttle(ctx context.Context, caller Caller, action, regionID string) error {
	if !caller.Rules.Throttled() {
		return nil
	}
	// First find the buckets. Calls that name no region that exists share one, or a client could make
	// any number of buckets.
	if regionID != "" {
		known, err := s.regionExists(ctx, regionID)
		if err != nil {
			return err
		}
		if !known {
			regionID = ""
		}
	}
	limits := caller.Rules.LimitsOf(action, regionID)
	if len(limits) == 0 {
		return nil
	}
	// Then take the tokens, unless a bucket is known to be empty.
	work := &throttleWork{limits: limits}
	if work.refusal = s.throttles.knownRefusal(caller.AccountID, limits, s.realNow()); work.refusal == nil {
		account := store.ResourceID{AccountID: caller.AccountID, ID: caller.AccountID}
		err := s.throttles.lanes.runInLaneOf(
			store.Row{Kind: store.AccountRow, ResourceID: account}, newLaneRequest(ctx, caller.AccountID, work))
		if err != nil {
			return err
		}
	}
	s.countThrottled(work)
	if work.refusal != nil {
		return work.refusal
	}
	return nil
}

// refusalOf returns the refusal of a call by the first of its limits whose bucket is empty, or nil if
// none is. isEmpty reports whether a bucket is empty.
func refusalOf(
	limits []disturbance.MatchingLimit, now time.Time, isEmpty func(disturbance.MatchingLimit) (emptyBucket, bool),
) *Throttled {
	var refusal *Throttled
	for _, l := range limits {
		empty, ok := isEmpty(l)
		if !ok {
			continue
		}
		if refusal == nil {
			refusal = &Throttled{
				answer: throttlingErrors[l.Answer], throttleID: l.Bucket.ThrottleID, limit: l.Burst,
				full: empty.fullAt.Sub(now),
			}
		}
		refusal.wait = max(refusal.wait, empty.tokenAt.Sub(now))
	}
	return refusal
}

// knownRefusal returns the refusal of a call that needs a bucket which is known to be empty, or nil.
func (t *throttles) knownRefusal(accountID string, limits []disturbance.MatchingLimit, now time.Time) *Throttled {
	return refusalOf(limits, now, func(l disturbance.MatchingLimit) (emptyBucket, bool) {
		empty, known := t.empty.Get(accountBucket{accountID, l.Bucket})
		return empty, known && empty.tokenAt.After(now)
	})
}

// takeTokens takes the tokens of a batch, all of one account, in one transaction: call k sees what
// call k-1 has left.
func (s *Service) takeTokens(ctx context.Context, batch []*laneRequest[*throttleWork], wait bool) error {
	accountID := batch[0].accountID
	empty := map[disturbance.BucketKey]emptyBucket{}
	err := s.store.InTx(ctx, func(tx *store.Tx) error {
		// First lock the buckets.
		setLockTimeout(tx, batch, wait)
		rows, err := tx.LockTokenBuckets(ctx, accountID)
		if err != nil {
			return err
		}
		// Then decide the calls one after the other. The time is read after the lock, so that it follows
		// the order of commits.
		clear(empty)
		now, taken := s.realNow(), false
		for _, r := range batch {
			r.err = nil
			r.work.refusal = refusalOf(r.work.limits, now, func(l disturbance.MatchingLimit) (emptyBucket, bool) {
				bucket := bucketOf(l, rows, now)
				if bucket.HasToken() {
					return emptyBucket{}, false
				}
				state := emptyBucket{l.TokenAt(bucket), l.FullAt(bucket)}
				empty[l.Bucket] = state
				return state, true
			})
			if r.work.refusal == nil {
				takeFrom(r.work.limits, rows, now)
				taken = true
			}
		}
		if !taken {
			return errUnchanged
		}
		return tx.WriteTokenBuckets(accountID, rows, now)
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return err
	}
	for key, state := range empty {
		s.throttles.empty.Add(accountBucket{accountID, key}, state)
	}
	return nil
}

// bucketOf returns the locked bucket of a limit with the tokens that it has now.
func bucketOf(
	l disturbance.MatchingLimit, rows map[store.TokenBucketKey]store.TokenBucket, now time.Time,
) disturbance.Bucket {
	row, found := rows[store.TokenBucketKey(l.Bucket)]
	if !found {
		return l.Full(now)
	}
	return l.Refill(disturbance.Bucket{Tokens: row.Tokens, RefilledAt: row.RefilledAt}, now)
}

// takeFrom takes a token from the locked bucket of each limit.
func takeFrom(
	limits []disturbance.MatchingLimit, rows map[store.TokenBucketKey]store.TokenBucket, now time.Time,
) {
	for _, l := range limits {
		key, bucket := store.TokenBucketKey(l.Bucket), bucketOf(l, rows, now).Take()
		rows[key] = store.TokenBucket{
			TokenBucketKey: key, Tokens: bucket.Tokens, RefilledAt: bucket.RefilledAt, FullAt: l.FullAt(bucket),
		}
	}
}

// countThrottled counts a call for each throttle that matches it. The counts are written later and
// together, because a write for each call would make all calls of a throttle wait for each other.
func (s *Service) countThrottled(work *throttleWork) {
	t := s.throttles
	t.mu.Lock()
	defer t.mu.Unlock()
	counted := map[string]bool{}
	for _, l := range work.limits {
		id := l.Bucket.ThrottleID
		if counted[id] {
			continue
		}
		counted[id] = true
		n := t.counts[id]
		n.matched++
		if work.refusal != nil && work.refusal.throttleID == id {
			n.struck++
		}
		t.counts[id] = n
	}
	if t.writing == nil {
		t.writing = time.AfterFunc(throttleCountsDelay, func() {
			_ = s.WriteThrottleCounts(context.Background()) // it keeps the counts until the next time if it fails
		})
	}
}

// WriteThrottleCounts writes the counts of throttles that wait. Otherwise each is written within
// MaxThrottleCountAge. It returns after a write that has begun already.
func (s *Service) WriteThrottleCounts(ctx context.Context) error {
	t := s.throttles
	t.inWriting.Lock()
	defer t.inWriting.Unlock()
	t.mu.Lock()
	counts := t.counts
	t.counts = map[string]ruleCount{}
	if t.writing != nil {
		t.writing.Stop()
		t.writing = nil
	}
	t.mu.Unlock()
	if len(counts) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(counts))
	err := s.store.InTx(store.WithoutAccount(ctx), func(tx *store.Tx) error {
		existing, err := tx.LockRuleCounts(ctx, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, found := existing[id]; found { // otherwise the throttle was removed
				tx.AddRuleCounts(id, counts[id].matched, counts[id].struck)
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, store.ErrOutcomeUnknown) {
		t.mu.Lock()
		defer t.mu.Unlock()
		for id, n := range counts {
			n.matched, n.struck = n.matched+t.counts[id].matched, n.struck+t.counts[id].struck
			t.counts[id] = n
		}
	}
	return err
}

// RateLimit returns a refusal in the form of the headers that SDKs read. Its times are milliseconds:
// until the call may succeed, and until the bucket is full.
func (t *Throttled) RateLimit() string {
	return fmt.Sprintf("Limit:%d,Remain:0,TimeLeft:%d,Reset:%d", t.limit, t.RetryAfter(), milliseconds(t.full))
}

// RetryAfter returns the number of milliseconds after which the call may succeed.
func (t *Throttled) RetryAfter() int64 { return milliseconds(t.wait) }

// milliseconds rounds up, so that a client which waits as long does not come too early.
func milliseconds(d time.Duration) int64 { return int64((d + time.Millisecond - 1) / time.Millisecond) }
