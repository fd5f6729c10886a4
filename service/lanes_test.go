package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim/service/worldtest"
	"enisim/store"
	"enisim/store/storetest"
)

// laneAccount is the account of all lane tests.
const laneAccount = "1000000000000001"

// laneWorld has three instances with three free places each, in a group of which each is a member.
func laneWorld() *worldtest.World {
	return worldtest.New(laneAccount).
		VPC("vpc-1", "10.0.0.0/8").
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-main").
		Instance("i-{n}", worldtest.Count(3), worldtest.Type("ecs.four.places")).
		NetworkInterface("eni-{n}", worldtest.Count(20)).
		InstanceType("ecs.four.places", 4)
}

// laneTest is a service on a database of its own, whose lanes record their batches, and can be paused before they run the next one.
type laneTest struct {
	*Service
	pool    *pgxpool.Pool
	mu      sync.Mutex
	batches []int         // how many requests each had
	paused  chan struct{} // nil: no batch is held up; otherwise until it is closed
	began   chan struct{} // receives when a batch is held up
}

func newLaneTest(t *testing.T, w *worldtest.World, options Options, change ...func(*pgxpool.Config)) *laneTest {
	t.Helper()
	config, err := store.Config(storetest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config.Copy())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	for _, f := range change {
		f(config)
	}
	own, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Close)
	l := &laneTest{Service: New(store.New(own, slog.New(slog.DiscardHandler)), options), pool: pool}
	worldtest.Apply(t, l.store, l.Now(), w.String())
	run := l.lanes.run
	l.lanes.run = func(ctx context.Context, batch []*laneRequest, wait bool) error {
		l.mu.Lock()
		l.batches = append(l.batches, len(batch))
		paused := l.paused
		l.mu.Unlock()
		if paused != nil {
			l.began <- struct{}{}
			<-paused
		}
		return run(ctx, batch, wait)
	}
	return l
}

// pause holds up the first of the given requests in its transaction, until the function that it returns is called. So what comes after
// it waits in the lane. answer waits for what came of the first request.
func (l *laneTest) pause(t *testing.T, first func() error) (release func(), answer func() error) {
	t.Helper()
	paused := make(chan struct{})
	l.mu.Lock()
	l.paused, l.began = paused, make(chan struct{})
	l.mu.Unlock()
	result := make(chan error, 1)
	go func() { result <- first() }()
	<-l.began
	l.mu.Lock()
	l.paused = nil
	l.mu.Unlock()
	release = sync.OnceFunc(func() { close(paused) })
	t.Cleanup(release)
	return release, func() error { return <-result }
}

func (l *laneTest) attach(ctx context.Context, eni, instance string) error {
	_, err := AttachNetworkInterface.Do(ctx, l.Service, Caller{AccountID: laneAccount},
		AttachNetworkInterfaceRequest{RegionID: "cn-hangzhou", InstanceID: instance, NetworkInterfaceID: eni})
	return err
}

func (l *laneTest) detach(ctx context.Context, eni, instance string) error {
	_, err := DetachNetworkInterface.Do(ctx, l.Service, Caller{AccountID: laneAccount},
		DetachNetworkInterfaceRequest{RegionID: "cn-hangzhou", InstanceID: instance, NetworkInterfaceID: eni})
	return err
}

// hold keeps rows locked until the function that it returns is called.
func (l *laneTest) hold(t *testing.T, lock string) (release func()) {
	t.Helper()
	tx, err := l.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), lock); err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) })
	t.Cleanup(release)
	return release
}

// queued starts a request, and returns once it waits in a lane. answer waits for what came of it.
func (l *laneTest) queued(t *testing.T, request func() error) (answer func() error) {
	t.Helper()
	before := l.waiting()
	result := make(chan error, 1)
	go func() { result <- request() }()
	l.awaitQueue(t, before+1)
	return func() error { return <-result }
}

