package store

import (
	"errors"
	"testing"
)

// A Postgres older than the first supported version is refused. Newer ones, and those of services that
// have numbers of their own, are accepted.
func TestCheckPostgresVersion(t *testing.T) {
	t.Parallel()
	for version, refused := range map[string]bool{
		"9.6.24": true, "13.22": true, "14.23 (Debian 14.23-1)": true, "14": true,
		"15.18 (Debian 15.18-0+deb12u1)": false, "16.14": false, "18": false, "19beta1": false, "": false, "x": false,
	} {
		err := checkPostgresVersion(version)
		if got := errors.Is(err, errPostgresVersion); got != refused {
			t.Errorf("%q: got %v, want refused: %v", version, err, refused)
		}
	}
}
