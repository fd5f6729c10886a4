package scenario

import (
	"context"
	"fmt"
	"strings"
	"time"

	"enisim.alt/store"
	"enisim.alt/store/world"
)

// Difference is one resource that applying a scenario would add, change or remove.
type Difference struct {
	Mark    string // +, ~ or -
	What    string // network_interface, as the format calls it
	ID      string
	Account string   // "" where the file has one account only
	Changes []string // of ~: "status Running -> Stopped"
}

// String returns the difference as one line.
func (d Difference) String() string {
	line := d.Mark + " " + d.What + " " + d.ID
	if d.Account != "" {
		line += " of account " + d.Account
	}
	if len(d.Changes) > 0 {
		line += ": " + strings.Join(d.Changes, ", ")
	}
	return line
}

// Diff returns what applying a scenario at now would change: first additions and changes in the
// order of the file, then removals. It writes nothing and blocks no requests. It refuses the
// scenarios that Apply would refuse.
func Diff(ctx context.Context, st *store.Store, sc *Scenario, now time.Time) ([]Difference, error) {
	ids := make([]string, len(sc.world.Accounts))
	for i := range sc.world.Accounts {
		ids[i] = sc.world.Accounts[i].ID
	}
	there, err := world.Read(ctx, st, ids, now)
	if err != nil {
		return nil, err
	}
	if err := world.Check(ctx, st, sc.world); err != nil {
		return nil, err
	}
	// A clock that Apply would leave as it is counts as the wanted one.
	for id, wanted := range sc.world.Clocks {
		if existing, found := there.Clocks[id]; found && wanted.Matches(existing) {
			there.Clocks[id] = wanted
		}
	}
	return diffWorlds(there, sc.world), nil
}

// snapshot is one of the two compared worlds, with the indexes that formatting its rows needs.
type snapshot struct {
	*world.World
	belongings map[store.ResourceID]*belongings
	groupVPCs  map[store.ResourceID]string
	eipPlaces  map[store.ResourceID]eipPlace
	tableUsers map[store.ResourceID][]string
}

func newSnapshot(w *world.World) *snapshot {
	snap := &snapshot{World: w, belongings: belongingsOf(w), groupVPCs: map[store.ResourceID]string{},
		tableUsers: tableUsersOf(w)}
	snap.eipPlaces = eipPlacesOf(w, snap.belongings)
	for i := range w.SecurityGroups {
		g := &w.SecurityGroups[i]
		snap.groupVPCs[store.ResourceID{AccountID: g.AccountID, ID: g.ID}] = g.RegionID + " " + g.VPCID
	}
	return snap
}

// diffBuilder collects the differences between the existing and the wanted world.
type diffBuilder struct {
	existing, wanted *snapshot
	several          bool // accounts
	found, removed   []Difference
}

func diffWorlds(there, wanted *world.World) []Difference {
	d := &diffBuilder{existing: newSnapshot(there), wanted: newSnapshot(wanted), several: len(wanted.Accounts) > 1}
	d.regions()
	for _, compare := range []func(){
		func() { compareRows(d, accountRows) }, func() { compareRows(d, userRows) }, func() { compareRows(d, keyRows) },
		func() { compareRows(d, faultRows) }, func() { compareRows(d, lifecycleRows) },
		func() { compareRows(d, stockRows) }, func() { compareRows(d, throttleRows) },
		func() { compareRows(d, typeRows) }, func() { compareRows(d, vpcRows) }, func() { compareRows(d, vswitchRows) },
		func() { compareRows(d, groupRows) }, func() { compareRows(d, ruleRows) },
		func() { compareRows(d, instanceRows) }, func() { compareRows(d, diskRows) },
		func() { compareRows(d, interfaceRows) },
		func() { compareRows(d, eipRows) }, func() { compareRows(d, routeTableRows) },
		func() { compareRows(d, routeEntryRows) }, func() { compareRows(d, keyPairRows) },
	} {
		compare()
	}
	return append(d.found, d.removed...)
}

