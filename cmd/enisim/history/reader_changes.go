package history

import (
	"errors"
	"fmt"
	"time"
)

// addQuota adds the quota of the account.
func (r *reader) addQuota(l line) error {
	switch {
	case r.history.Quota != nil:
		return errors.New("there is a quota already; a history has one")
	case r.begun():
		return errors.New("the quota comes after the first invoke; move the line up")
	case l.Limit == nil:
		return errors.New("a quota needs a limit: how many secondary interfaces the account may have")
	case l.Held < 0 || *l.Limit < l.Held:
		return fmt.Errorf("the quota has held %d of limit %d; held is 0 to limit: the interfaces that no operation "+
			"deletes", l.Held, *l.Limit)
	}
	r.history.Quota = &Quota{*l.Limit, l.Held}
	return nil
}

// addVSwitch adds a VSwitch of the initial state.
func (r *reader) addVSwitch(l line) error {
	switch {
	case l.ID == "":
		return errors.New("a vswitch needs an id")
	case r.vswitches[l.ID]:
		return fmt.Errorf("vswitch %s is there already; a vswitch has one line", l.ID)
	case r.begun():
		return fmt.Errorf("vswitch %s comes after the first invoke; move the line up", l.ID)
	case l.Capacity == nil:
		return fmt.Errorf("vswitch %s needs a capacity: how many IPv4 addresses it can assign", l.ID)
	case l.Held < 0 || *l.Capacity < l.Held:
		return fmt.Errorf("vswitch %s has held %d of capacity %d; held is 0 to capacity: the addresses that no "+
			"operation releases", l.ID, l.Held, *l.Capacity)
	}
	r.vswitches[l.ID] = true
	r.history.VSwitches = append(r.history.VSwitches, VSwitch{l.ID, *l.Capacity, l.Held})
	return nil
}

// begun reports whether there was an invoke.
func (r *reader) begun() bool { return len(r.history.Operations)+len(r.history.Changes) > 0 }

// invokedOn returns the line of an operation's invoke, or 0 if there was none.
func (r *reader) invokedOn(op int) int {
	if index, known := r.operations[op]; known {
		return r.history.Operations[index].Line
	}
	if index, known := r.changes[op]; known {
		return r.history.Changes[index].Line
	}
	return 0
}

// isChange reports whether an invoke is one of a Change.
func isChange(l line) bool {
	switch l.Action {
	case Create, Delete, Assign, Unassign:
		return true
	}
	return l.Action == Describe && l.VSwitch != ""
}

// addChange adds a change, whose outcome stays unknown until a completion is read.
func (r *reader) addChange(n int, l line) error {
	inVSwitch := l.Action == Create || l.Action == Describe
	switch {
	case inVSwitch && l.Interface != "":
		return fmt.Errorf("%s with a vswitch names no interface; remove it", l.Action)
	case inVSwitch && l.VSwitch == "":
		return fmt.Errorf("%s needs a vswitch", l.Action)
	case inVSwitch && !r.vswitches[l.VSwitch]:
		return fmt.Errorf(`vswitch %s has no line of its own before this one; tell how it stands at the start: `+
			`{"type":"vswitch","id":%q,"capacity":N,"held":N}`, l.VSwitch, l.VSwitch)
	case !inVSwitch && l.Interface == "":
		return fmt.Errorf("%s needs an interface", l.Action)
	case !inVSwitch && !r.created[l.Interface]:
		return fmt.Errorf("%s of interface %s, which no answer before this line has created; a history follows the "+
			"addresses of interfaces from their creation on", l.Action, l.Interface)
	case l.Action == Unassign && len(l.Addresses) == 0:
		return fmt.Errorf("%s needs addresses", l.Action)
	case l.Action == Assign && len(l.Addresses) == 0 && l.Count < 1:
		return fmt.Errorf("%s needs addresses, or a count", l.Action)
	}
	r.changes[*l.Op] = len(r.history.Changes)
	r.history.Changes = append(r.history.Changes, Change{
		ID: *l.Op, Line: n, Client: l.Client, Action: l.Action, VSwitch: l.VSwitch, Token: l.Token,
		Interface: l.Interface, Named: l.Addresses, Count: l.Count, Outcome: Unknown,
		Invoked: time.Duration(*l.Time),
	})
	return nil
}

// completeChange sets the outcome of a change.
func (r *reader) completeChange(c *Change, l line) error {
	ok := l.Type == string(OK)
	switch {
	case r.completed[c.ID]:
		return fmt.Errorf("op %d has an outcome already; an operation has one", c.ID)
	case time.Duration(*l.Time) < c.Invoked:
		return fmt.Errorf("op %d ends at %d, before its invoke on line %d; all times of a history are of one "+
			"monotonic clock", c.ID, *l.Time, c.Line)
	case l.Type == string(Fail) && l.Code == "":
		return fmt.Errorf("op %d fails without a code; give the API's error code, or write unknown if there is none",
			c.ID)
	case ok && c.Action == Create && (l.Interface == "" || len(l.Addresses) == 0):
		return fmt.Errorf("op %d is a creation; give the interface of its answer, and its addresses", c.ID)
	case ok && c.Action == Assign && len(l.Addresses) == 0:
		return fmt.Errorf("op %d is an assignment; give the addresses of its answer", c.ID)
	case ok && c.Action == Describe && l.Found == nil:
		return fmt.Errorf("op %d is a list; give found, which is [] if there was no interface", c.ID)
	}
	r.completed[c.ID] = true
	c.Outcome, c.Ended, c.Code, c.Error = Outcome(l.Type), time.Duration(*l.Time), l.Code, l.Error
	if !ok {
		return nil
	}
	c.Addresses = l.Addresses
	switch c.Action {
	case Create:
		c.Interface = l.Interface
		r.created[l.Interface] = true
	case Describe:
		c.Found = *l.Found
	}
	return nil
}
