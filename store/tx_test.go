package store_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

const account = "1000000000000001"

// open returns a store on a fresh database with the small world, and its pool. The changes of the
// configuration, such as a short timeout, do not apply to the preparation of the world.
func open(t *testing.T, change ...func(*pgxpool.Config)) (*store.Store, *pgxpool.Pool) {
	t.Helper()
	config, err := store.Config(storetest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.ConnectConfig(t.Context(), config.ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), storetest.SmallWorld); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(config)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return store.New(pool, slog.New(slog.DiscardHandler)), pool
}

// In the small world, eni-2 is free and eni-1 is attached to i-1.
var (
	toAttach = store.Attachment{
		AccountID: account, RegionID: "cn-hangzhou", InstanceID: "i-1", NetworkInterfaceID: "eni-2",
	}
	toDetach = store.Attachment{
		AccountID: account, RegionID: "cn-hangzhou", InstanceID: "i-1", NetworkInterfaceID: "eni-1",
	}
)

// lockAttachment locks the rows of one attach or detach, and returns its scene.
func lockAttachment(ctx context.Context, tx *store.Tx, want store.Attachment, wait bool) (*store.Attachments,
	*store.AttachScene, error) {
	rows, err := tx.LockForAttachments(ctx, []store.Attachment{want}, wait)
	if err != nil {
		return nil, nil, err
	}
	return rows, rows.Scene(want), nil
}

// attach attaches eni-2 to i-1, without waiting for a lock.
func attach(ctx context.Context, s *store.Store) error { return attachWith(ctx, s, false) }

// attachWith attaches eni-2 to i-1. It waits for locks if wait is set, and otherwise skips locked
// rows.
func attachWith(ctx context.Context, s *store.Store, wait bool) error {
	return s.InTx(ctx, func(tx *store.Tx) error {
		rows, scene, err := lockAttachment(ctx, tx, toAttach, wait)
		if err != nil {
			return err
		}
		scene.Attach(nil, nil)
		tx.WriteAttachments(rows)
		return nil
	})
}

// statusOf returns the stored status of an interface.
func statusOf(t *testing.T, pool *pgxpool.Pool, eni string) (status string) {
	t.Helper()
	err := pool.QueryRow(t.Context(), `SELECT status FROM whole_network_interfaces WHERE account_id = $1 AND id = $2`,
		account, eni).Scan(&status)
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// roundTrips counts the server's ReadyForQuery messages. Each round trip ends with one.
type roundTrips struct{ n atomic.Int64 }

func (r *roundTrips) Write(line []byte) (int, error) {
	r.n.Add(int64(strings.Count(string(line), "ReadyForQuery")))
	return len(line), nil
}

// countRoundTrips makes a pool of one connection, and counts the round trips on it.
func countRoundTrips(trips *roundTrips) func(*pgxpool.Config) {
	return func(config *pgxpool.Config) {
		config.MaxConns = 1
		config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
			conn.PgConn().Frontend().Trace(trips, pgproto3.TracerOptions{SuppressTimestamps: true})
			return nil
		}
	}
}

