package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"enisim.alt/service/operator"
	"enisim.alt/store"
)

// followPause is how long enisim events --follow waits before it asks for further events.
const followPause = 500 * time.Millisecond

type eventsCommand struct {
	targetFlags
	Account  string   `help:"Account, by its 16 digits (default: all)." placeholder:"ID"`
	ENI      []string `name:"eni" help:"Network interface." placeholder:"ID"`
	Instance []string `help:"Instance." placeholder:"ID"`
	Resource []string `help:"Any other resource." placeholder:"ID"`
	Refusals bool     `help:"Only refused requests."`
	After    string   `help:"Cursor after which to read on (default: the newest events; with --follow: from now on)." placeholder:"CURSOR"`
	Limit    int      `default:"100" help:"Maximum number of events, without --follow." placeholder:"N"`
	Follow   bool     `short:"f" help:"Print events as they happen."`
}

// Help returns the text of --help.
func (*eventsCommand) Help() string {
	return `Prints the changes and the refused requests, in the order in which they happened. Each line begins with
the cursor of its event. With --json it prints one JSON object a line.

Examples:

    enisim events --account 1000000000000001
    enisim events --follow --eni eni-web-1
    enisim events --instance i-web --refusals --limit 5`
}

// Validate returns an error for flags that select nothing.
func (c *eventsCommand) Validate() error {
	if len(c.resources()) > 1 {
		return errors.New("give one of --eni, --instance and --resource: an event of several is selected by each")
	}
	return c.targetFlags.Validate()
}

func (c *eventsCommand) resources() []string { return slices.Concat(c.ENI, c.Instance, c.Resource) }

// Run runs the command.
func (c *eventsCommand) Run(ctx context.Context, s streams) error {
	q := operator.EventQuery{Account: c.Account, Refusals: c.Refusals, After: c.After, Limit: c.Limit}
	if resources := c.resources(); len(resources) > 0 {
		q.Resource = resources[0]
	}
	return c.withOperator(ctx, s, func(simulated controlAPI) error {
		if c.Follow {
			return c.follow(ctx, s, simulated, q)
		}
		// Without a cursor, the newest events are shown, in their order.
		q.NewestFirst = q.After == ""
		page, err := simulated.Events(ctx, q)
		if err != nil {
			return err
		}
		if q.NewestFirst {
			slices.Reverse(page.Events)
		}
		return c.print(s, page.Events)
	})
}

// follow prints events until ctx ends.
func (c *eventsCommand) follow(ctx context.Context, s streams, simulated controlAPI, q operator.EventQuery) error {
	if q.After == "" {
		q.After = operator.CursorLatest
	}
	q.Limit = operator.MaxEvents
	for {
		page, err := simulated.Events(ctx, q)
		if err != nil {
			return err
		}
		if err := c.print(s, page.Events); err != nil {
			return err
		}
		q.After = page.Next
		if page.IsCut {
			continue
		}
		select {
		case <-time.After(followPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *eventsCommand) print(s streams, events []operator.Event) error {
	for _, e := range events {
		if c.JSON {
			if err := json.NewEncoder(s.Out).Encode(e); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintln(s.Out, eventLine(e)); err != nil {
			return err
		}
	}
	return nil
}

// eventLine returns an event as a line for people.
func eventLine(e operator.Event) string {
	parts := []string{e.Cursor, e.Time.Format(time.RFC3339), e.Account, e.Action, e.Outcome}
	for _, change := range e.Changes {
		parts = append(parts, changeText(change))
	}
	if len(e.Changes) == 0 {
		parts = append(parts, strings.Join(e.Resources, " "))
	}
	parts = append(parts, "by "+callerText(e.Caller, e.User), e.RequestID)
	if e.Fault != "" {
		parts = append(parts, e.Fault)
	}
	return strings.Join(parts, "  ")
}

// changeText returns a change as a text such as "eni-1 Status Available->Attaching (InUse at …)".
func changeText(c store.Change) string {
	text := fmt.Sprintf("%s %s %s->%s", c.Resource, c.Field, c.From, c.To)
	if c.Then != "" && c.DueAt != nil {
		text += fmt.Sprintf(" (%s at %s)", c.Then, c.DueAt.UTC().Format(time.RFC3339))
	}
	return text
}

// callerText returns the sender of a request.
func callerText(accessKeyID, user string) string {
	if user == "" {
		return accessKeyID
	}
	return user + " " + accessKeyID
}
