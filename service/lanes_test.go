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

	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// laneAccount is the account of all lane tests.
const laneAccount = "1000000000000001"

// laneWorld returns three instances with three free slots each, and 20 free interfaces, all in one
// group.
func laneWorld() *worldtest.World {
	return worldtest.New(laneAccount).
		VPC("vpc-1", "10.0.0.0/8").
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-main").
		Instance("i-{n}", worldtest.Count(3), worldtest.Type("ecs.four.slots")).
		NetworkInterface("eni-{n}", worldtest.Count(20)).
		InstanceType("ecs.four.slots", 4)
}

// laneTest is a service on a database of its own. Its lanes record their batches, and a test can
// pause a batch before it runs.
type laneTest struct {
	*Service
	pool    *pgxpool.Pool
	mu      sync.Mutex
	batches []int         // sizes
	paused  chan struct{} // if not nil, the next batch waits until it is closed
	began   chan struct{} // receives when a batch is paused
	failure error         // of the next batch of several requests
	queued  []func() int  // the number of requests that wait in lanes of each kind
}

// newLaneTest returns a laneTest with a world. The changes apply to the pool of the service only.
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
	watchLanes(l, l.attachmentLanes)
	watchLanes(l, l.interfaceLanes.creating)
	watchLanes(l, l.interfaceLanes.releasing)
	return l
}

// watchLanes makes lanes record their batches, and pause or fail them when the test says so.
func watchLanes[Work any](l *laneTest, lanes *lanes[Work]) {
	run := lanes.run
	lanes.run = func(ctx context.Context, batch []*laneRequest[Work], wait bool) error {
		l.mu.Lock()
		l.batches = append(l.batches, len(batch))
		paused, failure := l.paused, l.failure
		if len(batch) > 1 {
			l.failure = nil
		}
		l.mu.Unlock()
		if paused != nil {
			l.began <- struct{}{}
			<-paused
		}
		if len(batch) > 1 && failure != nil {
			return failure
		}
		return run(ctx, batch, wait)
	}
	l.queued = append(l.queued, lanes.queued)
}

// pause runs the first request and pauses its batch until release is called, so later requests wait
// in the lane. answer waits for the result of the first request.
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

// lockRows locks rows until release is called.
func (l *laneTest) lockRows(t *testing.T, lock string) (release func()) {
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

// enqueue starts a request, and returns once it waits in a lane. answer waits for its result.
func (l *laneTest) enqueue(t *testing.T, request func() error) (answer func() error) {
	t.Helper()
	before := l.waiting()
	result := make(chan error, 1)
	go func() { result <- request() }()
	l.awaitQueue(t, before+1)
	return func() error { return <-result }
}

// awaitQueue returns once this many requests wait in the lanes.
func (l *laneTest) awaitQueue(t *testing.T, want int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); l.waiting() != want; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("got %d requests in the queues, want %d", l.waiting(), want)
		}
	}
}

// startBlocked starts a request that needs a row which another transaction has locked, and returns
// once it waits for the lock. answer waits for its result.
func (l *laneTest) startBlocked(t *testing.T, request func() error) (answer func() error) {
	t.Helper()
	result := make(chan error, 1)
	go func() { result <- request() }()
	storetest.AwaitLockWaits(t, l.pool, 1)
	return func() error { return <-result }
}

// waiting returns the number of queued requests.
func (l *laneTest) waiting() (n int) {
	for _, queued := range l.queued {
		n += queued()
	}
	return n
}

// attachments returns the instance of each attached secondary interface.
func (l *laneTest) attachments(t *testing.T) map[string]string {
	t.Helper()
	rows, err := l.pool.Query(t.Context(), `
		SELECT network_interface_id, instance_id FROM attachments`)
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

// expectBatches compares the sizes of the batches that have run.
func (l *laneTest) expectBatches(t *testing.T, want ...int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.batches, want) {
		t.Errorf("sizes of the batches: got %v, want %v", l.batches, want)
	}
}

// Requests that come during a transaction run in one batch. Each of them sees the effects of those
// before it.
func TestQueuedRequestsRunInOneBatch(t *testing.T) {
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
		{l.attach, "eni-2", "i-2", nil}, // to the device index that another interface has on i-1
		{l.attach, "eni-3", "i-1", nil},
		{l.attach, "eni-4", "i-1", nil},
		{l.attach, "eni-5", "i-1", EniPerInstanceLimitExceeded},
		{l.detach, "eni-1", "i-1", nil},
		{l.attach, "eni-5", "i-1", nil}, // to the device index of eni-1
		{l.attach, "eni-6", "i-9", InvalidEcsIDNotFound},
		{l.attach, "eni-99", "i-3", InvalidEniIDNotFound},
	}
	var answers []func() error
	for _, s := range steps {
		answers = append(answers, l.enqueue(t, func() error { return s.act(t.Context(), s.eni, s.instance) }))
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
	if got := l.attachments(t); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("attached: got %v, want %v", got, want)
	}
}

