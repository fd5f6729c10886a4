package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	"enisim.alt/httpapi"
	"enisim.alt/service/operator"
	"enisim.alt/service/scenario"
	"enisim.alt/testdata/scenarios"
)

type resetCommand struct {
	targetFlags
}

// Help returns the text of --help.
func (*resetCommand) Help() string {
	return `The account of the quick-start world has again what it had at first, also beside a running server: its keys,
instances and interfaces. Other accounts stay as they are. The same for a scenario of yours is enisim scenario apply
FILE.

Example:

    enisim reset`
}

// Run runs the command.
func (c *resetCommand) Run(ctx context.Context, s streams) error {
	if c.Endpoint != "" && !isLoopback(c.Endpoint) {
		return errors.New("the quick-start world's keys are published, and others may reach that server: apply a " +
			"scenario of yours there, with enisim scenario apply")
	}
	file := operator.ScenarioFile{Name: "quickstart.yaml", Text: scenarios.Quickstart}
	sc, err := scenario.Parse(file.Name, file.Text)
	if err != nil {
		return err
	}
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Applied, error) {
		return simulated.ApplyScenario(ctx, file)
	}, func(applied operator.Applied) error {
		sum := applied.Total()
		fmt.Fprintf(s.Out, "the quick-start world is as at first (%s): %d rows new, %d changed, %d gone\n",
			accountList(accountIDs(sc)), sum.Inserted, sum.Updated, sum.Deleted)
		return nil
	})
}

// isLoopback reports whether an endpoint is on this machine.
func isLoopback(endpoint string) bool {
	address, err := url.Parse(httpapi.ControlEndpoint(endpoint))
	return err == nil && (address.Hostname() == "localhost" || net.ParseIP(address.Hostname()).IsLoopback())
}
