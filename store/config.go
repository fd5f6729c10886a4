package store

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// milliseconds spells a duration as Postgres reads its timeouts.
func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// namesPoolSize tells whether a connection string sets the pool's size, in its URL or its key=value form.
func namesPoolSize(conn string) bool { return strings.Contains(conn, "pool_max_conns=") }

func hasAnyPrefix(s string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// hidePassword keeps a parse error's reason and drops the URL it quotes, which may hold a password.
func hidePassword(err error) error {
	var parse *url.Error
	if errors.As(err, &parse) {
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
