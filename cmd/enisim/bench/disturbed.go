package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"enisim.alt/cmd/enisim/load"
	"enisim.alt/httpapi"
	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

const (
	benchAccount = "1000000000000001"
	otherAccount = "1000000000000777"
	otherRules   = 1000
	ownRules     = 100
)

// disturbedTables measures what rules cost the attaches that they do not disturb, and what it costs
// that there can be rules.
func (b *bench) disturbedTables(ctx context.Context) error {
	if err := b.disturbedTable(ctx); err != nil {
		return err
	}
	return b.beforeTable(ctx)
}

// disturbedTable measures what rules cost the attaches that they do not disturb.
func (b *bench) disturbedTable(ctx context.Context) (err error) {
	const clients = 64
	url, err := b.database(ctx, "disturbed")
	if err != nil {
		return err
	}
	s, err := b.serveWorld(ctx, url, "disturbed.yaml", loadWorld())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	control := &httpapi.ControlClient{Endpoint: s.target.Endpoint, HTTP: http.DefaultClient}
	throttled := disturbance.Do{Answer: "Throttling"}
	sets := []struct {
		name       string
		put, clear func(context.Context, *httpapi.ControlClient) error
	}{
		{"none", nothing, nothing},
		{fmt.Sprintf("%d faults of another account", otherRules), createOther, deleteOther},
		{fmt.Sprintf("%d faults of the account, for another action", ownRules),
			addFaults(ownRules, disturbance.Fault{Action: "DescribeRegions", Do: throttled}), removeFaults},
		{"a fault that counts each call and strikes none",
			addFaults(1, disturbance.Fault{When: disturbance.When{From: 1 << 30}, Do: throttled}), removeFaults},
	}
	// Each set of rules is put in place, measured and removed in turn, so that all of them meet the same
	// state of the machine. The figure of a set is the median of the rounds.
	rates := make([][]float64, len(sets))
	for range b.sizes.rounds {
		for n, set := range sets {
			if err := set.put(ctx, control); err != nil {
				return err
			}
			m, err := b.measure(ctx, s, clients, attachSpread(clients))
			if err != nil {
				return err
			}
			if m.failed > 0 {
				return fmt.Errorf("%s: %d operations failed", set.name, m.failed)
			}
			rates[n] = append(rates[n], m.rate)
			if err := errors.Join(set.clear(ctx, control), b.detachAll(ctx, s.url)); err != nil {
				return err
			}
		}
	}
	printHeading(fmt.Sprintf("Rules in place: attach and detach in turn by %d clients, the median of %d rounds.",
		clients, b.sizes.rounds), "rules", "operations a second", "to none")
	without := median(rates[0])
	for n, set := range sets {
		rate := median(rates[n])
		printRow(set.name, formatRate(rate), formatRatio(rate/without))
		if n == 1 {
			b.recordRatio("rules-of-others", "ops/s", rate, rate/without)
		}
	}
	return nil
}

// attachSpread is a plan in which each client attaches and detaches interfaces of its own.
func attachSpread(clients int) load.Plan {
	return alternate(clients, pairs, 0, numberedID("i-spread-"), numberedID("eni-spread-"))
}

func nothing(context.Context, *httpapi.ControlClient) error { return nil }

// createOther creates another account with many faults.
func createOther(ctx context.Context, control *httpapi.ControlClient) error {
	text := "enisim: 1\naccounts:\n  - id: \"" + otherAccount + "\"\n    faults:\n" +
		strings.Repeat("      - {resource: eni-*, do: {answer: Throttling}}\n", otherRules)
	_, err := control.CreateAccount(ctx, operator.CreateAccountRequest{
		ID: otherAccount, Scenario: &operator.ScenarioFile{Name: "faults.yaml", Text: []byte(text)},
	})
	return err
}

func deleteOther(ctx context.Context, control *httpapi.ControlClient) error {
	return control.DeleteAccount(ctx, otherAccount)
}

// addFaults returns a function that adds n equal faults to the account of the load.
func addFaults(n int, fault disturbance.Fault) func(context.Context, *httpapi.ControlClient) error {
	fault.Account = benchAccount
	return func(ctx context.Context, control *httpapi.ControlClient) error {
		for range n {
			if _, err := control.AddFault(ctx, fault); err != nil {
				return err
			}
		}
		return nil
	}
}

func removeFaults(ctx context.Context, control *httpapi.ControlClient) error {
	return control.RemoveFaults(ctx, benchAccount)
}

// median returns the middle one of some numbers, or the mean of the two in the middle.
func median(numbers []float64) float64 {
	sorted := slices.Sorted(slices.Values(numbers))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