// regions adds the regions and zones that would be added. None is ever removed.
func (d *diffBuilder) regions() {
	known := map[string]bool{}
	for _, r := range d.existing.Regions {
		known["region "+r.ID] = true
	}
	for _, z := range d.existing.Zones {
		known["zone "+z.ID] = true
	}
	for _, r := range d.wanted.Regions {
		if !known["region "+r.ID] {
			d.found = append(d.found, Difference{Mark: "+", What: "region", ID: r.ID})
		}
	}
	for _, z := range d.wanted.Zones {
		if !known["zone "+z.ID] {
			d.found = append(d.found, Difference{Mark: "+", What: "zone", ID: z.ID})
		}
	}
}

// rowKind describes a table: how its rows are identified and compared.
type rowKind[T, E any] struct {
	mapping  *mappingOf[E]
	rows     func(*world.World) []T
	id       func(*T) store.ResourceID
	location func(*snapshot, *T) string    // a row in another place is another one; nil: there are no places
	entry    func(*snapshot, *T) E         // nil: the location is all that a row has
	further  func(*T) (name, value string) // that the entry does not have; nil: there is none
}

// compareRows finds the differences in one table.
func compareRows[T, E any](d *diffBuilder, kind rowKind[T, E]) {
	there, wanted := kind.rows(d.existing.World), kind.rows(d.wanted.World)
	index := make(map[store.ResourceID]*T, len(there))
	for i := range there {
		index[kind.id(&there[i])] = &there[i]
	}
	what := kind.mapping.name
	var c comparison[E] // one for all rows, because entries are large
	for i := range wanted {
		row := &wanted[i]
		id := kind.id(row)
		before := index[id]
		delete(index, id)
		switch {
		case before == nil:
			d.found = append(d.found, d.difference("+", what, id, nil))
		case kind.location != nil && kind.location(d.existing, before) != kind.location(d.wanted, row):
			d.removed = append(d.removed, d.difference("-", what, id, nil))
			d.found = append(d.found, d.difference("+", what, id, nil))
		case kind.entry != nil:
			c.before, c.after = kind.entry(d.existing, before), kind.entry(d.wanted, row)
			changes := changedKeys(&kind.mapping.mapping, &c.before, &c.after)
			if kind.further != nil {
				name, was := kind.further(before)
				if _, now := kind.further(row); now != was {
					changes = append(changes, formatChange(name, was, now))
				}
			}
			if len(changes) > 0 {
				d.found = append(d.found, d.difference("~", what, id, changes))
			}
		}
	}
	for i := range there {
		if id := kind.id(&there[i]); index[id] != nil {
			d.removed = append(d.removed, d.difference("-", what, id, nil))
		}
	}
}

// comparison is two entries of the same resource.
type comparison[E any] struct{ before, after E }

func (d *diffBuilder) difference(mark, what string, id store.ResourceID, changes []string) Difference {
	out := Difference{Mark: mark, What: what, ID: id.ID, Changes: changes}
	if d.several && what != accountMapping.name {
		out.Account = id.AccountID
	}
	return out
}

func formatChange(name, was, now string) string { return fmt.Sprintf("%s %s -> %s", name, was, now) }

// changedKeys compares two entries of a resource, key by key. The resources in them are compared
// with their own tables, and are not in the entries.
func changedKeys(m *mapping, before, after any) (changes []string) {
	for _, k := range m.written {
		was, now := k.field(before), k.field(after)
		switch {
		case k.equal(was, now):
		case k.flat:
			changes = append(changes, changedKeys(k.of, was, now)...)
		case k.secret:
			changes = append(changes, k.name+" becomes another one")
		case k.kind != kindDuration || !m.sameTransition(before, after):
			changes = append(changes, formatChange(k.name, k.format(was), k.format(now)))
		}
	}
	return changes
}

// sameTransition reports whether an existing resource is already in the wanted transition. It then
// keeps its due time.
func (m *mapping) sameTransition(before, after any) bool {
	for i := range m.keys {
		k := &m.keys[i]
		was, now := k.field(before), k.field(after)
		if k.endless && isNever(*was.(*located[time.Duration])) != isNever(*now.(*located[time.Duration])) {
			return false
		}
		switch k.name {
		case "settles_in":
			if !k.isPresent(was) || !k.isPresent(now) {
				return false
			}
		case "status", "settles_to", "start_fails":
			if !k.equal(was, now) {
				return false
			}
		}
	}
	return true
}
