package main

import (
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"enisim.alt/httpapi"
	"enisim.alt/service/disturbance"
)

// maxLossyFaults is the maximum number of faults of a run that leave outcomes unknown. Each unknown
// outcome doubles the orders that the checker may have to try.
const maxLossyFaults = 20

// randomFault returns a fault that cannot stop a load for long. A lossy one leaves the outcomes of at
// most two calls unknown.
func randomFault(r *rand.Rand, lossy bool) disturbance.Fault {
	f := disturbance.Fault{Account: "1000000000000001"}
	f.Action = []string{"", "AttachNetworkInterface", "DetachNetworkInterface", "Describe*", "*"}[r.IntN(5)]
	// The load first lists all resources, which names none. No fault may strike that.
	f.Resource = []string{"i-*", "i-1", "eni-*", "eni-1*"}[r.IntN(4)]
	if lossy {
		f.When.First = 1 + r.IntN(2)
		switch r.IntN(4) {
		case 0:
			f.Do.Answer = []string{"InternalError", "ServiceUnavailable"}[r.IntN(2)]
		case 1:
			f.Do.Lose = []string{disturbance.LoseReset, disturbance.Lose500, disturbance.Lose503}[r.IntN(3)]
		case 2:
			f.Do.Truncate = new(r.IntN(100))
		case 3:
			f.Do.Cut = new(r.IntN(100))
		}
		return f
	}
	switch n := 1 + r.IntN(20); r.IntN(5) {
	case 0:
		f.When.First = n
	case 1:
		f.When.Every = n
	case 2:
		f.When.From, f.When.To = n, n+r.IntN(20)
	case 3:
		f.When.Probability, f.When.Seed = new(r.Float64()), r.Int64()
	}
	short := disturbance.Duration(r.Int64N(int64(20 * time.Millisecond)))
	switch r.IntN(4) {
	case 0:
		f.Do.Answer = "Throttling"
	case 1:
		f.Do.Answer = "Throttling.User"
		f.Silent = true
	case 2:
		f.Do.Slow = short + 1
	case 3:
		f.Do.Delay = short + 1
	}
	return f
}

// randomThrottle returns a throttle that refuses some calls of a load and cannot stop it for long.
func randomThrottle(r *rand.Rand) disturbance.Throttle {
	return disturbance.Throttle{Limits: []disturbance.Limit{{
		// Not the lists, with which the load begins.
		Action:    []string{"AttachNetworkInterface", "DetachNetworkInterface", "*NetworkInterface"}[r.IntN(3)],
		Per:       []string{"", disturbance.PerAction, disturbance.PerAccount}[r.IntN(3)],
		PerSecond: 100 + 2000*r.Float64(), Burst: 1 + r.IntN(50),
		Answer: []string{"", disturbance.ThrottlingUser, disturbance.ThrottlingAPI}[r.IntN(3)],
	}}}
}

// While 64 clients attach and detach, random faults and throttles come and go. The history is
// linearizable, in which lost answers are of unknown outcome, and all invariants hold.
func TestRandomFaultsUnderLoad(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("the seed is %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	dir := dataDir(t)
	server := start(t, "--data-dir", dir, "--scenario", file(t, worldOf(20, "ecs.g6.large", 60).String()),
		"--attach-delay", "0", "--detach-delay", "0")
	control := &httpapi.ControlClient{Endpoint: server.endpoint, HTTP: &http.Client{Timeout: time.Minute}}
	// One fault stays, so that every run meets one.
	if _, err := control.AddFault(t.Context(), disturbance.Fault{
		Account: "1000000000000001", Resource: "eni-*",
		When: disturbance.When{Every: 50}, Do: disturbance.Do{Answer: "Throttling"},
	}); err != nil {
		t.Fatal(err)
	}
	recorded := filepath.Join(t.TempDir(), "run.history")
	type result struct {
		out, errOut string
		exit        int
	}
	done := make(chan result, 1)
	go func() {
		var r result
		r.out, r.errOut, r.exit = output(t, "load", "--endpoint", server.endpoint, "--access-key-id", "LTAIcrash",
			"--access-key-secret", "s", "--clients", "64", "--requests", "3000", "--allow-unknown",
			"--history", recorded)
		done <- r
	}()
	// The others come and go until the load has ended, at most three at a time.
	var placed []string
	var ended *result
	for n := 0; ended == nil; n++ {
		added, err := control.AddFault(t.Context(), randomFault(r, n%2 == 0 && n < 2*maxLossyFaults))
		if err != nil {
			t.Fatal(err)
		}
		placed = append(placed, added.ID)
		if len(placed) > 3 {
			if err := control.RemoveFault(t.Context(), placed[0]); err != nil {
				t.Fatal(err)
			}
			placed = placed[1:]
		}
		if n%2 == 0 {
			_, err = control.SetThrottle(t.Context(), "1000000000000001", randomThrottle(r))
		} else {
			err = control.ClearThrottle(t.Context(), "1000000000000001")
		}
		if err != nil {
			t.Fatal(err)
		}
		select {
		case r := <-done:
			ended = &r
		case <-time.After(50 * time.Millisecond): // so that calls meet each fault
		}
	}
	if ended.exit != 0 {
		t.Errorf("load: got exit code %d, %s%s", ended.exit, ended.out, ended.errOut)
	}
	if h := readHistory(t, recorded); !strings.Contains(ended.out, "Fault.") {
		t.Errorf("got %d operations and %s, want some that a fault touched", len(h.Operations), ended.out)
	}
	if out, errOut, exit := output(t, "check", recorded); exit != 0 {
		t.Errorf("check: got exit code %d, %s%s", exit, out, errOut)
	}
	if violations, err := control.Verify(t.Context()); err != nil || len(violations) > 0 {
		t.Errorf("verify: got %v, %v, want no violation", violations, err)
	}
}
