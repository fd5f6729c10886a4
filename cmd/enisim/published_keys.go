package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"enisim.alt/service/scenario"
	"enisim.alt/store"
	"enisim.alt/testdata/scenarios"
)

// publishedKeys returns the keys of the quick-start world, whose secrets are in the documentation.
func publishedKeys() ([]store.AccessKey, error) {
	sc, err := scenario.Parse("quickstart.yaml", scenarios.Quickstart)
	if err != nil {
		return nil, err
	}
	return sc.World().AccessKeys, nil
}

// quickstartKey is the key of the quick-start world's account, and the default key of enisim call
// and enisim load.
const quickstartKey = "LTAIquickstart000001"

// activePublishedKeys returns the ids of the published keys that the server would accept.
func activePublishedKeys(ctx context.Context, st *store.Store, now time.Time) (ids []string, err error) {
	published, err := publishedKeys()
	if err != nil {
		return nil, err
	}
	for _, key := range published {
		found, err := st.FindIdentity(ctx, key.ID)
		if err != nil {
			return nil, err
		}
		if found != nil && found.Secret == key.Secret && found.Status == "Active" &&
			isUnexpired(found.ExpiresAt, now) && isUnexpired(found.AccountEndsAt, now) {
			ids = append(ids, key.ID)
		}
	}
	return ids, nil
}

// refusePublishedKeys returns an error if the server would accept a published key.
func refusePublishedKeys(ctx context.Context, st *store.Store, address *net.TCPAddr, now time.Time) error {
	active, err := activePublishedKeys(ctx, st, now)
	if err != nil || len(active) == 0 {
		return err
	}
	var disable []string
	for _, id := range active {
		disable = append(disable, "enisim key disable "+id)
	}
	return usageError{fmt.Errorf("others can reach %s, and a key that is published with its secret would let them in. "+
		"Disable it: %s; or start with another scenario; or say that it is meant: --allow-quickstart-key", address,
		strings.Join(disable, " && "))}
}

// isUnexpired reports whether an end is in the future; nil is no end.
func isUnexpired(end *time.Time, now time.Time) bool { return end == nil || end.After(now) }

// refuseQuickstart returns the error for creating the quick-start world where others can reach it.
func refuseQuickstart(address *net.TCPAddr) error {
	return usageError{fmt.Errorf("others can reach %s, and the quick-start world's keys are published with their "+
		"secrets. Start with a scenario of yours: --scenario FILE; or with no world: --no-quickstart; or say that "+
		"it is meant: --allow-quickstart-key", address)}
}
