package main

import (
	"context"
	"fmt"
	"time"

	"enisim.alt/service/disturbance"
)

type clockCommand struct {
	Show    clockShowCommand    `cmd:"" help:"Show the time of an account."`
	Advance clockAdvanceCommand `cmd:"" help:"Move the time of an account on, so that what is due by then happens."`
	Freeze  clockFreezeCommand  `cmd:"" help:"Stop the time of an account."`
	Resume  clockResumeCommand  `cmd:"" help:"Let a frozen clock go on."`
	Rate    clockRateCommand    `cmd:"" help:"Run the time of an account so many times as fast as real time."`
	Reset   clockResetCommand   `cmd:"" help:"Return an account to real time."`
}

// clockFlags are the flags of every command about a clock.
type clockFlags struct {
	targetFlags
	Account string `required:"" help:"Account whose clock it is." placeholder:"ID"`
}

// show calls the control API and prints what the clock shows then.
func (c *clockFlags) show(
	ctx context.Context, s streams, call func(controlAPI) (disturbance.ClockState, error),
) error {
	return report(ctx, &c.targetFlags, s, call, func(state disturbance.ClockState) error {
		text := state.Now.Format(time.RFC3339Nano)
		switch {
		case state.Frozen && state.Rate != 1:
			text += fmt.Sprintf(", frozen, and at %v times real time when it is resumed", state.Rate)
		case state.Frozen:
			text += ", frozen"
		case state.Rate != 1:
			text += fmt.Sprintf(", at %v times real time", state.Rate)
		}
		_, err := fmt.Fprintln(s.Out, text)
		return err
	})
}

// change changes the clock and prints what it shows then.
func (c *clockFlags) change(ctx context.Context, s streams, change disturbance.ClockChange) error {
	return c.show(ctx, s, func(simulated controlAPI) (disturbance.ClockState, error) {
		return simulated.ChangeClock(ctx, c.Account, change)
	})
}

type clockShowCommand struct {
	clockFlags
}

// Help returns the text of --help.
func (*clockShowCommand) Help() string {
	return `Example:

    enisim clock show --account 1000000000000001`
}

// Run runs the command.
func (c *clockShowCommand) Run(ctx context.Context, s streams) error {
	return c.show(ctx, s, func(simulated controlAPI) (disturbance.ClockState, error) {
		return simulated.Clock(ctx, c.Account)
	})
}

type clockAdvanceCommand struct {
	Duration time.Duration `arg:"" help:"How far, such as 90s or 24h: at most ten years at a time."`
	clockFlags
}

// Help returns the text of --help.
func (*clockAdvanceCommand) Help() string {
	return `Time never runs backwards: only enisim clock reset returns to real time. Every server of the database
follows when the command returns. The first change of an account's clock takes a second.

Example:

    enisim clock advance 90s --account 1000000000000001`
}

// Run runs the command.
func (c *clockAdvanceCommand) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, disturbance.ClockChange{Advance: new(disturbance.Duration(c.Duration))})
}

type clockFreezeCommand struct {
	clockFlags
}

// Help returns the text of --help.
func (*clockFreezeCommand) Help() string {
	return `A frozen clock can still be advanced, so a test can step through the transitions.

Example:

    enisim clock freeze --account 1000000000000001`
}

// Run runs the command.
func (c *clockFreezeCommand) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, disturbance.ClockChange{Freeze: new(true)})
}

type clockResumeCommand struct {
	clockFlags
}

// Help returns the text of --help.
func (*clockResumeCommand) Help() string {
	return `The clock goes on from the time that it shows, at its rate.

Example:

    enisim clock resume --account 1000000000000001`
}

// Run runs the command.
func (c *clockResumeCommand) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, disturbance.ClockChange{Freeze: new(false)})
}

type clockRateCommand struct {
	Rate float64 `arg:"" help:"Seconds of the account for each real one: more than 0, at most 10000."`
	clockFlags
}

// Help returns the text of --help.
func (*clockRateCommand) Help() string {
	return `Example:

    enisim clock rate 10 --account 1000000000000001`
}

// Run runs the command.
func (c *clockRateCommand) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, disturbance.ClockChange{Rate: &c.Rate})
}

type clockResetCommand struct {
	clockFlags
}

// Help returns the text of --help.
func (*clockResetCommand) Help() string {
	return `This is the only step that may go backwards. What began in the account's future is due when real time
gets there.

Example:

    enisim clock reset --account 1000000000000001`
}

// Run runs the command.
func (c *clockResetCommand) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, disturbance.ClockChange{Reset: new(true)})
}