// awaitQueue returns once so many requests wait in the lanes.
func (l *laneTest) awaitQueue(t *testing.T, want int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); l.waiting() != want; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("got %d requests in the queues, want %d", l.waiting(), want)
		}
	}
}

// locked starts a request that needs a row which another transaction has locked, and returns once it waits for the lock.
func (l *laneTest) locked(t *testing.T, request func() error) (answer func() error) {
	t.Helper()
	result := make(chan error, 1)
	go func() { result <- request() }()
	storetest.AwaitLockWaits(t, l.pool, 1)
	return func() error { return <-result }
}

// allLanes returns the shared lanes and those of contended rows.
func (l *laneTest) allLanes() (all []*lane) {
	for i := range l.lanes.shared {
		all = append(all, &l.lanes.shared[i])
	}
	l.lanes.mu.Lock()
	defer l.lanes.mu.Unlock()
	for _, lane := range l.lanes.contended {
		all = append(all, lane)
	}
	return all
}

func (l *laneTest) waiting() (n int) {
	for _, lane := range l.allLanes() {
		lane.mu.Lock()
		n += lane.queue.size
		lane.mu.Unlock()
	}
	return n
}

// where tells for each interface that is on an instance which one that is.
func (l *laneTest) where(t *testing.T) map[string]string {
	t.Helper()
	rows, err := l.pool.Query(t.Context(), `
		SELECT id, instance_id FROM network_interfaces WHERE instance_id IS NOT NULL AND type = 'Secondary'`)
	if err != nil {
		t.Fatal(err)
	}
	on := map[string]string{}
	var eni, instance string
	if _, err := pgx.ForEachRow(rows, []any{&eni, &instance}, func() error {
		on[eni] = instance
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return on
}

func (l *laneTest) expectBatches(t *testing.T, want ...int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.batches, want) {
		t.Errorf("sizes of the batches: got %v, want %v", l.batches, want)
	}
}

// What comes while a transaction is in flight is one batch, in which each request sees what the ones before it did.
func TestRequestsThatWaitRunTogether(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneWorld(), Options{})
	release, first := l.pause(t, func() error { return l.attach(t.Context(), "eni-1", "i-1") })
	steps := []struct {
		act           func(context.Context, string, string) error
		eni, instance string
		want          error
	}{
		{l.attach, "eni-2", "i-1", nil},
		{l.attach, "eni-2", "i-2", InvalidEniState},
		{l.detach, "eni-2", "i-2", EniNotBelongEcs},
		{l.detach, "eni-2", "i-1", nil},
		{l.attach, "eni-2", "i-2", nil}, // to the index that another takes on i-1
		{l.attach, "eni-3", "i-1", nil},
		{l.attach, "eni-4", "i-1", nil},
		{l.attach, "eni-5", "i-1", EniPerInstanceLimitExceeded},
		{l.detach, "eni-1", "i-1", nil},
		{l.attach, "eni-5", "i-1", nil}, // to the index that eni-1 leaves
		{l.attach, "eni-6", "i-9", InvalidEcsIDNotFound},
		{l.attach, "eni-99", "i-3", InvalidEniIDNotFound},
	}
	var answers []func() error
	for _, s := range steps {
		answers = append(answers, l.queued(t, func() error { return s.act(t.Context(), s.eni, s.instance) }))
	}
	release()
	if err := first(); err != nil {
		t.Errorf("the first: got %v, want no error", err)
	}
	for k, s := range steps {
		if err := answers[k](); !errors.Is(err, s.want) {
			t.Errorf("step %d, %s and %s: got %v, want %v", k, s.eni, s.instance, err, s.want)
		}
	}
	l.expectBatches(t, 1, len(steps))
	want := map[string]string{"eni-2": "i-2", "eni-3": "i-1", "eni-4": "i-1", "eni-5": "i-1"}
	if got := l.where(t); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("attached: got %v, want %v", got, want)
	}
}

