package service

import (
	"errors"
	"log/slog"
	"testing"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// A refusal is answered although its record has to wait: here for a lock of the table.
func TestARefusalDoesNotWaitLongForItsRecord(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s := New(store.New(pool, slog.New(slog.DiscardHandler)), Options{Refusals: 1})
	blocking, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer blocking.Rollback(t.Context()) //nolint:errcheck // nothing to keep
	if _, err := blocking.Exec(t.Context(), `LOCK TABLE events`); err != nil {
		t.Fatal(err)
	}
	err = s.RecordRefusal(t.Context(), Caller{AccountID: "1000000000000001", RequestID: "slow"}, Refusal{
		Action: "AttachNetworkInterface", Resources: func() []string { return nil }, Err: InvalidEniState,
	})
	if !errors.Is(err, errNotRecordedInTime) {
		t.Errorf("got %v, want that it was not recorded in time", err)
	}
}
