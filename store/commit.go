package store

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// rolledBackCodes are the SQLSTATEs, or their classes, with which a COMMIT proves that it rolled back. Postgres raises each of them
// before it writes the commit record: class 23 where a deferred constraint is checked, 40001 and 40P01 where a transaction is
// sacrificed to others. Any other error may come after the record was written, so it proves nothing: 57014 and 57P01 among them,
// which also end a wait for a standby.
var rolledBackCodes = []string{"23", "40001", "40P01"}

// commitFailure is the meaning of an error that Postgres reported for the COMMIT itself, rather than for a statement before it.
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

// warningsKey is where a connection keeps the number of warnings that it has received, among its custom data.
const warningsKey = "enisim: warnings"

// countWarnings counts the warnings of a connection. A COMMIT that succeeds with one is not to be trusted: Postgres answers so when
// the wait for a standby was cancelled, and the commit may be lost with the primary.
func countWarnings(conn *pgconn.PgConn, notice *pgconn.Notice) {
	if notice.SeverityUnlocalized == "WARNING" {
		warningsOf(conn).Add(1)
	}
}

func warningsOf(conn *pgconn.PgConn) *atomic.Int64 {
	data := conn.CustomData()
	warnings, ok := data[warningsKey].(*atomic.Int64)
	if !ok {
		warnings = new(atomic.Int64)
		data[warningsKey] = warnings
	}
	return warnings
}

// errCommitWarning is the cause of an unknown outcome where Postgres committed with a warning.
var errCommitWarning = errors.New("the commit was answered with a warning")