func TestACallerThatHasGoneAwayIsSkipped(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneWorld(), Options{})
	release, first := l.pause(t, func() error { return l.attach(t.Context(), "eni-1", "i-1") })
	ctx, goAway := context.WithCancel(t.Context())
	gone := l.queued(t, func() error { return l.attach(ctx, "eni-2", "i-2") })
	patient := l.queued(t, func() error { return l.attach(t.Context(), "eni-3", "i-3") })
	goAway()
	if err := gone(); !errors.Is(err, context.Canceled) {
		t.Errorf("the one who went: got %v, want context.Canceled, while the lane is still busy", err)
	}
	release()
	if err := errors.Join(first(), patient()); err != nil {
		t.Errorf("those who stayed: got %v, want no error", err)
	}
	if err := l.attach(ctx, "eni-4", "i-1"); !errors.Is(err, context.Canceled) { // it would lead
		t.Errorf("one that was gone when it came to an idle lane: got %v, want context.Canceled", err)
	}
	l.expectBatches(t, 1, 1)
	if got := l.where(t); got["eni-2"] != "" || len(got) != 2 {
		t.Errorf("attached: got %v, want eni-1 and eni-3 only", got)
	}
}

// However callers come and go, everyone gets an answer, and the lane is idle in the end.
func TestLanesWhileCallersComeAndGo(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneWorld(), Options{})
	var callers sync.WaitGroup
	for k := range 32 {
		random := rand.New(rand.NewPCG(1, uint64(k)))
		callers.Go(func() {
			for range 50 {
				ctx, goAway := context.WithCancel(t.Context())
				go func(spins int) {
					for range spins {
						runtime.Gosched()
					}
					goAway()
				}(random.IntN(20_000))
				eni, instance := fmt.Sprintf("eni-%d", 1+random.IntN(20)), fmt.Sprintf("i-%d", 1+random.IntN(3))
				var err error
				if random.IntN(2) == 0 {
					err = l.attach(ctx, eni, instance)
				} else {
					err = l.detach(ctx, eni, instance)
				}
				if _, documented := APIError(err); err != nil && !documented && !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want an answer of the contract", err)
				}
				goAway()
			}
		})
	}
	callers.Wait()
	for i, lane := range l.allLanes() {
		if lane.busy || lane.queue.size > 0 {
			t.Errorf("lane %d: got busy %t with %d in its queue, want it idle", i, lane.busy, lane.queue.size)
		}
	}
	if n := len(l.lanes.contended); n > 0 {
		t.Errorf("got %d lanes of contended rows, want none", n)
	}
	on := map[string]int{}
	for _, instance := range l.where(t) {
		on[instance]++
	}
	for instance, n := range on {
		if n > 3 {
			t.Errorf("%s: got %d secondary interfaces, its type takes 3", instance, n)
		}
	}
}

// A request that needs a row which is locked elsewhere leaves its batch and waits alone: the others of the batch are answered meanwhile,
// and so are those that come later.
func TestARequestThatNeedsALockedRowWaitsAlone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ kind, sql string }{
		{"the instance", `SELECT FROM instances WHERE id = 'i-2' FOR UPDATE`},
		{"the interface", `SELECT FROM network_interfaces WHERE id = 'eni-2' FOR UPDATE`},
	} {
		t.Run(row.kind, func(t *testing.T) {
			t.Parallel()
			l := newLaneTest(t, laneWorld(), Options{})
			unlock := l.hold(t, row.sql)
			release, first := l.pause(t, func() error { return l.attach(t.Context(), "eni-1", "i-1") })
			needsIt := l.queued(t, func() error { return l.attach(t.Context(), "eni-2", "i-2") })
			free := l.queued(t, func() error { return l.attach(t.Context(), "eni-3", "i-3") })
			release()
			if err := errors.Join(first(), free()); err != nil {
				t.Errorf("requests whose rows are free: got %v, want no error", err)
			}
			storetest.AwaitLockWaits(t, l.pool, 1)
			if err := l.attach(t.Context(), "eni-4", "i-3"); err != nil {
				t.Errorf("a request that comes while the other one waits: got %v, want no error", err)
			}
			unlock()
			if err := needsIt(); err != nil {
				t.Errorf("the request that waited: got %v, want no error, for the row was unlocked", err)
			}
		})
	}
}

