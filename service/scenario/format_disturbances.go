package scenario

import (
	"encoding/json"
	"fmt"

	"enisim/service/disturbance"
	"enisim/store"
)

// disturbances are the rules of an account, by kind.
type disturbances struct {
	faults     []disturbanceEntry[disturbance.Fault]
	lifecycles []disturbanceEntry[disturbance.Lifecycle]
	stock      []disturbanceEntry[disturbance.Stock]
	throttle   disturbanceEntry[disturbance.Throttle]
}

var faultMapping = newDisturbanceMapping[disturbance.Fault]("fault", "a fault",
	"A fault: some calls are refused, late, or lose their answers.")

var lifecycleMapping = newDisturbanceMapping[disturbance.Lifecycle]("lifecycle", "a lifecycle",
	"A lifecycle: how long a transition lasts, and whether it fails.")

var stockMapping = newDisturbanceMapping[disturbance.Stock]("stock", "a rule on the stock",
	"A rule on the stock: instance types or zones are sold out.")

var throttleMapping = newDisturbanceMapping[disturbance.Throttle]("throttle", "the throttle",
	"The throttle: how often the account may call.")

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
}

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
	text, err := json.Marshal(rule)
	if err != nil {
		panic(fmt.Sprintf("scenario: a %s cannot be encoded: %v", kind, err)) // it has plain fields
	}
	x.world.Disturbances = append(x.world.Disturbances, store.Disturbance{AccountID: &account, Kind: kind, Rule: text})
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
