package scenario

import (
	"context"
	"time"
	"unicode/utf8"

	"enisim.alt/store"
	"enisim.alt/store/world"
)

// Scenario is a file that can be applied.
type Scenario struct {
	name  string
	world *world.World
}

// Parse reads a scenario. The name of its file appears in the messages. If the file cannot be
// applied, the error is Problems, with all of them.
func Parse(name string, data []byte) (*Scenario, error) {
	return ParseWithin(name, data, FileLimits)
}

// ParseWithin is Parse with limits.
func ParseWithin(name string, data []byte, limits Limits) (*Scenario, error) {
	return parse(name, data, limits, func(*document, *report) {})
}

// ParseFor reads a scenario for an account that its author did not know. The file has one account
// with any id, and its content becomes that of the account with accountID.
func ParseFor(accountID, name string, data []byte, limits Limits) (*Scenario, error) {
	return parse(name, data, limits, func(doc *document, problems *report) {
		n := len(doc.accounts)
		if n == 0 {
			problems.add(
				position{1, 1},
				"put the world under one entry of accounts, with whatever id",
				"the file has no account, and one account is to have what it says",
			)
			return
		}
		if n > 1 {
			problems.add(
				doc.accounts[1].at,
				"leave one in the file, or apply all of it under its own ids: enisim scenario apply",
				"the file has %d accounts, and one account is to have what it says",
				n,
			)
		}
		doc.accounts = doc.accounts[:1]
		a := &doc.accounts[0]
		a.rename(a.id.value, accountID)
		a.id.value = accountID
	})
}

func parse(name string, data []byte, limits Limits, change func(*document, *report)) (*Scenario, error) {
	problems := &report{file: name}
	world := parseWorld(problems, data, limits, change)
	if err := problems.err(); err != nil {
		return nil, err
	}
	return &Scenario{name: name, world: world}, nil
}

func parseWorld(problems *report, data []byte, limits Limits, change func(*document, *report)) *world.World {
	if !utf8.Valid(data) {
		problems.add(position{1, 1}, "save it as UTF-8", "the file is not UTF-8 text")
		return nil
	}
	r := &reader{report: problems, limits: limits}
	root := r.parseYAML(data)
	if root == nil {
		return nil
	}
	doc := r.document(root)
	if doc == nil {
		return nil
	}
	change(doc, problems)
	return expand(doc, problems, limits)
}

// Name returns the name that the scenario was parsed under.
func (sc *Scenario) Name() string { return sc.name }

// World returns the state that the scenario describes. Callers must not change it.
func (sc *Scenario) World() *world.World { return sc.world }

// Applied counts what applying a scenario changed. The alias is for callers that do not import the
// store.
type Applied = world.Applied

// Progress is how far applying a scenario is.
type Progress = world.Progress

// Apply makes the accounts of a scenario equal to it, all of them or none, and returns what that
// changed.
func Apply(ctx context.Context, st *store.Store, sc *Scenario, now time.Time) (Applied, error) {
	return world.Apply(ctx, st, sc.world, now)
}

// ApplyWithProgress is Apply with progress: it calls onProgress from one goroutine at a time.
func ApplyWithProgress(
	ctx context.Context, st *store.Store, sc *Scenario, now time.Time, onProgress func(Progress),
) (Applied, error) {
	return world.ApplyWithProgress(ctx, st, sc.world, now, onProgress)
}

// Seeded lists the accounts that Seed created, and those that it left as they are.
type Seeded = world.Seeded

// Seed creates the accounts of a scenario that do not exist yet, all of them or none. It leaves the
// others as they are.
func Seed(
	ctx context.Context, st *store.Store, sc *Scenario, now time.Time, onProgress func(Progress),
) (Seeded, error) {
	return world.Seed(ctx, st, sc.world, now, onProgress)
}
