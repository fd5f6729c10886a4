package operator

import (
	"context"
	"errors"
	"regexp"

	"enisim.alt/store/world"
)

// Snapshot describes a saved state of an account. The alias is for packages that do not import the
// store.
type Snapshot = world.Snapshot

// Restored counts what restoring a snapshot changed.
type Restored = world.Applied

var snapshotNamePattern = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,64}$`)

// SaveSnapshot saves all resources of an account as of one moment, and replaces an older snapshot
// of that name. It blocks no requests.
func (o *Operator) SaveSnapshot(ctx context.Context, accountID, name string) (Snapshot, error) {
	if err := checkSnapshot(accountID, name); err != nil {
		return Snapshot{}, err
	}
	saved, err := world.SaveSnapshot(ctx, o.store, accountID, name, o.service.Now())
	return saved, explainSnapshot(err, accountID, name)
}

// RestoreSnapshot restores the resources of an account with their ids. All readers see them at
// once. Keys, users and quotas stay. A transition that was in progress when the snapshot was saved
// is over if its time has passed.
func (o *Operator) RestoreSnapshot(ctx context.Context, accountID, name string) (Restored, error) {
	if err := checkSnapshot(accountID, name); err != nil {
		return Restored{}, err
	}
	restored, err := world.RestoreSnapshot(ctx, o.store, accountID, name, o.service.Now())
	return restored, explainSnapshot(err, accountID, name)
}

// Snapshots lists the snapshots of an account, by name.
func (o *Operator) Snapshots(ctx context.Context, accountID string) ([]Snapshot, error) {
	if !accountIDPattern.MatchString(accountID) {
		return nil, invalidRequestf("an account has 16 digits, got %q", accountID)
	}
	return world.Snapshots(ctx, o.store, accountID)
}

// DeleteSnapshot deletes a snapshot.
func (o *Operator) DeleteSnapshot(ctx context.Context, accountID, name string) error {
	if err := checkSnapshot(accountID, name); err != nil {
		return err
	}
	err := world.DeleteSnapshot(ctx, o.store, accountID, name, o.service.Now())
	return explainSnapshot(err, accountID, name)
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

// explainSnapshot returns an error that tells an operator what to do about a failure.
func explainSnapshot(err error, accountID, name string) error {
	switch {
	case errors.Is(err, world.ErrNoAccount):
		return notFoundf("there is no account %s", accountID)
	case errors.Is(err, world.ErrNoSnapshot):
		return notFoundf(
			"account %s has no snapshot %q: enisim snapshot list --account %s shows those that there are",
			accountID,
			name,
			accountID,
		)
	case errors.Is(err, world.ErrOldSnapshot):
		return invalidRequestf(
			"snapshot %q was saved by another version of enisim, whose tables differ: "+
				"bring the account into the state again, and save it anew",
			name,
		)
	}
	return err
}
