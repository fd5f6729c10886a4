package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/scenario"
	"enisim.alt/store/world"
)

// A server holds the worlds of scenarios in memory while it reads, applies, compares or exports
// them for the control API. All of them together may use the memory of one world of the largest
// size. Most worlds are small, and several of them fit at the same time.
const (
	worldRoom      = 10 // in small worlds; a large world needs all of it
	smallWorldRoom = 1
	worldTimeout   = 30 * time.Second // how long a request waits for room
)

// smallWorld has the limits of a scenario that fits beside others.
var smallWorld = scenario.Limits{Bytes: 64 << 10, Tokens: 8_000, Resources: 2_000, Parts: 20_000}

// maxWorldText returns how many bytes of attributes and tags an account may have that is read
// within limits. User data is most of it.
func maxWorldText(limits scenario.Limits) int { return 16 * limits.Bytes }

// withWorldRoom waits for room for a world, and calls use with its limits. It first tries the
// limits of a small world. If use returns an error that wraps scenario.ErrBeyondLimits, it waits
// for room for a large world and calls use again with those limits.
func (o *Operator) withWorldRoom(ctx context.Context, use func(scenario.Limits) error) error {
	waiting, cancel := context.WithTimeout(ctx, worldTimeout) // for both together
	defer cancel()
	err := o.inWorldRoom(ctx, waiting, smallWorldRoom, smallWorld, use)
	if errors.Is(err, scenario.ErrBeyondLimits) {
		err = o.inWorldRoom(ctx, waiting, worldRoom, scenario.RequestLimits, use)
	}
	return err
}

// inWorldRoom calls use when there is room. It waits until waiting ends, which ends with ctx.
func (o *Operator) inWorldRoom(
	ctx, waiting context.Context, room int64, limits scenario.Limits, use func(scenario.Limits) error,
) error {
	switch err := o.worlds.Acquire(waiting, room); {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return service.ServiceUnavailable
	}
	defer o.worlds.Release(room)
	return use(limits)
}

// withScenario parses a scenario file and calls use with it. For a file that came over HTTP it
// first waits for room. If the file is invalid or too large, it returns an Error.
func (o *Operator) withScenario(
	ctx context.Context, file ScenarioFile, parse func(scenario.Limits) (*scenario.Scenario, error),
	use func(*scenario.Scenario, scenario.Limits) error,
) error {
	parseAndUse := func(limits scenario.Limits) error {
		sc, err := parse(limits)
		if err != nil {
			return err
		}
		return use(sc, limits)
	}
	if !file.OverHTTP {
		return explainScenarioError(parseAndUse(scenario.FileLimits))
	}
	return explainScenarioError(o.withWorldRoom(ctx, parseAndUse))
}

// checkWorldSize returns an error that wraps scenario.ErrBeyondLimits if the accounts have more
// than a server may read into memory. command is the command that works without a server.
func (o *Operator) checkWorldSize(
	ctx context.Context, accountIDs []string, limits scenario.Limits, command string,
) error {
	size, err := world.Measure(ctx, o.store, accountIDs)
	switch maxText := maxWorldText(limits); {
	case err != nil:
		return err
	case size.Resources > limits.Resources:
		return worldTooLarge{size.Resources, limits.Resources, "instances and network interfaces", command}
	case size.Parts > limits.Parts:
		return worldTooLarge{size.Parts, limits.Parts, "addresses, memberships and rules", command}
	case size.Text > maxText:
		return worldTooLarge{size.Text, maxText, "bytes of user data, tags and other attributes", command}
	}
	return nil
}

// worldTooLarge is returned for an account that is too large for the control API.
type worldTooLarge struct {
	has, limit int
	what       string
	command    string // the command that works without a server
}

func (e worldTooLarge) Error() string {
	return fmt.Sprintf("the account has %d %s, and a server reads %d at most for a request; "+
		"run %s with --database-url or --data-dir, where the database is", e.has, e.what, e.limit, e.command)
}

func (e worldTooLarge) Is(target error) bool { return target == scenario.ErrBeyondLimits }

// explainScenarioError returns an error for the operator if a scenario is invalid or too large.
// Other errors stay as they are.
func explainScenarioError(err error) error {
	if problems, ok := errors.AsType[scenario.Problems](err); ok {
		return invalidRequestf("%s", problems)
	}
	if tooLarge, ok := errors.AsType[worldTooLarge](err); ok {
		return invalidRequestf("%s", tooLarge)
	}
	return err
}
