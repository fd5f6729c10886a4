package store

import "time"

// Never is the time of a transition that does not end, where a column needs a time: how long a VPC or
// a VSwitch is Pending, and a new instance Starting. Other transient rows that do not end have neither a
// next status nor a time.
var Never = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Ending is how a transition that begins will end. A nil Ending means that it ends at once.
type Ending struct {
	At    time.Time // after the time of the beginning
	Never bool      // it does not end, and At has no meaning
	Fails bool      // it ends in the status before it
}

// statusUntil returns the status fields of a row in transition. next is its status in the end.
func (e *Ending) statusUntil(transient, next string) (status string, nextStatus *string, settlesAt *time.Time) {
	switch {
	case e == nil:
		return next, nil, nil
	case e.Never:
		return transient, nil, nil
	}
	at := e.At
	return transient, &next, &at
}

// fails reports whether the transition fails.
func (e *Ending) fails() bool { return e != nil && e.Fails }

// attaching returns the status fields of an interface that is Attaching.
func (e *Ending) attaching() (status string, nextStatus *string, settlesAt *time.Time) {
	if e.fails() {
		return e.statusUntil(ENIAttaching, ENIAvailable)
	}
	return e.statusUntil(ENIAttaching, ENIInUse)
}