// A batch costs two round trips, and a third if an instance may join or leave a security group.
func TestABatchThatNeedsCapacityCostsThreeRoundTrips(t *testing.T) {
	t.Parallel()
	trips := &roundTrips{}
	s, pool := open(t, countRoundTrips(trips))
	swap := func(out, in store.Attachment) {
		t.Helper()
		if err := s.InTx(t.Context(), func(tx *store.Tx) error {
			rows, err := tx.LockForAttachments(t.Context(), []store.Attachment{out, in}, false)
			if err != nil {
				return err
			}
			rows.Scene(out).Detach(nil)
			rows.Scene(in).Attach(nil, nil)
			tx.WriteAttachments(rows)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	swap(toDetach, toAttach) // the first use of a statement on a connection prepares it
	before := trips.n.Load()
	swap(toAttach, toDetach)
	if got, want := trips.n.Load()-before, int64(3); got != want {
		t.Errorf("round trips of a batch: got %d, want %d", got, want)
	}
	if got := statusOf(t, pool, "eni-1") + statusOf(t, pool, "eni-2"); got != store.ENIInUse+store.ENIAvailable {
		t.Errorf("statuses of eni-1 and eni-2: got %s, want %s", got, store.ENIInUse+store.ENIAvailable)
	}
}

// An attach alone costs two round trips: one for the locks and the reads, one for the writes and
// the commit.
func TestAttachCostsTwoRoundTrips(t *testing.T) {
	t.Parallel()
	trips := &roundTrips{}
	s, pool := open(t, countRoundTrips(trips))
	free := func() {
		if _, err := pool.Exec(t.Context(), `
			DELETE FROM attachments WHERE network_interface_id = 'eni-2'`); err != nil {
			t.Fatal(err)
		}
	}
	if err := attach(t.Context(), s); err != nil { // the first use of a statement on a connection prepares it
		t.Fatal(err)
	}
	free()
	before := trips.n.Load()
	if err := attach(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if got, want := trips.n.Load()-before, int64(2); got != want {
		t.Errorf("round trips of an attach: got %d, want %d", got, want)
	}
	if got, want := statusOf(t, pool, "eni-2"), store.ENIInUse; got != want {
		t.Errorf("status after the attach: got %s, want %s", got, want)
	}
}

// A transaction that queues nothing costs no round trip.
func TestAnEmptyTransactionCostsNoRoundTrip(t *testing.T) {
	t.Parallel()
	trips := &roundTrips{}
	s, _ := open(t, countRoundTrips(trips))
	before := trips.n.Load()
	if err := s.InTx(t.Context(), func(*store.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if got := trips.n.Load() - before; got != 0 {
		t.Errorf("round trips of an empty transaction: got %d, want 0", got)
	}
}

// A transaction whose function fails or panics is rolled back, and its connection can be used
// again.
func TestInTxRollsBack(t *testing.T) {
	t.Parallel()
	// With one connection, a transaction that is left open blocks the next one.
	s, pool := open(t, func(c *pgxpool.Config) { c.MaxConns = 1 })
	refusal := errors.New("refused")
	fail := func(how func()) (err error) {
		defer func() {
			if recover() != nil {
				err = refusal
			}
		}()
		return s.InTx(t.Context(), func(tx *store.Tx) error {
			rows, scene, err := lockAttachment(t.Context(), tx, toAttach, false)
			if err != nil {
				return err
			}
			scene.Attach(nil, nil)
			tx.WriteAttachments(rows)
			how()
			return refusal
		})
	}
	for name, how := range map[string]func(){"error": func() {}, "panic": func() { panic("boom") }} {
		if err := fail(how); !errors.Is(err, refusal) {
			t.Errorf("%s: got %v, want the transaction's own error", name, err)
		}
		if got, want := statusOf(t, pool, "eni-2"), store.ENIAvailable; got != want {
			t.Errorf("%s: status got %s, want %s", name, got, want)
		}
	}
	if err := attach(t.Context(), s); err != nil {
		t.Errorf("the next transaction on the same connection: got %v, want no error", err)
	}
}

// If a constraint refuses a write, the outcome is known: nothing is written. The error names the
// constraint.
func TestInTxReportsARefusedWrite(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	err := s.InTx(t.Context(), func(tx *store.Tx) error {
		rows, scene, err := lockAttachment(t.Context(), tx, toAttach, false)
		if err != nil {
			return err
		}
		scene.Instance.ENIQuantity = 99 // a bug that only the constraint finds
		scene.Attach(nil, nil)
		tx.WriteAttachments(rows)
		return nil
	})
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.ConstraintName != "an_attached_eni_shares_vpc_and_zone_with_its_instance" {
		t.Errorf("got %v, want a violation of the constraint", err)
	}
	if errors.Is(err, store.ErrOutcomeUnknown) {
		t.Error("got ErrOutcomeUnknown, want a known outcome")
	}
	if got, want := statusOf(t, pool, "eni-2"), store.ENIAvailable; got != want {
		t.Errorf("status: got %s, want %s", got, want)
	}
}

// A wait for a lock ends with ErrLockTimeout.
func TestALockTimeoutIsErrLockTimeout(t *testing.T) {
	t.Parallel()
	s, pool := open(t, func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["lock_timeout"] = "50" })
	holder, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := holder.Exec(t.Context(), `SELECT FROM instances WHERE id = 'i-1' FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	if err := attachWith(t.Context(), s, true); !errors.Is(err, store.ErrLockTimeout) {
		t.Errorf("got %v, want ErrLockTimeout", err)
	}
}

// A statement that takes longer than the statement timeout ends with ErrUnavailable.
func TestAStatementTimeoutIsErrUnavailable(t *testing.T) {
	t.Parallel()
	s, pool := open(t, func(c *pgxpool.Config) {
		c.ConnConfig.RuntimeParams["lock_timeout"] = "0"
		c.ConnConfig.RuntimeParams["statement_timeout"] = "500"
	})
	holder, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := holder.Exec(t.Context(), `SELECT FROM instances WHERE id = 'i-1' FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	if err := attachWith(t.Context(), s, true); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

// lossyConn is a connection that, once armed, still sends but loses the answers.
type lossyConn struct {
	net.Conn
	armed *atomic.Bool
}

func (l lossyConn) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if l.armed.Load() {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// If the answer to a commit is lost, the outcome is unknown: here the transaction was committed,
// but the caller cannot know.
func TestALostAnswerToACommitIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	var armed atomic.Bool
	s, pool := open(t, func(c *pgxpool.Config) {
		c.MaxConns = 1
		dial := c.ConnConfig.DialFunc
		c.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return lossyConn{conn, &armed}, err
		}
	})
	detach := func(arm bool) error {
		return s.InTx(t.Context(), func(tx *store.Tx) error {
			rows, scene, err := lockAttachment(t.Context(), tx, toDetach, false)
			if err != nil {
				return err
			}
			scene.Detach(nil)
			tx.WriteAttachments(rows)
			armed.Store(arm)
			return nil
		})
	}
	if err := detach(false); err != nil { // prepares the statements
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO attachments (account_id, network_interface_id, instance_id, vpc_id, zone_id,
		                         instance_eni_quantity, device_index, status)
		VALUES ('1000000000000001', 'eni-1', 'i-1', 'vpc-1', 'cn-hangzhou-h', 3, 1, 'InUse')`); err != nil {
		t.Fatal(err)
	}
	if err := detach(true); !errors.Is(err, store.ErrOutcomeUnknown) {
		t.Errorf("got %v, want ErrOutcomeUnknown", err)
	}
	armed.Store(false)
	if got, want := statusOf(t, pool, "eni-1"), store.ENIAvailable; got != want {
		t.Errorf("status: got %s, want %s, for the commit had reached the server", got, want)
	}
}

// If the connection is lost before the commit is sent, nothing is written.
func TestAConnectionLostBeforeTheCommitIsUnavailable(t *testing.T) {
	t.Parallel()
	s, pool := open(t)
	err := s.InTx(t.Context(), func(tx *store.Tx) error {
		rows, scene, err := lockAttachment(t.Context(), tx, toAttach, false)
		if err != nil {
			return err
		}
		if _, err := pool.Exec(t.Context(), `
			SELECT pg_terminate_backend(pid, 5000)
			FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()
			    AND state = 'idle in transaction'`); err != nil {
			return err
		}
		scene.Attach(nil, nil)
		tx.WriteAttachments(rows)
		return nil
	})
	// TCP may accept a write on a connection whose other end is gone.
	if !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrOutcomeUnknown) {
		t.Errorf("got %v, want ErrUnavailable or ErrOutcomeUnknown", err)
	}
	if got, want := statusOf(t, pool, "eni-2"), store.ENIAvailable; got != want {
		t.Errorf("status: got %s, want %s", got, want)
	}
	if err := attach(t.Context(), s); err != nil {
		t.Errorf("the next transaction: got %v, want no error", err)
	}
}

// A transaction that locks in the wrong order panics, also when no other transaction runs. So any
// test of the code finds the bug, without a deadlock.
func TestLocksOutOfOrderPanic(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	defer func() {
		if recover() == nil {
			t.Error("got no panic, want one for an instance that is locked after an interface")
		}
	}()
	_ = s.InTx(t.Context(), func(tx *store.Tx) error {
		if _, _, err := lockAttachment(t.Context(), tx, toAttach, false); err != nil {
			return err
		}
		_, _, err := lockAttachment(t.Context(), tx, toAttach, false)
		return err
	})
}

func newStore(pool *pgxpool.Pool) *store.Store { return store.New(pool, slog.New(slog.DiscardHandler)) }
