package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// connectError explains to an operator why a database cannot be reached. It unwraps to its cause.
type connectError struct {
	text  string
	cause error
}

func (e *connectError) Error() string { return e.text }
func (e *connectError) Unwrap() error { return e.cause }

// connectFailure returns an error that explains why a connection failed, and what to do.
func connectFailure(config *pgx.ConnConfig, err error) error {
	return &connectError{explainConnect(config, err), err}
}

// explainConnect returns the text of connectFailure.
func explainConnect(config *pgx.ConnConfig, err error) string {
	if hasSeveralHosts(&config.Config) {
		return explainHosts(config, err)
	}
	where := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	if network, path := pgconn.NetworkAddress(config.Host, config.Port); network == "unix" {
		where = path
	}
	// First try the kinds of errors for which there is specific advice.
	var (
		answer *pgconn.PgError
		name   *net.DNSError
		number syscall.Errno
	)
	switch {
	case errors.Is(err, errPooler), errors.As(err, &answer) && answer.Code == stateProtocolViolation &&
		strings.Contains(answer.Message, "startup parameter"):
		return fmt.Sprintf("a connection pooler such as PgBouncer answers at %s: enisim has a pool of its own, whose "+
			"prepared statements, session settings and locks need Postgres itself; name the host and port of "+
			"Postgres, or of a proxy that forwards connections as they are, such as HAProxy, in --database-url", where)
	case errors.Is(err, errPostgresVersion):
		return fmt.Sprintf("the Postgres at %s is older than version %d, the first that enisim supports: upgrade it, "+
			"or name another in --database-url", where, MinPostgres)
	case errors.As(err, &answer):
		return explainAnswer(config, where, answer)
	case errors.As(err, &name):
		return fmt.Sprintf("the name of the database's host, %s, leads nowhere: check --database-url", name.Name)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
		return fmt.Sprintf("nothing listens on %s: is Postgres running there, and is --database-url right?", where)
	case errors.Is(err, context.Canceled):
		return fmt.Sprintf("interrupted while connecting to the database at %s", where)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("the database at %s does not answer: is it reachable from here?", where)
	case errors.As(err, &number):
		return fmt.Sprintf("cannot connect to the database at %s: %v", where, number)
	}
	// Otherwise show the innermost error, which has the reason.
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return fmt.Sprintf("cannot connect to the database at %s: %v", where, err)
}

// explainAnswer returns the text for a connection that Postgres itself refused.
func explainAnswer(config *pgx.ConnConfig, where string, answer *pgconn.PgError) string {
	switch answer.Code {
	case "28P01", "28000":
		return fmt.Sprintf("Postgres at %s does not let in the user %q: "+
			"check the user and the password of --database-url", where, config.User)
	case "3D000":
		return fmt.Sprintf("there is no database %q at %s: "+
			"create it (createdb %[1]s), or name another in --database-url", config.Database, where)
	case "53300":
		return fmt.Sprintf("Postgres at %s has no connection left: "+
			"raise its max_connections, or stop what uses it", where)
	case "57P03":
		return fmt.Sprintf("Postgres at %s is starting or stopping: try again", where)
	}
	return fmt.Sprintf("Postgres at %s refuses the connection: %s", where, answer.Message)
}

// explainHosts returns the text for several hosts: the reason of each.
func explainHosts(config *pgx.ConnConfig, err error) string {
	var names []string
	for _, h := range hostsOf(&config.Config) {
		if !slices.Contains(names, h.address()) {
			names = append(names, h.address())
		}
	}
	reasons := err.Error()
	if failed, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		reasons = strings.ReplaceAll(failed.Unwrap().Error(), "\n", "; ")
	}
	return fmt.Sprintf("none of the hosts %s accepts writes: is one of them a primary, and reachable from here? (%s)",
		strings.Join(names, ", "), reasons)
}