// A row that stays locked is given up after the lock timeout.
func TestARowThatStaysLockedIsAConflict(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneWorld(), Options{})
	l.hold(t, `SELECT FROM instances WHERE id = 'i-1' FOR UPDATE`)
	err := l.attach(t.Context(), "eni-1", "i-1")
	if shown, _ := APIError(err); shown != OperationConflict {
		t.Errorf("got %v, want OperationConflict", err)
	}
	if got := l.where(t); len(got) != 0 {
		t.Errorf("attached: got %v, want nothing", got)
	}
}

// Requests that need the same locked row wait for it together: they take one connection of their account, and one transaction.
func TestRequestsForTheSameLockedRowWaitTogether(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneWorld(), Options{})
	unlock := l.hold(t, `SELECT FROM instances WHERE id = 'i-1' FOR UPDATE`)
	one := l.locked(t, func() error { return l.attach(t.Context(), "eni-1", "i-1") })
	var others []func() error
	for k := 2; k <= 5; k++ {
		others = append(others, l.queued(t, func() error {
			return l.attach(t.Context(), fmt.Sprint("eni-", k), "i-1")
		}))
	}
	unlock()
	if err := one(); err != nil {
		t.Errorf("the first: got %v, want no error", err)
	}
	var attached, refused int
	for _, answer := range others {
		switch err := answer(); {
		case err == nil:
			attached++
		case errors.Is(err, EniPerInstanceLimitExceeded):
			refused++
		default:
			t.Errorf("got %v, want no error or EniPerInstanceLimitExceeded", err)
		}
	}
	if attached != 2 || refused != 2 {
		t.Errorf("got %d attached and %d refused, want 2 and 2", attached, refused)
	}
	l.expectBatches(t, 1, 1, 4) // the first left the shared lane; the others went straight to the lane of the row
}

// Several accounts in a queue have equal parts of a batch, and one account cannot fill the queue for others.
func TestAccountsShareABatch(t *testing.T) {
	t.Parallel()
	l := &lane{busy: true}
	enter := func(account string) error {
		_, err := l.enter(&laneRequest{
			ctx: t.Context(), want: store.Attachment{AccountID: account}, turn: make(chan turn, 1),
		})
		return err
	}
	for range maxQueuedPerAccount {
		if err := enter("greedy"); err != nil {
			t.Fatal(err)
		}
	}
	if err := enter("greedy"); !errors.Is(err, store.ErrBusy) {
		t.Errorf("one more of the same account: got %v, want ErrBusy", err)
	}
	for range 2 {
		if err := enter("polite"); err != nil {
			t.Errorf("another account: got %v, want no error", err)
		}
	}
	batch := l.takeBatch(time.Now())
	if len(batch) != maxPart+2 || batch[1].want.AccountID != "polite" || batch[3].want.AccountID != "polite" {
		t.Errorf("got a batch of %d, want %d with the polite account's requests second and fourth",
			len(batch), maxPart+2)
	}
	if got := len(l.takeBatch(time.Now().Add(2 * sharedPeriod))); got != maxBatch {
		t.Errorf("long after the polite account's requests: got a batch of %d, want %d", got, maxBatch)
	}
}

