package history

import "time"

// version of the format, the value of the first line's enisim_history.
const version = 1

// The actions that a history may hold, as the API spells them. A describe asks for one interface by its id.
const (
	Attach   = "AttachNetworkInterface"
	Detach   = "DetachNetworkInterface"
	Describe = "DescribeNetworkInterfaces"
)

// Outcome is how an operation ended, as the client saw it.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"      // done
	Fail    Outcome = "fail"    // refused with a 4xx: not done, and never will be
	Unknown Outcome = "unknown" // a timeout, a reset, a 5xx or no completion at all: may have been done, or be done later
)

// Header is the first line of a history.
type Header struct {
	StartedAt time.Time // when the clock of its events stood at 0
	Note      string    // for people
	Seed      uint64    // of the load's plan; 0 where there is none
}

// Instance is an instance as it stood at the start.
type Instance struct {
	Account string // "" in a history of one account
	ID      string
	Limit   int // how many interfaces it may hold, the primary one included
	Held    int // how many it holds that no operation of the history moves, the primary one included
}

// Interface is a network interface as it stood at the start.
type Interface struct {
	Account  string // "" in a history of one account
	ID       string
	Instance string // the id of the instance that it is on; "" if it is free
}

// Operation is a call and its outcome. Times count from the start of the history.
type Operation struct {
	ID        int
	Line      int // where its invoke stands in the file, from 1
	Client    int
	Action    string
	Instance  *Instance // that the call names; nil for a describe
	Interface *Interface

	Outcome Outcome
	Invoked time.Duration // before the request was sent
	Ended   time.Duration // after the answer was read, or the client gave up; 0 if it has no completion

	Status string // a describe that is OK: the interface's status; "" if it was not listed
	On     string // a describe that is OK: the id of the instance that the interface is on; "" if on none
	Code   string // a Fail: the API's error code
	Error  string // an Unknown: what the client knows, for people
}

// History is a whole file.
type History struct {
	Header
	Instances  []*Instance
	Interfaces []*Interface
	Operations []Operation // in the order of their invokes in the file
}
