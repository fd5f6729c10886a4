package main

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"enisim/service/scenario"
	"enisim/store"
	"enisim/testdata/scenarios"
)

// publishedKeys are the quick-start world's: their secrets are in the documentation, so that everybody has them.
func publishedKeys() ([]store.AccessKey, error) {
	sc, err := scenario.Parse("quickstart.yaml", scenarios.Quickstart)
	if err != nil {
		return nil, err
	}
	return sc.World().AccessKeys, nil
}

// refusePublishedKeys fails when a published key would let somebody in.
func refusePublishedKeys(ctx context.Context, st *store.Store, address *net.TCPAddr, now time.Time) error {
	published, err := publishedKeys()
	if err != nil {
		return err
	}
	var disable []string
	for _, key := range published {
		found, err := st.FindIdentity(ctx, key.ID)
		if err != nil {
			return err
		}
		if found != nil && found.Secret == key.Secret && found.Status == "Active" && stillGood(found.ExpiresAt, now) && stillGood(found.AccountEndsAt, now) {
			disable = append(disable, "enisim key disable "+key.ID)
		}
	}
	if len(disable) == 0 {
		return nil
	}
	return usageError{fmt.Errorf("others can reach %s, and a key that is published with its secret would let them in. "+
		"Disable it: %s; or start with another scenario; or say that it is meant: --allow-quickstart-key", address, strings.Join(disable, " && "))}
}

// stillGood tells whether an end, nil for none, is yet to come.
func stillGood(end *time.Time, now time.Time) bool { return end == nil || end.After(now) }

// refuseQuickstart fails where the quick-start world would be made for others to reach.
func refuseQuickstart(address *net.TCPAddr) error {
	return usageError{fmt.Errorf("others can reach %s, and the quick-start world's keys are published with their secrets. "+
		"Start with a scenario of yours: --scenario FILE; or with no world: --no-quickstart; or say that it is meant: --allow-quickstart-key", address)}
}
