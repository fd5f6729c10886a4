package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"enisim.alt/cmd/enisim/check"
	"enisim.alt/cmd/enisim/history"
	"enisim.alt/store"
)

type checkCommand struct {
	History string        `arg:"" name:"history" help:"The history, as enisim load --history writes it."`
	Timeout time.Duration `default:"10m" min:"1ns" help:"How long to search for an answer."`
	Repeats string        `default:"refuse" enum:"accept,refuse" help:"How the server answers repeats: its --repeats, or repeats of the account."`
	Picture string        `placeholder:"FILE.html" help:"Where to draw a contradiction (default: the history's name and .html)."`
}

// Help returns the text of --help.
func (*checkCommand) Help() string {
	return `Decides whether what clients were told can have happened at all: whether each call can have taken effect at
one moment between its invoke and its answer, so that an interface is on one instance at most and an instance holds no
more than its limit. Calls of unknown outcome may have had an effect, at any later time, or none.

Exit codes: 0 it can (it is linearizable); 1 it cannot: the shortest contradicting part is printed, and drawn; 2 the
file is no such history; 3 no answer within --timeout.

Example:

    enisim check run.history`
}

// Run runs the command.
func (c *checkCommand) Run(ctx context.Context, s streams) error {
	// First read the history.
	file, err := os.Open(c.History)
	if err != nil {
		return usageError{err}
	}
	defer file.Close()
	h, err := history.Read(c.History, file)
	if err != nil {
		return usageError{err}
	}
	// Then check it.
	started := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	result, err := check.Check(ctx, h, check.Rules{AcceptRepeats: c.Repeats == store.RepeatsAccept})
	switch {
	case err != nil:
		return usageError{fmt.Errorf("%s: %w", c.History, err)}
	case result.Verdict == check.Undecided && ctx.Err() != nil:
		return fmt.Errorf("%s: %w within %v; allow more with --timeout", c.History, errUndecided, c.Timeout)
	case result.Verdict == check.Undecided:
		return fmt.Errorf("%s: %w: no order was found that explains all answers, and no part that contradicts itself",
			c.History, errUndecided)
	case result.Verdict == check.Linearizable:
		fmt.Fprintf(s.Out, "%s: linearizable: %s, in %d pieces, decided in %v\n", c.History, result.Summary,
			result.Pieces, time.Since(started).Round(time.Millisecond))
		return nil
	}
	// Then print and draw the contradiction.
	fmt.Fprintf(s.Out, "%s: not linearizable: %s\n\n", c.History, result.Summary)
	if result.ChangeContradiction != nil {
		result.ChangeContradiction.Write(s.Out)
		return errQuiet
	}
	result.Contradiction.Write(s.Out)
	picture := c.Picture
	if picture == "" {
		picture = c.History + ".html"
	}
	if err := result.Contradiction.Draw(picture); err != nil {
		return fmt.Errorf("no picture: %w", err)
	}
	fmt.Fprintf(s.Out, "\nPicture: %s\n", picture)
	return errQuiet
}

// errUndecided is returned when a check has no verdict. The exit code is exitUndecided.
var errUndecided = errors.New("undecided")
