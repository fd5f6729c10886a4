package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"enisim.alt/service/operator"
)

type whyCommand struct {
	targetFlags
	RequestID string `arg:"" help:"The RequestId of the answer."`
}

// Help returns the text of --help.
func (*whyCommand) Help() string {
	return `Says why a request was refused: the rule, the values that it saw, the interfaces that had the slots, and
what would have to change. For a request that succeeded, it prints what has changed.

Example:

    enisim why 473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E`
}

// Run runs the command.
func (c *whyCommand) Run(ctx context.Context, s streams) error {
	return report(ctx, &c.targetFlags, s, func(simulated controlAPI) (operator.Request, error) {
		return simulated.Request(ctx, c.RequestID)
	}, func(request operator.Request) error { return printRequest(s.Out, request) })
}

// printRequest prints a recorded request for people.
func printRequest(out io.Writer, r operator.Request) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s of account %s at %s, by %s: %s\n",
		r.Action, r.Account, r.Time.Format(time.RFC3339), callerText(r.Caller, r.User), r.Outcome)
	for _, change := range r.Changes {
		fmt.Fprintf(&text, "  %s\n", changeText(change))
	}
	if r.Fault != "" {
		fmt.Fprintf(&text, "The fault %s touched it.\n", r.Fault)
	}
	if why := r.Why; why != nil {
		fmt.Fprintf(&text, "%s\nRule: %s\n", why.Message, why.Rule)
		if len(why.Values) > 0 {
			text.WriteString("The rule saw:\n")
		}
		for _, name := range slices.Sorted(maps.Keys(why.Values)) {
			if name != "HeldInterfaces" { // they are printed as holders
				fmt.Fprintf(&text, "  %s: %s\n", name, operator.ValueText(why.Values[name]))
			}
		}
		printHolders(&text, why.Holders)
		if why.Hint != "" {
			fmt.Fprintf(&text, "To succeed: %s\n", why.Hint)
		}
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// printHolders prints the interfaces that had the slots of an instance.
func printHolders(text *strings.Builder, holders []operator.Holder) {
	if len(holders) > 0 {
		text.WriteString("The slots of the instance were held by:\n")
	}
	for _, h := range holders {
		fmt.Fprintf(text, "  %s (%s, %s)", h.NetworkInterfaceID, h.Type, h.Status)
		if h.Since != nil {
			fmt.Fprintf(text, " since %s by %s, request %s", h.Since.Format(time.RFC3339),
				callerText(h.Caller, h.User), h.RequestID)
		}
		text.WriteString("\n")
	}
}
