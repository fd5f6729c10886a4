package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/big"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// throttleTest is a database with two accounts, and servers on it that share a clock.
type throttleTest struct {
	pool    *pgxpool.Pool
	servers []*Service
	passed  atomic.Int64 // nanoseconds since throttleStart
	rules   int
}

var throttleStart = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	tenantOne = "1000000000000001"
	tenantTwo = "1000000000000002"
)

// newThrottleTest returns such a database with a number of servers.
func newThrottleTest(t *testing.T, servers int) *throttleTest {
	t.Helper()
	x := &throttleTest{pool: storetest.Pool(t)}
	for _, id := range []string{tenantOne, tenantTwo} {
		if _, err := x.pool.Exec(t.Context(), `
			INSERT INTO accounts (id, created_at) VALUES ($1, '2026-11-22')`, id); err != nil {
			t.Fatal(err)
		}
		if _, err := x.pool.Exec(t.Context(), `
			INSERT INTO access_keys (id, account_id, secret, created_at)
			VALUES ('LTAI' || $1, $1, 'secret', '2026-11-22')`,
			id); err != nil {
			t.Fatal(err)
		}
	}
	for range servers {
		x.servers = append(x.servers, New(store.New(x.pool, slog.New(slog.DiscardHandler)), Options{
			RealNow: func() time.Time { return throttleStart.Add(time.Duration(x.passed.Load())) },
		}))
	}
	return x
}

