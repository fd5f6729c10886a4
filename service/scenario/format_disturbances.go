package scenario

import (
	"encoding/json"
	"fmt"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/store"
	"enisim.alt/store/world"
)

// disturbances are the rules of an account, by kind.
type disturbances struct {
	faults     []disturbanceEntry[disturbance.Fault]
	lifecycles []disturbanceEntry[disturbance.Lifecycle]
	stock      []disturbanceEntry[disturbance.Stock]
	throttle   disturbanceEntry[disturbance.Throttle]
	clock      disturbanceEntry[disturbance.ClockSetting]
}

var faultMapping = newDisturbanceMapping[disturbance.Fault]("fault", "a fault",
	"A fault: some calls are refused, late, or lose their answers.")

var lifecycleMapping = newDisturbanceMapping[disturbance.Lifecycle]("lifecycle", "a lifecycle",
	"A lifecycle: how long a transition lasts, and whether it fails.")

var stockMapping = newDisturbanceMapping[disturbance.Stock]("stock", "a rule on the stock",
	"A rule on the stock: instance types or zones are sold out.")

var throttleMapping = newDisturbanceMapping[disturbance.Throttle]("throttle", "the throttle",
	"The throttle: how often the account may call.")

var clockMapping = newDisturbanceMapping[disturbance.ClockSetting]("clock", "the clock",
	"The clock: the time of the account when the file is applied, and how it goes on.")

// disturbanceKeys are the keys of an account for its rules.
var disturbanceKeys = []keyOf[disturbances]{
	listKey("faults", faultMapping,
		func(d *disturbances) *[]disturbanceEntry[disturbance.Fault] { return &d.faults },
		"Faults, which are asked in this order.").written(placeLast),
	listKey("lifecycles", lifecycleMapping,
		func(d *disturbances) *[]disturbanceEntry[disturbance.Lifecycle] { return &d.lifecycles },
		"Lifecycles, of which the first that matches decides.").written(placeLast),
	listKey("stock", stockMapping,
		func(d *disturbances) *[]disturbanceEntry[disturbance.Stock] { return &d.stock },
		"What is sold out.").written(placeLast),
	mappingKey("throttle", throttleMapping,
		func(d *disturbances) *disturbanceEntry[disturbance.Throttle] { return &d.throttle },
		"How often the account may call.").without("as often as it likes").written(placeLast),
	mappingKey("clock", clockMapping,
		func(d *disturbances) *disturbanceEntry[disturbance.ClockSetting] { return &d.clock },
		"The account's own time.").without("real time").written(placeLast),
}

// rename gives the rules of an account its new id.
func (d *disturbances) rename(from, to string) {
	for i := range d.faults {
		renameOwner(&d.faults[i].rule.Account, from, to)
	}
	for i := range d.lifecycles {
		renameOwner(&d.lifecycles[i].rule.Account, from, to)
	}
	for i := range d.stock {
		renameOwner(&d.stock[i].rule.Account, from, to)
	}
}

func renameOwner(owner *string, from, to string) {
	if *owner == from {
		*owner = to
	}
}

// disturbances adds the rules of an account to the world.
func (x *expansion) disturbances(d *disturbances, account string) {
	for i := range d.faults {
		e := &d.faults[i]
		x.disturbance(store.KindFault, account, &e.rule.Account, e.at, &e.rule)
	}
	for i := range d.lifecycles {
		e := &d.lifecycles[i]
		x.disturbance(store.KindLifecycle, account, &e.rule.Account, e.at, &e.rule)
	}
	for i := range d.stock {
		e := &d.stock[i]
		x.disturbance(store.KindStock, account, &e.rule.Account, e.at, &e.rule)
	}
	if e := &d.throttle; e.at != (position{}) {
		x.disturbance(store.KindThrottle, account, new(string), e.at, &e.rule)
	}
	x.clock(&d.clock, account)
}

// ruleKind is a kind of rules of an account.
type ruleKind struct{ account, kind string }

// disturbance checks a rule and adds it to the world. owner is the rule's account, which a file may
// leave out.
func (x *expansion) disturbance(kind, account string, owner *string, at position, rule interface{ Check() error }) {
	if *owner != "" && *owner != account {
		x.add(at, "leave account out", "a %s of account %s names account %q", kind, account, *owner)
		return
	}
	*owner = "" // it stands in a column of its own
	if err := rule.Check(); err != nil {
		x.add(at, "", "%v", err)
		return
	}
	if x.rules[ruleKind{account, kind}]++; x.rules[ruleKind{account, kind}] > disturbance.MaxRules {
		x.add(at, "", "account %s has more than %d rules of the kind %s", account, disturbance.MaxRules, kind)
		return
	}
	text, err := json.Marshal(rule)
	if err != nil {
		panic(fmt.Sprintf("scenario: a %s cannot be encoded: %v", kind, err)) // it has plain fields
	}
	x.world.Disturbances = append(x.world.Disturbances, store.Disturbance{AccountID: &account, Kind: kind, Rule: text})
}

// clock checks the clock of an account and adds it to the world, unless it says real time.
func (x *expansion) clock(e *disturbanceEntry[disturbance.ClockSetting], account string) {
	if err := e.rule.Check(); err != nil {
		x.add(e.at, "", "%v", err)
		return
	}
	c := world.Clock{Rate: 1, At: e.rule.At, Frozen: e.rule.Freeze}
	if e.rule.Rate != nil {
		c.Rate = *e.rule.Rate
	}
	if e.rule.Advance != nil {
		c.Ahead = time.Duration(*e.rule.Advance)
	}
	if e.rule.Behind != nil {
		c.Ahead = -time.Duration(*e.rule.Behind)
	}
	if c != (world.Clock{Rate: 1}) {
		x.world.Clocks[account] = c
	}
}

// newClockEntry returns the entry of the clock of an account.
func newClockEntry(w *world.World, account string) (e disturbanceEntry[disturbance.ClockSetting]) {
	c, found := w.Clocks[account]
	if !found {
		return e
	}
	e.rule.Freeze, e.rule.At = c.Frozen, c.At
	if c.Rate != 1 {
		e.rule.Rate = &c.Rate
	}
	switch {
	case c.At != nil:
	case c.Ahead > 0:
		e.rule.Advance = new(disturbance.Duration(c.Ahead))
	case c.Ahead < 0:
		e.rule.Behind = new(disturbance.Duration(-c.Ahead))
	}
	return e
}

// newDisturbances returns the entries of stored rules.
func newDisturbances(rows []store.Disturbance) (d disturbances) {
	for _, row := range rows {
		switch row.Kind {
		case store.KindFault:
			d.faults = append(d.faults, newDisturbanceEntry[disturbance.Fault](row))
		case store.KindLifecycle:
			d.lifecycles = append(d.lifecycles, newDisturbanceEntry[disturbance.Lifecycle](row))
		case store.KindStock:
			d.stock = append(d.stock, newDisturbanceEntry[disturbance.Stock](row))
		case store.KindThrottle:
			d.throttle = newDisturbanceEntry[disturbance.Throttle](row)
		}
	}
	return d
}

// newDisturbanceEntry returns the entry of a stored rule.
func newDisturbanceEntry[R any](row store.Disturbance) (e disturbanceEntry[R]) {
	if err := json.Unmarshal(row.Rule, &e.rule); err != nil {
		panic(fmt.Sprintf("scenario: the stored rule %s: %v", row.ID, err)) // it was written from this type
	}
	return e
}
