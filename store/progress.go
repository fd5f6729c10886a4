package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Progress tells how far ApplyWorld is. Done and Total count work rather than rows: a row that is copied to the database is one unit, and one that is
// then checked and written, which takes longer, is mergeWork units more. Only the tables that can be large count.
type Progress struct {
	Table       string // that is being copied or written
	Done, Total int64
}

// mergeWork is how many times the time of its copying it takes to write a row into its table, where indexes and constraints wait for it.
const mergeWork = 10

// largeTables can have as many rows as a world has resources. They are filled some pages of their staging table at a time, since one statement for
// all of a large world would tell nothing for half a minute.
var largeTables = []string{"instances", "network_interfaces", "private_ip_addresses", "network_interface_security_groups"}

// progress adds up what was done and tells it on, if anybody listens. It is used by one goroutine at a time.
type progress struct {
	tell func(Progress)
	now  Progress
}

func newProgress(w *World, tell func(Progress)) *progress {
	rows := len(w.Instances) + len(w.NetworkInterfaces) + len(w.PrivateIPAddresses) + len(w.GroupMemberships)
	return &progress{tell: tell, now: Progress{Total: int64(rows) * (1 + mergeWork)}}
}

func (p *progress) add(table string, work int64) {
	if p.tell == nil {
		return
	}
	p.now.Table = table
	p.now.Done = min(p.now.Done+work, p.now.Total)
	p.tell(p.now)
}

// end tells that all is done, whatever was estimated.
func (p *progress) end() { p.add(p.now.Table, p.now.Total) }

// copyingTx is a transaction that counts what is copied through it into the staging tables of large tables.
type copyingTx struct {
	pgx.Tx
	progress *progress
}

// CopyFrom is pgx.Tx's.
func (tx copyingTx) CopyFrom(ctx context.Context, into pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	for _, table := range largeTables {
		if into[0] == stagingTable(table) {
			source = &countedSource{CopyFromSource: source, table: table, progress: tx.progress}
		}
	}
	return tx.Tx.CopyFrom(ctx, into, columns, source)
}

// countedSource tells of the rows that are read from it.
type countedSource struct {
	pgx.CopyFromSource
	table    string
	progress *progress
	untold   int64
}

// Next is pgx.CopyFromSource's.
func (s *countedSource) Next() bool {
	const often = 1000 // rows
	more := s.CopyFromSource.Next()
	if s.untold == often || !more {
		s.progress.add(s.table, s.untold)
		s.untold = 0
	}
	if more {
		s.untold++
	}
	return more
}

func stagingTable(table string) string { return "staged_" + table }