// set replaces the throttle of an account, as an operator does, and returns its id.
func (x *throttleTest) set(t *testing.T, accountID string, limits ...disturbance.Limit) (id string) {
	t.Helper()
	throttle := disturbance.Throttle{Limits: limits}
	if err := throttle.Check(); err != nil {
		t.Fatal(err)
	}
	rule, err := json.Marshal(throttle)
	if err != nil {
		t.Fatal(err)
	}
	x.rules++
	row := store.Disturbance{
		ID: fmt.Sprint("throttle-", x.rules), Kind: store.KindThrottle, Rule: rule, CreatedAt: throttleStart,
	}
	if accountID != disturbance.AllAccounts {
		row.AccountID = &accountID
	}
	if err := x.servers[0].store.InTx(t.Context(), func(tx *store.Tx) error {
		_, _, err := tx.LockForDisturbances(t.Context(), row.AccountID, row.Kind, throttleStart)
		tx.DeleteLockedDisturbances(row.AccountID, row.Kind)
		tx.InsertDisturbance(row)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	x.forget()
	return row.ID
}

// forget makes all servers follow changes of rules at once.
func (x *throttleTest) forget() {
	for _, s := range x.servers {
		s.ForgetRules(disturbance.AllAccounts)
	}
}

// buckets returns the number of buckets that are stored.
func (x *throttleTest) buckets(t *testing.T) (n int) {
	t.Helper()
	if err := x.pool.QueryRow(t.Context(), `
		SELECT coalesce(sum(jsonb_array_length(buckets)), 0) FROM token_buckets`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// call asks server k whether an account may call an action.
func (x *throttleTest) call(t *testing.T, k int, accountID, action, region string) error {
	t.Helper()
	s := x.servers[k%len(x.servers)]
	identity, err := s.Identify(t.Context(), "LTAI"+accountID)
	if err != nil {
		return err
	}
	return s.Throttle(t.Context(), identity.Caller, action, region)
}

// burst sends concurrent calls of an action to all servers in turn, and returns how many succeed. The
// others must be refused by a throttle.
func (x *throttleTest) burst(t *testing.T, calls int, accountID, action string) (succeed int) {
	t.Helper()
	var done atomic.Int64
	var clients errgroup.Group
	for k := range calls {
		clients.Go(func() error {
			err := x.call(t, k, accountID, action, "cn-hangzhou")
			if err == nil {
				done.Add(1)
			} else if throttled := new(Throttled); !errors.As(err, &throttled) {
				return err
			}
			return nil
		})
	}
	if err := clients.Wait(); err != nil {
		t.Error(err)
	}
	return int(done.Load())
}

const attachAction, describeAction = "AttachNetworkInterface", "DescribeNetworkInterfaces"

// A burst of 64 clients gets the tokens that there are, over all servers: those of a full bucket
// first, later those of the time that has passed.
func TestThrottleIsExactOverAllServers(t *testing.T) {
	t.Parallel()
	for _, servers := range []int{1, 2} {
		t.Run(fmt.Sprint(servers, " servers"), func(t *testing.T) {
			t.Parallel()
			x := newThrottleTest(t, servers)
			x.set(t, tenantOne, disturbance.Limit{Action: attachAction, PerSecond: 5, Burst: 10})
			for _, step := range []struct {
				passes time.Duration
				want   int
			}{
				{0, 10}, {0, 0}, {199 * time.Millisecond, 0}, {time.Millisecond, 1}, {time.Second, 5}, {time.Hour, 10},
				{300 * time.Millisecond, 1}, {100 * time.Millisecond, 1},
			} {
				x.passed.Add(int64(step.passes))
				if got := x.burst(t, 64, tenantOne, attachAction); got != step.want {
					t.Errorf("after another %v: got %d successes of 64, want %d", step.passes, got, step.want)
				}
			}
			if got := x.burst(t, 64, tenantTwo, attachAction); got != 64 {
				t.Errorf("another tenant: got %d successes of 64, want 64", got)
			}
			if got := x.burst(t, 64, tenantOne, describeAction); got != 64 {
				t.Errorf("another action: got %d successes of 64, want 64", got)
			}
		})
	}
}

// However calls and time are spread, the successes are those of exact arithmetic. Two servers answer
// in turn.
func TestThrottleFollowsExactArithmetic(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	x := newThrottleTest(t, 2)
	for _, limit := range []disturbance.Limit{
		{PerSecond: 3, Burst: 4}, {PerSecond: 0.7, Burst: 1}, {PerSecond: 1000, Burst: 7}, {PerSecond: 1e6, Burst: 3},
	} {
		x.set(t, tenantOne, limit)
		rate, burst := new(big.Rat).SetFloat64(limit.PerSecond), big.NewRat(int64(limit.Burst), 1)
		tokens, one := new(big.Rat).Set(burst), big.NewRat(1, 1)
		for k := range 150 {
			step := int64(random.Float64() * 3e6 / limit.PerSecond) // microseconds: up to three tokens
			x.passed.Add(step * int64(time.Microsecond))
			tokens.Add(tokens, new(big.Rat).Mul(rate, big.NewRat(step, 1e6)))
			if tokens.Cmp(burst) > 0 {
				tokens.Set(burst)
			}
			var want error
			if tokens.Cmp(one) >= 0 {
				tokens.Sub(tokens, one)
			} else {
				want = Throttling
			}
			got := x.call(t, k, tenantOne, attachAction, "")
			if !errors.Is(got, want) || (got == nil) != (want == nil) {
				t.Fatalf("%v a second, call %d: got %v, want %v", limit.PerSecond, k, got, want)
			}
		}
	}
}

// A call must pass all limits that match it. A refused one takes from none.
func TestAThrottledCallTakesNoToken(t *testing.T) {
	t.Parallel()
	x := newThrottleTest(t, 1)
	x.set(t, tenantOne,
		disturbance.Limit{Action: "Attach*", PerSecond: 1, Burst: 2, Answer: disturbance.ThrottlingUser},
		disturbance.Limit{PerSecond: 0.1, Burst: 3, Answer: disturbance.ThrottlingAPI})
	for k, c := range []struct {
		action string
		want   error
	}{
		{attachAction, nil},
		{attachAction, nil},
		{attachAction, ThrottlingUser},
		{attachAction, ThrottlingUser},
		{describeAction, nil}, // the third of the account: the refused ones do not count
		{describeAction, ThrottlingAPI},
		{attachAction, ThrottlingUser}, // the first limit answers
	} {
		if err := x.call(t, 0, tenantOne, c.action, ""); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("call %d, %s: got %v, want %v", k+1, c.action, err, c.want)
		}
	}
}

// The refusal says when each of the limits allows the call again.
func TestAThrottledCallLearnsWhenToRepeat(t *testing.T) {
	t.Parallel()
	x := newThrottleTest(t, 2)
	x.set(t, tenantOne,
		disturbance.Limit{Action: attachAction, PerSecond: 3, Burst: 1}, disturbance.Limit{PerSecond: 0.5, Burst: 1})
	if err := x.call(t, 0, tenantOne, attachAction, ""); err != nil {
		t.Fatal(err)
	}
	x.passed.Add(int64(100 * time.Millisecond))
	for k := range 3 { // the first server asks the database, the next one too, then the first one knows
		throttled, ok := errors.AsType[*Throttled](x.call(t, k, tenantOne, attachAction, ""))
		if !ok {
			t.Fatalf("call %d: got no refusal, want one", k)
		}
		// The first limit allows the next call after 333.3 ms, the second one after 2 s.
		if got, want := throttled.RateLimit(), "Limit:1,Remain:0,TimeLeft:1900,Reset:234"; got != want {
			t.Errorf("call %d: got %s, want %s", k, got, want)
		}
		if got, want := throttled.RetryAfter(), int64(1900); got != want {
			t.Errorf("call %d: retry after: got %d ms, want %d ms", k, got, want)
		}
	}
	x.passed.Add(int64(1900 * time.Millisecond))
	if err := x.call(t, 0, tenantOne, attachAction, ""); err != nil {
		t.Errorf("after the time that the refusal has named: got %v, want no error", err)
	}
}

// An action has a bucket for each region. All regions that do not exist share one with the calls
// that name none.
func TestEachRegionHasABucket(t *testing.T) {
	t.Parallel()
	x := newThrottleTest(t, 1)
	x.set(t, tenantOne, disturbance.Limit{Action: "Describe*", Region: "*", PerSecond: 1, Burst: 1})
	for _, c := range []struct {
		action, region string
		want           error
	}{
		{"DescribeInstances", "cn-hangzhou", nil},
		{"DescribeInstances", "cn-beijing", nil},
		{"DescribeInstances", "", nil},
		{"DescribeInstances", "mars-1", Throttling},
		{"DescribeInstances", "mars-2", Throttling},
		{"DescribeInstances", "cn-hangzhou", Throttling},
		{describeAction, "cn-hangzhou", nil},
	} {
		err := x.call(t, 0, tenantOne, c.action, c.region)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s in %q: got %v, want %v", c.action, c.region, err, c.want)
		}
	}
	if buckets := x.buckets(t); buckets != 4 {
		t.Errorf("buckets: got %d, want 4", buckets)
	}
}

// A throttle of every account gives each one buckets of its own, beside those of its own throttle.
func TestAThrottleOfEveryAccountCountsEachByItself(t *testing.T) {
	t.Parallel()
	x := newThrottleTest(t, 2)
	x.set(t, disturbance.AllAccounts, disturbance.Limit{PerSecond: 1, Burst: 5})
	x.set(t, tenantTwo, disturbance.Limit{PerSecond: 1, Burst: 3})
	if got := x.burst(t, 64, tenantOne, attachAction); got != 5 {
		t.Errorf("the first account: got %d successes, want 5", got)
	}
	if got := x.burst(t, 64, tenantTwo, attachAction); got != 3 {
		t.Errorf("the second account: got %d successes, want 3", got)
	}
}

// While a server knows that a bucket is empty, it refuses without the database.
func TestAServerRemembersAnEmptyBucket(t *testing.T) {
	t.Parallel()
	x := newThrottleTest(t, 1)
	x.set(t, tenantOne, disturbance.Limit{PerSecond: 1, Burst: 1})
	if got := x.burst(t, 2, tenantOne, attachAction); got != 1 {
		t.Fatalf("got %d successes of 2, want 1", got)
	}
	tx, err := x.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), `LOCK token_buckets`); err != nil {
		t.Fatal(err)
	}
	x.passed.Add(int64(time.Second) - 1)
	if err := x.call(t, 0, tenantOne, attachAction, ""); !errors.Is(err, Throttling) {
		t.Errorf("with a locked table: got %v, want %v", err, Throttling)
	}
	result := make(chan error, 1)
	x.passed.Add(1)
	go func() { result <- x.call(t, 0, tenantOne, attachAction, "") }()
	storetest.AwaitLockWaits(t, x.pool, 1)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err != nil {
		t.Errorf("when there is a token again: got %v, want no error", err)
	}
}