// However callers connect and disconnect, each request gets an answer, and at the end all lanes are
// idle.
func TestLanesWhileCallersDisconnect(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneWorld(), Options{})
	var callers sync.WaitGroup
	for k := range 32 {
		random := rand.New(rand.NewPCG(1, uint64(k)))
		callers.Go(func() {
			for range 50 {
				ctx, disconnect := context.WithCancel(t.Context())
				go func(spins int) {
					for range spins {
						runtime.Gosched()
					}
					disconnect()
				}(random.IntN(20_000))
				eni, instance := fmt.Sprintf("eni-%d", 1+random.IntN(20)), fmt.Sprintf("i-%d", 1+random.IntN(3))
				var err error
				if random.IntN(2) == 0 {
					err = l.attach(ctx, eni, instance)
				} else {
					err = l.detach(ctx, eni, instance)
				}
				if _, documented := APIError(err); err != nil && !documented && !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want a documented error or context.Canceled", err)
				}
				disconnect()
			}
		})
	}
	callers.Wait()
	for i, lane := range allLanes(l.attachmentLanes) {
		if lane.busy || lane.queue.size > 0 {
			t.Errorf("lane %d: got busy %t and %d queued, want it idle", i, lane.busy, lane.queue.size)
		}
	}
	if n := len(l.attachmentLanes.ofRow); n > 0 {
		t.Errorf("lanes of contended rows: got %d, want none", n)
	}
	on := map[string]int{}
	for _, instance := range l.attachments(t) {
		on[instance]++
	}
	for instance, n := range on {
		if n > 3 {
			t.Errorf("%s: got %d secondary interfaces, want at most 3", instance, n)
		}
	}
}

// A request that needs a locked row leaves its batch and waits alone. The other requests of the
// batch are answered meanwhile, and so are later ones.
func TestARequestThatNeedsALockedRowWaitsAlone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ kind, sql string }{
		{"the instance", `SELECT FROM instances WHERE id = 'i-2' FOR UPDATE`},
		{"the interface", `SELECT FROM network_interfaces WHERE id = 'eni-2' FOR UPDATE`},
	} {
		t.Run(row.kind, func(t *testing.T) {
			t.Parallel()
			l := newLaneTest(t, laneWorld(), Options{})
			unlock := l.lockRows(t, row.sql)
			release, first := l.pause(t, func() error { return l.attach(t.Context(), "eni-1", "i-1") })
			blocked := l.enqueue(t, func() error { return l.attach(t.Context(), "eni-2", "i-2") })
			free := l.enqueue(t, func() error { return l.attach(t.Context(), "eni-3", "i-3") })
			release()
			if err := errors.Join(first(), free()); err != nil {
				t.Errorf("requests whose rows are free: got %v, want no error", err)
			}
			storetest.AwaitLockWaits(t, l.pool, 1)
			if err := l.attach(t.Context(), "eni-4", "i-3"); err != nil {
				t.Errorf("a later request while the other one waits: got %v, want no error", err)
			}
			unlock()
			if err := blocked(); err != nil {
				t.Errorf("the request that waited: got %v, want no error after the row was unlocked", err)
			}
		})
	}
}

// A request whose row stays locked is refused after the lock timeout.
func TestARowThatStaysLockedIsAnOperationConflict(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneWorld(), Options{})
	l.lockRows(t, `SELECT FROM instances WHERE id = 'i-1' FOR UPDATE`)
	err := l.attach(t.Context(), "eni-1", "i-1")
	if shown, _ := APIError(err); shown != OperationConflict {
		t.Errorf("got %v, want OperationConflict", err)
	}
	if got := l.attachments(t); len(got) != 0 {
		t.Errorf("attached: got %v, want nothing", got)
	}
}

