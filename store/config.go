package store

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// milliseconds renders a duration as Postgres parses its timeouts.
func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// hasPoolSize reports whether a connection string sets the pool's size, in its URL form or its
// key=value form.
func hasPoolSize(conn string) bool { return strings.Contains(conn, "pool_max_conns=") }

func hasAnyPrefix(s string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// hidePassword returns the reason of a parse error without the URL that it quotes, which may
// contain a password.
func hidePassword(err error) error {
	if parse, ok := errors.AsType[*url.Error](err); ok {
		return parse.Err
	}
	if _, reason, found := strings.Cut(err.Error(), "`: "); found {
		if strings.HasPrefix(reason, "failed to parse as keyword/value") {
			reason = "it is neither a URL nor a list of keyword=value"
		}
		return errors.New(reason)
	}
	return err
}
