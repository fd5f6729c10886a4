package scenario

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"enisim/store"
	"enisim/store/world"
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
	return diffWorlds(there, sc.world), nil
}

// snapshot is one of the two compared worlds, with the indexes that formatting its rows needs.
type snapshot struct {
	*world.World
	belongings map[store.ResourceID]*belongings
	groupVPCs  map[store.ResourceID]string
}

func newSnapshot(w *world.World) *snapshot {
	snap := &snapshot{World: w, belongings: belongingsOf(w), groupVPCs: map[store.ResourceID]string{}}
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
		func() { compareRows(d, typeRows) }, func() { compareRows(d, vpcRows) }, func() { compareRows(d, vswitchRows) },
		func() { compareRows(d, groupRows) }, func() { compareRows(d, ruleRows) },
		func() { compareRows(d, instanceRows) }, func() { compareRows(d, interfaceRows) },
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

// rowKind describes a table: how its rows are identified and formatted.
type rowKind[T any] struct {
	what     string
	rows     func(*world.World) []T
	id       func(*T) store.ResourceID
	location func(*snapshot, *T) string // a row in another place is another one; nil: there are no places
	fields   func(*snapshot, *T) []field
}

// compareRows finds the differences in one table.
func compareRows[T any](d *diffBuilder, kind rowKind[T]) {
	there, wanted := kind.rows(d.existing.World), kind.rows(d.wanted.World)
	index := make(map[store.ResourceID]*T, len(there))
	for i := range there {
		index[kind.id(&there[i])] = &there[i]
	}
	for i := range wanted {
		row := &wanted[i]
		id := kind.id(row)
		before := index[id]
		delete(index, id)
		switch {
		case before == nil:
			d.found = append(d.found, d.difference("+", kind.what, id, nil))
		case kind.location != nil && kind.location(d.existing, before) != kind.location(d.wanted, row):
			d.removed = append(d.removed, d.difference("-", kind.what, id, nil))
			d.found = append(d.found, d.difference("+", kind.what, id, nil))
		default:
			if changes := changedFields(kind.fields(d.existing, before), kind.fields(d.wanted, row)); len(changes) > 0 {
				d.found = append(d.found, d.difference("~", kind.what, id, changes))
			}
		}
	}
	for i := range there {
		if id := kind.id(&there[i]); index[id] != nil {
			d.removed = append(d.removed, d.difference("-", kind.what, id, nil))
		}
	}
}

func (d *diffBuilder) difference(mark, what string, id store.ResourceID, changes []string) Difference {
	out := Difference{Mark: mark, What: what, ID: id.ID, Changes: changes}
	if d.several && what != accountRows.what {
		out.Account = id.AccountID
	}
	return out
}

// changedFields compares the fields of a row, key by key.
func changedFields(before, after []field) (changes []string) {
	for i, w := range after {
		was := fieldValue(before, w.key, i)
		if equalValues(was, w.value) {
			continue
		}
		old, now := formatValue(was), formatValue(w.value)
		switch {
		case (w.key == "settles_in" || w.key == "runs_in") && sameTransition(before, after):
		case w.key == "secret" || w.key == "security_token":
			changes = append(changes, w.key+" becomes another one")
		default:
			changes = append(changes, fmt.Sprintf("%s %s -> %s", w.key, old, now))
		}
	}
	for i, w := range before {
		if w.value != nil && !hasKey(after, w.key, i) {
			changes = append(changes, fmt.Sprintf("%s %s -> none", w.key, formatValue(w.value)))
		}
	}
	return changes
}

// fieldValue returns the value of a key, or nil if no field has it. The fields of two rows have
// different keys only if one is a classic instance, so the key is nearly always at the expected
// index.
func fieldValue(words []field, key string, expected int) any {
	if i := indexOf(words, key, expected); i >= 0 {
		return words[i].value
	}
	return nil
}

func hasKey(words []field, key string, expected int) bool { return indexOf(words, key, expected) >= 0 }

func indexOf(words []field, key string, expected int) int {
	if expected < len(words) && words[expected].key == key {
		return expected
	}
	return slices.IndexFunc(words, func(w field) bool { return w.key == key })
}

// equalValues compares two values by their form in a file.
func equalValues(a, b any) bool {
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return ok && a == b
	case int:
		b, ok := b.(int)
		return ok && a == b
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	case []string:
		b, ok := b.([]string)
		return ok && slices.Equal(a, b)
	case map[string]string:
		b, ok := b.(map[string]string)
		return ok && maps.Equal(a, b)
	case nil:
		return b == nil
	}
	return formatValue(a) == formatValue(b)
}

// sameTransition reports whether an existing row is already in the wanted transition. It then keeps
// its due time.
func sameTransition(before, after []field) bool {
	var way [2]map[string]string
	for k, words := range [][]field{before, after} {
		way[k] = map[string]string{}
		for _, w := range words {
			switch w.key {
			case "settles_in":
				if w.value == nil {
					return false
				}
			case "status", "settles_to":
				way[k][w.key] = formatValue(w.value)
			}
		}
	}
	return way[0]["status"] == way[1]["status"] && way[0]["settles_to"] == way[1]["settles_to"]
}

// formatValue returns a value in its form in a file.
func formatValue(value any) string {
	if value == nil {
		return "none"
	}
	var out bytes.Buffer
	appendValue(&out, value)
	return out.String()
}