// A request whose turn would come too late for its client is refused: at once where that can be foreseen, and otherwise when it comes.
func TestARequestWhoseTurnComesTooLateIsRefused(t *testing.T) {
	t.Parallel()
	l := &lane{busy: true}
	r := &laneRequest{ctx: t.Context(), turn: make(chan turn, 1)}
	if _, err := l.enter(r); err != nil {
		t.Fatal(err)
	}
	if batch := l.takeBatch(r.queuedAt.Add(maxLaneWait + 1)); len(batch) != 0 || !errors.Is(r.err, store.ErrBusy) ||
		<-r.turn != finished {
		t.Errorf("a late turn: got a batch of %d and %v, want ErrBusy", len(batch), r.err)
	}
	l.averageDuration = maxLaneWait + 1
	if _, err := l.enter(r); !errors.Is(err, store.ErrBusy) {
		t.Errorf("behind a batch that takes long: got %v, want ErrBusy", err)
	}
}

func TestAPanicInABatchIsOfOneRequest(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneWorld(), Options{})
	release, first := l.pause(t, func() error { return l.attach(t.Context(), "eni-1", "i-1") })
	want := store.Attachment{
		AccountID: laneAccount, RegionID: "cn-hangzhou", InstanceID: "i-2", NetworkInterfaceID: "eni-2",
	}
	broken := l.queued(t, func() (err error) {
		defer func() {
			if value := recover(); value != nil {
				err = fmt.Errorf("caught: %v", value)
			}
		}()
		return l.lanes.submit(t.Context(), want, func(*store.AttachScene, time.Time) error { panic("boom") })
	})
	fine := l.queued(t, func() error { return l.attach(t.Context(), "eni-3", "i-3") })
	release()
	if err := errors.Join(first(), fine()); err != nil {
		t.Errorf("the others: got %v, want no error", err)
	}
	if err := broken(); err == nil || err.Error() != "caught: boom" {
		t.Errorf("the one that panics: got %v, want its own panic", err)
	}
}

// throughConn puts something between the service and its database.
func throughConn(wrap func(net.Conn) net.Conn) func(*pgxpool.Config) {
	return func(c *pgxpool.Config) {
		dial := c.ConnConfig.DialFunc
		c.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return wrap(conn), nil
		}
	}
}

// lossyConn still sends once it is armed, but loses what comes back.
type lossyConn struct {
	net.Conn
	armed *atomic.Bool
}

