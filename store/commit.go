package store

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// rolledBackCodes are the SQLSTATEs (or classes) of a COMMIT that prove that it rolled back.
// Postgres raises each of them before it writes the commit record. It raises class 23 when it
// checks a deferred constraint, and 40001 and 40P01 when it aborts a transaction in favor of
// another. Any other error may come after the record was written, so it proves nothing. 57014 and
// 57P01 are such errors: they also end a wait for a replica.
var rolledBackCodes = []string{"23", "40001", "40P01"}

// commitFailure classifies an error of the COMMIT itself, rather than of a statement before it.
func commitFailure(err error, conn *pgx.Conn) error {
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && hasAnyPrefix(pg.Code, rolledBackCodes...):
		return classify(err, conn)
	case pgconn.SafeToRetry(err):
		return fmt.Errorf("%w: %w", ErrUnavailable, err) // nothing was sent
	}
	return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
}

// warningsKey is the key of a connection's custom data under which it counts the warnings that it
// has received.
const warningsKey = "enisim: warnings"

// countWarnings counts the warnings of a connection. A COMMIT that succeeds with a warning proves
// nothing: Postgres sends one when the wait for a replica was cancelled, and the commit may be lost
// in a failover.
func countWarnings(conn *pgconn.PgConn, notice *pgconn.Notice) {
	if notice.SeverityUnlocalized == "WARNING" {
		warningsOf(conn).Add(1)
	}
}

// warningsOf returns the counter of a connection's warnings.
func warningsOf(conn *pgconn.PgConn) *atomic.Int64 {
	data := conn.CustomData()
	warnings, ok := data[warningsKey].(*atomic.Int64)
	if !ok {
		warnings = new(atomic.Int64)
		data[warningsKey] = warnings
	}
	return warnings
}

// errCommitWarning is the cause of an unknown outcome when Postgres committed with a warning.
var errCommitWarning = errors.New("the commit was answered with a warning")
