package scenario

import (
	"context"
	"time"
	"unicode/utf8"

	"enisim/store"
)

// Scenario is a file that can be applied.
type Scenario struct {
	name  string
	world *store.World
}

// Parse reads a scenario. The name of its file appears in the messages. When the file cannot be
// applied, the error is Problems: all of them.
func Parse(name string, data []byte) (*Scenario, error) {
	return ParseWithin(name, data, FileLimits)
}

// ParseWithin returns Parse within limits.
func ParseWithin(name string, data []byte, limits Limits) (*Scenario, error) {
	return parse(name, data, limits, func(*document, *report) {})
}

// ParseFor reads a scenario for an account that its writer did not know: the file has one account,
// with whatever id, and what it has becomes that of the account with this id.
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
		doc.accounts[0].id.value = accountID
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

func parseWorld(problems *report, data []byte, limits Limits, change func(*document, *report)) *store.World {
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
func (sc *Scenario) World() *store.World { return sc.world }

// Applied tells what applying a scenario changed, for callers that know nothing of the store.
type Applied = store.Applied

// Progress tells how far applying a scenario is.
type Progress = store.Progress

// Apply makes the accounts of a scenario equal to it, all or nothing, and tells what that changed.
func Apply(ctx context.Context, st *store.Store, sc *Scenario, now time.Time) (Applied, error) {
	return st.ApplyWorld(ctx, sc.world, now)
}

// ApplyTelling returns Apply, and calls tell as it goes on, from one goroutine at a time.
func ApplyTelling(
	ctx context.Context, st *store.Store, sc *Scenario, now time.Time, onProgress func(Progress),
) (Applied, error) {
	return st.ApplyWorldTelling(ctx, sc.world, now, onProgress)
}

// Seeded reports which accounts Seed made, and which it left alone.
type Seeded = store.Seeded

// Seed makes those accounts of a scenario that do not exist yet, all or nothing, and leaves the
// others as they are.
func Seed(
	ctx context.Context, st *store.Store, sc *Scenario, now time.Time, onProgress func(Progress),
) (Seeded, error) {
	return st.SeedWorld(ctx, sc.world, now, onProgress)
}
