package world

import (
	"context"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store"
	"enisim.alt/store/table"
)

// Progress reports how much of its work Apply has done. Done and Total count units of work,
// not rows. Copying a row to the database is one unit. Checking and writing it takes longer and is
// mergeWork units more. Only the large tables count.
type Progress struct {
	Table       string // the table that is being copied or written
	Done, Total int64
}

// mergeWork is how many times longer it takes to write a row into its table than to copy it to the
// database, because of the indexes and constraints.
const mergeWork = 10

// largeTables are the tables that can have as many rows as a world has resources. They are filled
// some pages of their staging table at a time. One statement for all of a large world would report
// no progress for half a minute.
var largeTables = []string{
	"instances", "network_interfaces", "attachments", "private_ip_addresses", "network_interface_security_groups",
}

// progress adds up the work that is done, and reports it to onProgress unless that is nil. It is
// used by one goroutine at a time.
type progress struct {
	onProgress func(Progress)
	current    Progress
}

// newProgress returns the progress of applying a world.
func newProgress(w *World, onProgress func(Progress)) *progress {
	rows := len(w.Instances) + len(w.NetworkInterfaces) + len(w.PrivateIPAddresses) + len(w.GroupMemberships)
	for i := range w.NetworkInterfaces {
		if n := &w.NetworkInterfaces[i]; n.InstanceID != nil && n.Type == store.ENISecondary {
			rows++ // its attachment
		}
	}
	return &progress{onProgress: onProgress, current: Progress{Total: int64(rows) * (1 + mergeWork)}}
}

// advance reports that this much more work on a table is done.
func (p *progress) advance(table string, work int64) {
	if p.onProgress == nil {
		return
	}
	p.current.Table = table
	p.current.Done = min(p.current.Done+work, p.current.Total)
	p.onProgress(p.current)
}

// finish reports that all work is done, even if the estimate says otherwise.
func (p *progress) finish() { p.advance(p.current.Table, p.current.Total) }

// copyingTx is a transaction that reports the rows that are copied into the staging tables of large
// tables.
type copyingTx struct {
	pgx.Tx
	progress *progress
}

// CopyFrom implements pgx.Tx.
func (tx copyingTx) CopyFrom(ctx context.Context, into pgx.Identifier, columns []string, source pgx.CopyFromSource,
) (int64, error) {
	for _, name := range largeTables {
		if into[0] == table.StagingTable(name) {
			source = &reportingSource{CopyFromSource: source, table: name, progress: tx.progress}
		}
	}
	return tx.Tx.CopyFrom(ctx, into, columns, source)
}

// reportingSource reports the rows that are read from it.
type reportingSource struct {
	pgx.CopyFromSource
	table      string
	progress   *progress
	unreported int64
}

// Next implements pgx.CopyFromSource.
func (s *reportingSource) Next() bool {
	const reportEvery = 1000 // rows
	more := s.CopyFromSource.Next()
	if s.unreported == reportEvery || !more {
		s.progress.advance(s.table, s.unreported)
		s.unreported = 0
	}
	if more {
		s.unreported++
	}
	return more
}
