package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// DurabilityRisk is a reason why a write might be lost after it was acknowledged, or why no write is
// acknowledged.
type DurabilityRisk struct {
	Name string // one of DurabilityRiskNames
	Text string // what may happen and what to do, for operators
}

// Names of risks, as metrics show them.
const (
	RiskFsyncOff             = "fsync_off"
	RiskSynchronousCommitOff = "synchronous_commit_off"
	RiskAsynchronousStandbys = "asynchronous_standbys"
	RiskNoSynchronousStandby = "no_synchronous_standby"
)

// DurabilityRiskNames are the names of all risks.
var DurabilityRiskNames = []string{
	RiskFsyncOff, RiskSynchronousCommitOff, RiskAsynchronousStandbys, RiskNoSynchronousStandby,
}

// durability is the settings of a session and the standbys that are connected.
type durability struct {
	Fsync, SynchronousCommit, StandbyNames string
	Standbys, SynchronousStandbys          int64
	Visible                                bool // whether the user may see the state of standbys
}

// DurabilityRisks returns why a write that is acknowledged now could be lost. It returns an error if the
// database does not answer. Without the rights of pg_monitor, Postgres does not show which standbys are
// synchronous; then their absence is not reported.
func (s *Store) DurabilityRisks(ctx context.Context) ([]DurabilityRisk, error) {
	rows, err := Query(ctx, s, pgx.RowToStructByPos[durability], `
		SELECT current_setting('fsync'), current_setting('synchronous_commit'),
		       current_setting('synchronous_standby_names'),
		       (SELECT count(*) FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup'),
		       (SELECT count(*) FROM pg_stat_replication
		        WHERE sync_state IN ('sync', 'quorum') AND state = 'streaming'),
		       pg_has_role('pg_read_all_stats', 'USAGE')`)
	if err != nil {
		return nil, err
	}
	return rows[0].risks(s.primary != nil && s.primary.several), nil
}

// risks returns the risks. severalHosts says whether the server would follow a failover to another host.
func (d durability) risks(severalHosts bool) []DurabilityRisk {
	var risks []DurabilityRisk
	add := func(name, format string, args ...any) {
		risks = append(risks, DurabilityRisk{name, fmt.Sprintf(format, args...)})
	}
	if d.Fsync == "off" {
		add(RiskFsyncOff, "fsync is off: a crash of the database's machine may lose acknowledged writes or damage the "+
			"database; set fsync = on")
	}
	if d.SynchronousCommit == "off" {
		add(RiskSynchronousCommitOff, "synchronous_commit is off: a crash of Postgres may lose the last acknowledged "+
			"writes; set synchronous_commit = on")
	}
	switch {
	case d.StandbyNames == "" && (d.Standbys > 0 || severalHosts):
		add(RiskAsynchronousStandbys, "no standby is synchronous: a failover may lose the last acknowledged writes; "+
			"set synchronous_standby_names (synchronous_mode of Patroni)")
	case d.StandbyNames != "" && d.SynchronousCommit == "local":
		add(RiskAsynchronousStandbys, "synchronous_commit is local: commits do not wait for the standby, and a "+
			"failover may lose the last acknowledged writes; set synchronous_commit = on")
	case d.StandbyNames != "" && d.Visible && d.SynchronousStandbys == 0:
		add(RiskNoSynchronousStandby, "synchronous_standby_names is %q, but no such standby is connected: no write "+
			"is acknowledged until one connects; start the standby", d.StandbyNames)
	}
	return risks
}