// Requests that need the same locked row wait together, with one connection of their account and
// one transaction.
func TestRequestsForTheSameLockedRowWaitTogether(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, laneWorld(), Options{})
	unlock := l.lockRows(t, `SELECT FROM instances WHERE id = 'i-1' FOR UPDATE`)
	one := l.startBlocked(t, func() error { return l.attach(t.Context(), "eni-1", "i-1") })
	var others []func() error
	for k := 2; k <= 5; k++ {
		others = append(others, l.enqueue(t, func() error {
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
	// The first request leaves the shared lane; the others go to the lane of the row at once.
	l.expectBatches(t, 1, 1, 4)
}

// Accounts with queued requests have equal shares of a batch, and one account cannot fill the queue
// for the others.
func TestAccountsShareABatch(t *testing.T) {
	t.Parallel()
	l := &lane[attachmentWork]{busy: true}
	enter := func(account string) error {
		_, err := l.enter(newLaneRequest(t.Context(), account, attachmentWork{}))
		return err
	}
	for range maxQueuedPerAccount {
		if err := enter("first"); err != nil {
			t.Fatal(err)
		}
	}
	if err := enter("first"); !errors.Is(err, store.ErrBusy) {
		t.Errorf("one more of the same account: got %v, want ErrBusy", err)
	}
	for range 2 {
		if err := enter("second"); err != nil {
			t.Errorf("another account: got %v, want no error", err)
		}
	}
	batch := l.takeBatch(time.Now())
	if len(batch) != maxPart+2 || batch[1].accountID != "second" || batch[3].accountID != "second" {
		t.Errorf("got a batch of %d, want %d with the requests of the second account second and fourth",
			len(batch), maxPart+2)
	}
	if got := len(l.takeBatch(time.Now().Add(2 * sharedPeriod))); got != maxBatch {
		t.Errorf("size of a batch, long after requests of a second account: got %d, want %d", got, maxBatch)
	}
}

// In the lanes of one account, a batch is smaller while other accounts use the server.
func TestABatchOfOneAccountIsSmallerBesideOthers(t *testing.T) {
	t.Parallel()
	s := &Service{store: store.New(storetest.Pool(t), slog.New(slog.DiscardHandler))}
	account := store.ResourceID{AccountID: laneAccount, ID: laneAccount}
	for name, lanes := range map[string]*lanes[interfaceWork]{
		"creating": newInterfaceLanes(s).creating, "releasing": newInterfaceLanes(s).releasing,
	} {
		lane := lanes.enterLaneOf(store.Row{Kind: store.AccountRow, ResourceID: account})
		for range 2 * maxBatch {
			if _, err := lane.enter(newLaneRequest(t.Context(), laneAccount, interfaceWork{})); err != nil {
				t.Fatal(err)
			}
		}
		serve := func(accountID string) { _, end := s.store.WithAccount(t.Context(), accountID); end() }
		serve(laneAccount)
		if got := len(lane.takeBatch(time.Now().Add(2 * sharedPeriod))); got != maxBatch {
			t.Errorf("%s, alone: got a batch of %d, want %d", name, got, maxBatch)
		}
		serve("1000000000000002")
		if got := len(lane.takeBatch(time.Now())); got != maxOwnPart {
			t.Errorf("%s, beside another account: got a batch of %d, want %d", name, got, maxOwnPart)
		}
	}
}

// A request whose turn would come too late for its client is refused: at once if that can be
// predicted, and otherwise at its turn.
func TestARequestWhoseTurnIsTooLateIsRefused(t *testing.T) {
	t.Parallel()
	l := &lane[attachmentWork]{busy: true}
	r := newLaneRequest(t.Context(), "", attachmentWork{})
	if _, err := l.enter(r); err != nil {
		t.Fatal(err)
	}
	if batch := l.takeBatch(r.queuedAt.Add(maxLaneWait + 1)); len(batch) != 0 || !errors.Is(r.err, store.ErrBusy) ||
		<-r.turn != finished {
		t.Errorf("a late turn: got a batch of %d and %v, want ErrBusy", len(batch), r.err)
	}
	l.averageDuration = maxLaneWait + 1
	if _, err := l.enter(r); !errors.Is(err, store.ErrBusy) {
		t.Errorf("behind a slow batch: got %v, want ErrBusy", err)
	}
}

// wrapConns wraps each connection of the service to its database.
func wrapConns(wrap func(net.Conn) net.Conn) func(*pgxpool.Config) {
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

// lossyConn is a connection that, once armed, still sends but loses the answers.
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

// silentConn is a connection that stays open but, once armed, returns no more data.
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

// A database that stops answering blocks a lane only until the timeout of one batch.
func TestASilentDatabaseBlocksALaneForOneTimeout(t *testing.T) {
	t.Parallel()
	var armed atomic.Bool
	l := newLaneTest(t, laneWorld(), Options{}, wrapConns(func(c net.Conn) net.Conn { return silentConn{c, &armed} }))
	// From now on only batches use the database, because the caches are filled.
	if err := l.attach(t.Context(), "eni-1", "i-1"); err != nil {
		t.Fatal(err)
	}
	l.attachmentLanes.timeout = 100 * time.Millisecond
	armed.Store(true)
	if shown, _ := APIError(l.attach(t.Context(), "eni-2", "i-1")); shown != ServiceUnavailable {
		t.Errorf("while the database is silent: got %v, want ServiceUnavailable", shown)
	}
	armed.Store(false)
	l.attachmentLanes.timeout = batchTimeout
	if err := l.attach(t.Context(), "eni-3", "i-1"); err != nil {
		t.Errorf("when the database answers again: got %v, want no error", err)
	}
}

// A lane refuses requests of an account beyond its share of the queue at once. It answers all
// queued ones, in batches of a limited size.
func TestALaneRefusesRequestsBeyondTheShareOfAnAccount(t *testing.T) {
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
			case errors.Is(err, store.ErrBusy): // on a busy machine
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

// An attach that waits while its instance changes its type finds the instance, and its new limit.
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
	one := l.startBlocked(t, func() error { return l.attach(t.Context(), "eni-1", "i-1") })
	two := l.enqueue(t, func() error { return l.attach(t.Context(), "eni-2", "i-1") })
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := one(); err != nil {
		t.Errorf("the only free slot: got %v, want no error", err)
	}
	if err := two(); !errors.Is(err, EniPerInstanceLimitExceeded) {
		t.Errorf("beyond the new limit: got %v, want EniPerInstanceLimitExceeded", err)
	}
}