func (c lossyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.armed.Load() {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// The answer to the commit of a batch is lost: nobody is told that it was done, or refused, and nothing is done again.
func TestAnUnknownOutcomeOfABatchIsUnknownToAll(t *testing.T) {
	t.Parallel()
	var armed atomic.Bool
	l := newLaneTest(t, laneWorld(), Options{}, throughConn(func(c net.Conn) net.Conn { return lossyConn{c, &armed} }))
	release, first := l.pause(t, func() error { return l.attach(t.Context(), "eni-1", "i-1") })
	done := l.queued(t, func() error { return l.attach(t.Context(), "eni-2", "i-2") })
	refused := l.queued(t, func() error { return l.attach(t.Context(), "eni-2", "i-3") })
	want := store.Attachment{
		AccountID: laneAccount, RegionID: "cn-hangzhou", InstanceID: "i-3", NetworkInterfaceID: "eni-3",
	}
	arming := l.queued(t, func() error {
		// Between the locks and the commit.
		return l.lanes.submit(t.Context(), want, func(*store.AttachScene, time.Time) error {
			armed.Store(true)
			return nil
		})
	})
	release()
	if err := first(); err != nil {
		t.Errorf("the batch before: got %v, want no error", err)
	}
	for name, answer := range map[string]func() error{
		"done": done, "refused because of it": refused, "nothing to do": arming,
	} {
		if err := answer(); !errors.Is(err, store.ErrOutcomeUnknown) {
			t.Errorf("%s: got %v, want ErrOutcomeUnknown", name, err)
		}
	}
	l.expectBatches(t, 1, 3)
	if got := l.where(t); got["eni-2"] != "i-2" {
		t.Errorf("attached: got %v, want eni-2 on i-2, for the commit had reached the database", got)
	}
}

// silentConn is one whose other side seems to be there, but from which nothing comes any more once it is armed.
type silentConn struct {
	net.Conn
	armed *atomic.Bool
}

func (c silentConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	for c.armed.Load() && err == nil {
		n, err = c.Conn.Read(p)
	}
	return n, err
}

// A database that falls silent holds up a lane for the time of one batch.
func TestASilentDatabaseDoesNotHoldUpALane(t *testing.T) {
	t.Parallel()
	var armed atomic.Bool
	l := newLaneTest(t, laneWorld(), Options{}, throughConn(func(c net.Conn) net.Conn { return silentConn{c, &armed} }))
	// After which nothing but the batch itself asks the database.
	if err := l.attach(t.Context(), "eni-1", "i-1"); err != nil {
		t.Fatal(err)
	}
	l.lanes.timeout = 100 * time.Millisecond
	armed.Store(true)
	if shown, _ := APIError(l.attach(t.Context(), "eni-2", "i-1")); shown != ServiceUnavailable {
		t.Errorf("while the database is silent: got %v, want ServiceUnavailable", shown)
	}
	armed.Store(false)
	l.lanes.timeout = batchTimeout
	if err := l.attach(t.Context(), "eni-3", "i-1"); err != nil {
		t.Errorf("when it speaks again: got %v, want no error", err)
	}
}

// A lane refuses at once what one account sends beyond its part of the queue, and answers all that it has taken, in batches of a bounded
// size.
func TestALaneRefusesWhatIsTooMuchForOneAccount(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneWorld(), Options{})
	release, first := l.pause(t, func() error { return l.attach(t.Context(), "eni-1", "i-1") })
	var waiting sync.WaitGroup
	var answered, late atomic.Int64
	for k := range maxQueuedPerAccount {
		waiting.Go(func() {
			err := l.attach(t.Context(), fmt.Sprintf("eni-none-%d", k), "i-1")
			switch {
			case errors.Is(err, InvalidEniIDNotFound):
				answered.Add(1)
			case errors.Is(err, store.ErrBusy): // on a machine that is too busy for so many
				late.Add(1)
			default:
				t.Errorf("request %d: got %v, want InvalidEniId.NotFound", k, err)
			}
		})
	}
	l.awaitQueue(t, maxQueuedPerAccount)
	if err := l.attach(t.Context(), "eni-2", "i-1"); !errors.Is(err, store.ErrBusy) {
		t.Errorf("one more: got %v, want ErrBusy", err)
	}
	release()
	if err := first(); err != nil {
		t.Errorf("the first: got %v, want no error", err)
	}
	waiting.Wait()
	if got := answered.Load() + late.Load(); got != maxQueuedPerAccount {
		t.Errorf("answered: got %d, want %d", got, maxQueuedPerAccount)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if largest := slices.Max(l.batches); largest > maxBatch {
		t.Errorf("the largest batch: got %d requests, want at most %d", largest, maxBatch)
	}
}

// An attach that waits while its instance gets another type finds the instance, and its new limit.
func TestAttachWhileTheTypeChanges(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneWorld(), Options{})
	tx, err := l.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), `
		UPDATE instances SET instance_type_owner_id = '', instance_type = 'ecs.g6.large', eni_quantity = 2
		WHERE id = 'i-1'`); err != nil {
		t.Fatal(err)
	}
	one := l.locked(t, func() error { return l.attach(t.Context(), "eni-1", "i-1") })
	two := l.queued(t, func() error { return l.attach(t.Context(), "eni-2", "i-1") })
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := one(); err != nil {
		t.Errorf("into the one free place: got %v, want no error", err)
	}
	if err := two(); !errors.Is(err, EniPerInstanceLimitExceeded) {
		t.Errorf("beyond the new limit: got %v, want EniPerInstanceLimitExceeded", err)
	}
}