// Calls are counted for a throttle: those that its limits match, and those that it refused.
func TestThrottledCallsAreCounted(t *testing.T) {
	t.Parallel()
	x := newThrottleTest(t, 2)
	ids := []string{
		x.set(t, tenantOne, disturbance.Limit{Action: "Attach*", PerSecond: 1, Burst: 5}),
		x.set(t, disturbance.AllAccounts, disturbance.Limit{PerSecond: 1, Burst: 7}),
	}
	x.burst(t, 20, tenantOne, attachAction)   // 5 succeed
	x.burst(t, 10, tenantOne, describeAction) // 2 succeed
	for _, s := range x.servers {
		if err := s.WriteThrottleCounts(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range [][2]int64{{20, 15}, {30, 8}} {
		row, err := x.servers[0].store.FindDisturbance(t.Context(), store.KindThrottle, ids[i])
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]int64{row.Matched, row.Struck}; got != want {
			t.Errorf("%s: got %d matched and %d struck, want %d and %d", ids[i], got[0], got[1], want[0], want[1])
		}
	}
}

// The counts are written by themselves.
func TestCountsOfThrottlesAreWrittenSoon(t *testing.T) {
	t.Parallel()
	x := newThrottleTest(t, 1)
	id := x.set(t, tenantOne, disturbance.Limit{PerSecond: 1, Burst: 1})
	x.burst(t, 3, tenantOne, attachAction)
	var row *store.Disturbance
	for deadline := time.Now().Add(time.Minute); ; {
		var err error
		if row, err = x.servers[0].store.FindDisturbance(t.Context(), store.KindThrottle, id); err != nil {
			t.Fatal(err)
		}
		if row.Matched >= 3 || time.Now().After(deadline) { // two writes, if the calls took long
			break
		}
	}
	if row.Matched != 3 || row.Struck != 2 {
		t.Errorf("got %d matched and %d struck, want 3 and 2", row.Matched, row.Struck)
	}
}

// A throttle may change, and an account may be deleted, while calls run: they wait for no lock in
// a circle, and the last throttle holds.
func TestThrottlesChangeWhileCallsRun(t *testing.T) {
	t.Parallel()
	x := newThrottleTest(t, 2)
	x.set(t, tenantOne, disturbance.Limit{Region: "*", PerSecond: 1, Burst: 1})
	stop := make(chan struct{})
	var clients errgroup.Group
	actions := []string{attachAction, describeAction, "DescribeInstances", "DetachNetworkInterface"}
	for k := range 32 {
		clients.Go(func() error {
			for i := k; ; i++ {
				select {
				case <-stop:
					return nil
				default:
				}
				err := x.call(t, k, tenantOne, actions[i%len(actions)], "cn-hangzhou")
				throttled := new(Throttled)
				if err != nil && !errors.As(err, &throttled) {
					return err
				}
			}
		})
	}
	for i := range 50 {
		x.set(t, tenantOne, disturbance.Limit{Region: "*", PerSecond: 1, Burst: i + 1},
			disturbance.Limit{PerSecond: 1, Burst: 1000})
		x.passed.Add(int64(time.Millisecond))
		if i%10 == 9 {
			err := x.servers[0].store.InTx(t.Context(), func(tx *store.Tx) error {
				_, err := tx.DeleteDisturbances(t.Context(), store.KindThrottle, tenantOne)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			x.forget()
		}
	}
	close(stop)
	if err := clients.Wait(); err != nil {
		t.Errorf("got %v, want only refusals by the throttle", err)
	}
	x.set(t, tenantOne, disturbance.Limit{PerSecond: 1, Burst: 9})
	if got := x.burst(t, 64, tenantOne, attachAction); got != 9 {
		t.Errorf("with the last throttle: got %d successes, want 9", got)
	}
	x.passed.Add(int64(time.Hour))
	if err := x.call(t, 0, tenantOne, attachAction, "cn-hangzhou"); err != nil {
		t.Error(err)
	}
	if buckets := x.buckets(t); buckets != 1 {
		t.Errorf("buckets: got %d, want 1, because full ones are not kept", buckets)
	}
}

// An account may be deleted while its calls take tokens.
func TestAThrottledAccountCanBeDeleted(t *testing.T) {
	t.Parallel()
	x := newThrottleTest(t, 2)
	x.set(t, disturbance.AllAccounts, disturbance.Limit{Region: "*", PerSecond: 1000, Burst: 1000})
	begun := make(chan struct{}, 16)
	var clients errgroup.Group
	for k := range 16 {
		clients.Go(func() error {
			for i := range 1_000_000 {
				err := x.call(t, k, tenantOne, attachAction, []string{"cn-hangzhou", "cn-beijing", ""}[i%3])
				if i == 0 {
					begun <- struct{}{}
				}
				throttled := new(Throttled)
				switch {
				case errors.Is(err, InvalidAccessKeyIDNotFound), errors.Is(err, store.ErrAccountGone):
					return nil
				case err != nil && !errors.As(err, &throttled):
					return err
				}
			}
			return errors.New("the account is still there")
		})
	}
	for range 16 {
		<-begun
	}
	if err := x.servers[0].store.InTx(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.LockAccount(t.Context(), tenantOne, throttleStart); err != nil {
			return err
		}
		return tx.DeleteAccount(t.Context(), tenantOne)
	}); err != nil {
		t.Fatal(err)
	}
	x.forget()
	if err := clients.Wait(); err != nil {
		t.Errorf("got %v, want refusals or an unknown key", err)
	}
	if buckets := x.buckets(t); buckets != 0 {
		t.Errorf("buckets: got %d, want none", buckets)
	}
}

// After a crash Postgres empties the table of buckets. Then all are full.
func TestBucketsAreFullAfterACrash(t *testing.T) {
	t.Parallel()
	x := newThrottleTest(t, 1)
	x.set(t, tenantOne, disturbance.Limit{PerSecond: 0.001, Burst: 4})
	if got := x.burst(t, 3, tenantOne, attachAction); got != 3 {
		t.Fatalf("got %d successes of 3, want 3", got)
	}
	var unlogged bool
	if err := x.pool.QueryRow(t.Context(), `
		SELECT relpersistence = 'u' FROM pg_class WHERE relname = 'token_buckets'`).Scan(&unlogged); err != nil {
		t.Fatal(err)
	}
	if !unlogged {
		t.Error("token_buckets: got a logged table, want an unlogged one")
	}
	if _, err := x.pool.Exec(t.Context(), `TRUNCATE token_buckets`); err != nil {
		t.Fatal(err)
	}
	if got := x.burst(t, 64, tenantOne, attachAction); got != 4 {
		t.Errorf("with an empty table: got %d successes, want 4", got)
	}
}

// A bucket never has a token earlier than it says, for any rate.
func TestAnEmptyBucketSaysWhenItHasAToken(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []float64{0.001, 0.3, 1, 3, 8.333333333333334, 70, 999, 1e6} {
		limit := disturbance.Limit{PerSecond: perSecond, Burst: 5}
		empty := disturbance.Bucket{Tokens: 0, RefilledAt: throttleStart}
		at := limit.TokenAt(empty)
		if !limit.Refill(empty, at).HasToken() {
			t.Errorf("%v a second: got no token at the time that the bucket says", perSecond)
		}
		early := time.Duration(math.Max(1e9/perSecond*1e-6, 2))
		if limit.Refill(empty, at.Add(-early)).HasToken() {
			t.Errorf("%v a second: got a token %v earlier", perSecond, early)
		}
		if got := limit.Refill(empty, limit.FullAt(empty)).Tokens; got < 5-1e-6 || got > 5 {
			t.Errorf("%v a second: got %v tokens when the bucket is full, want 5", perSecond, got)
		}
	}
}
