package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Usage are the resources of all accounts at a time.
type Usage struct {
	Accounts          int64
	NetworkInterfaces map[string]int64 // by status
	Instances         map[string]int64 // by status
	Slots             int64            // for interfaces, of all instances in VPCs
	UsedSlots         int64
	Standbys          []Standby
}

// Standby is a standby of the database, or several with the same name.
type Standby struct {
	Name string        // its application_name
	Lag  time.Duration // how long the last commit took until it was replayed there
}

// maxStandbys is the maximum number of standbys that Usage returns.
const maxStandbys = 16

// usageSettings are the settings of the transaction that reads the usage. It reads whole tables, with
// plans for their present size, but never with more than one process.
const usageSettings = `
	SET LOCAL statement_timeout = '5s';
	SET LOCAL plan_cache_mode = force_custom_plan;
	SET LOCAL max_parallel_workers_per_gather = 0`

// Usage counts the resources of the accounts that have not expired at a real time, each by its own
// clock. It reads no interface that is not attached or being deleted, and takes no lock. With a
// million interfaces, half of them attached, it takes 0.7 s.
func (s *Store) Usage(ctx context.Context, realTime time.Time) (Usage, error) {
	u := Usage{
		NetworkInterfaces: map[string]int64{"Available": 0, "Attaching": 0, "InUse": 0, "Detaching": 0, "Deleting": 0},
		Instances:         map[string]int64{"Pending": 0, "Starting": 0, "Running": 0, "Stopping": 0, "Stopped": 0},
	}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly} // one snapshot for all counts
	err := s.LargeTx(ctx, options, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, usageSettings); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		u.queueInterfaces(batch, realTime)
		u.queueInstances(batch, realTime)
		u.queueStandbys(batch)
		return tx.SendBatch(ctx, batch).Close()
	})
	return u, err
}

// queueInterfaces queues the statements that count accounts and interfaces.
func (u *Usage) queueInterfaces(batch *pgx.Batch, realTime time.Time) {
	// Interfaces are counted by VSwitch already. What is attached and what is being deleted is taken from
	// that, the rest is Available. A secondary interface has its own status while it is attached.
	batch.Queue(`
		SELECT (SELECT count(*) FROM accounts a WHERE (a.expires_at <= account_now(a.id, $1)) IS NOT TRUE),
		       coalesce(sum(c.secondary_interfaces), 0)::bigint,
		       coalesce(sum(c.interfaces - c.secondary_interfaces), 0)::bigint
		FROM vswitch_counts c
		JOIN accounts a ON a.id = c.account_id
		WHERE (a.expires_at <= account_now(a.id, $1)) IS NOT TRUE`, realTime).
		QueryRow(func(row pgx.Row) error {
			var secondary, primary int64
			err := row.Scan(&u.Accounts, &secondary, &primary)
			u.NetworkInterfaces["Available"] += secondary
			u.NetworkInterfaces["InUse"] += primary
			u.UsedSlots += primary
			return err
		})
	type group struct {
		status string
		count  int64
	}
	fields := func(g *group) []any { return []any{&g.status, &g.count} }
	batch.Queue(`
		WITH live AS MATERIALIZED (
		    SELECT a.id, account_now(a.id, $1) AS at
		    FROM accounts a WHERE (a.expires_at <= account_now(a.id, $1)) IS NOT TRUE
		)
		SELECT CASE WHEN t.settles_at <= l.at THEN t.next_status ELSE t.status END, count(*)
		FROM attachments t
		JOIN live l ON l.id = t.account_id
		GROUP BY 1`, realTime).
		Query(each(fields, func(g group) {
			if g.status != "Available" { // a detachment that is due
				u.NetworkInterfaces[g.status] += g.count
				u.NetworkInterfaces["Available"] -= g.count
				u.UsedSlots += g.count
			}
		}))
	batch.Queue(`
		SELECT CASE WHEN n.settles_at <= account_now(a.id, $1) THEN n.next_status ELSE n.status END, count(*)
		FROM network_interfaces n
		JOIN accounts a ON a.id = n.account_id
		WHERE n.status = 'Deleting' AND (a.expires_at <= account_now(a.id, $1)) IS NOT TRUE
		GROUP BY 1`, realTime).
		Query(each(fields, func(g group) {
			u.NetworkInterfaces["Available"] -= g.count
			if g.status == "Deleting" { // otherwise it is gone
				u.NetworkInterfaces["Deleting"] += g.count
			}
		}))
}

// queueInstances queues the statement that counts instances and their slots.
func (u *Usage) queueInstances(batch *pgx.Batch, realTime time.Time) {
	type group struct {
		status       string
		count, slots int64
	}
	batch.Queue(`
		WITH live AS MATERIALIZED (
		    SELECT a.id, account_now(a.id, $1) AS at
		    FROM accounts a WHERE (a.expires_at <= account_now(a.id, $1)) IS NOT TRUE
		)
		SELECT CASE WHEN i.running_at <= l.at THEN CASE WHEN i.start_fails THEN 'Stopped' ELSE 'Running' END
		            WHEN i.settles_at <= l.at THEN i.next_status
		            ELSE i.status END,
		       count(*), coalesce(sum(i.eni_quantity) FILTER (WHERE i.network_type = 'vpc'), 0)
		FROM instances i
		JOIN live l ON l.id = i.account_id
		GROUP BY 1`, realTime).
		Query(each(func(g *group) []any { return []any{&g.status, &g.count, &g.slots} }, func(g group) {
			u.Instances[g.status] += g.count
			u.Slots += g.slots
		}))
}

// queueStandbys queues the statement that reads the lag of standbys. Postgres shows it to superusers
// and members of pg_monitor only.
func (u *Usage) queueStandbys(batch *pgx.Batch) {
	type standby struct {
		name    string
		seconds float64
	}
	batch.Queue(`
		SELECT application_name, max(coalesce(extract(epoch FROM replay_lag), 0))::double precision
		FROM pg_stat_replication
		WHERE replay_lsn IS NOT NULL
		GROUP BY 1
		ORDER BY 1
		LIMIT $1`, maxStandbys).
		Query(each(func(r *standby) []any { return []any{&r.name, &r.seconds} }, func(r standby) {
			u.Standbys = append(u.Standbys, Standby{r.name, time.Duration(r.seconds * float64(time.Second))})
		}))
}

// Stat returns the statistics of the pool.
func (s *Store) Stat() *pgxpool.Stat { return s.pool.Stat() }
