package service

import (
	"context"
	"errors"
	"regexp"

	"enisim/store"
)

// Snapshot is what an account had at a moment, for packages that know nothing of the store.
type Snapshot = store.Snapshot

// Restored tells what restoring a snapshot changed.
type Restored = store.Applied

var snapshotNamePattern = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,64}$`)

// SaveSnapshot keeps all resources of an account as they stand at one moment, in place of an older
// snapshot of the name. Nobody waits for it.
func (s *Service) SaveSnapshot(ctx context.Context, accountID, name string) (Snapshot, error) {
	if err := checkSnapshot(accountID, name); err != nil {
		return Snapshot{}, err
	}
	saved, err := s.store.SaveSnapshot(ctx, accountID, name, s.now())
	return saved, explainSnapshot(err, accountID, name)
}

// RestoreSnapshot makes the resources of an account what they were, with their ids, at once for
// every reader. Keys, users and quotas stay. A status that was on its way when the snapshot was
// saved is at its end once its time is over.
func (s *Service) RestoreSnapshot(ctx context.Context, accountID, name string) (Restored, error) {
	if err := checkSnapshot(accountID, name); err != nil {
		return Restored{}, err
	}
	restored, err := s.store.RestoreSnapshot(ctx, accountID, name)
	return restored, explainSnapshot(err, accountID, name)
}

// Snapshots lists those of an account, by name.
func (s *Service) Snapshots(ctx context.Context, accountID string) ([]Snapshot, error) {
	if !accountIDPattern.MatchString(accountID) {
		return nil, invalidRequestf("an account has 16 digits, got %q", accountID)
	}
	return s.store.Snapshots(ctx, accountID)
}

// DeleteSnapshot forgets a snapshot.
func (s *Service) DeleteSnapshot(ctx context.Context, accountID, name string) error {
	if err := checkSnapshot(accountID, name); err != nil {
		return err
	}
	return explainSnapshot(s.store.DeleteSnapshot(ctx, accountID, name), accountID, name)
}

func checkSnapshot(accountID, name string) error {
	if !accountIDPattern.MatchString(accountID) {
		return invalidRequestf("an account has 16 digits, got %q", accountID)
	}
	if !snapshotNamePattern.MatchString(name) {
		return invalidRequestf("a snapshot's name is 1 to 64 letters, digits, '.', '_' and '-', got %q", name)
	}
	return nil
}

// explainSnapshot says what an operator can do about a failure.
func explainSnapshot(err error, accountID, name string) error {
	switch {
	case errors.Is(err, store.ErrNoAccount):
		return notFoundf("there is no account %s", accountID)
	case errors.Is(err, store.ErrNoSnapshot):
		return notFoundf(
			"account %s has no snapshot %q: enisim snapshot list --account %s shows those that there are",
			accountID,
			name,
			accountID,
		)
	case errors.Is(err, store.ErrOldSnapshot):
		return invalidRequestf(
			"snapshot %q was saved by another version of enisim, whose tables differ: bring the account into the state again, and save it anew",
			name,
		)
	}
	return err
}
