package history

import "time"

// version is the version of the format: the value of enisim_history in the first line.
const version = 1

// The actions that a history may hold, as the API spells them. A describe asks for one interface by
// its id, or for all interfaces of a VSwitch.
const (
	Attach   = "AttachNetworkInterface"
	Detach   = "DetachNetworkInterface"
	Describe = "DescribeNetworkInterfaces"
	Create   = "CreateNetworkInterface"
	Delete   = "DeleteNetworkInterface"
	Assign   = "AssignPrivateIpAddresses"
	Unassign = "UnassignPrivateIpAddresses"
)

// Outcome is the result of an operation, as the client saw it.
type Outcome string

// The outcomes of an operation.
const (
	OK   Outcome = "ok"   // done
	Fail Outcome = "fail" // refused with a 4xx: it had no effect and never will
	// A timeout, a reset, a 5xx or no completion at all. The operation may have had an effect, or
	// may still have one later.
	Unknown Outcome = "unknown"
)

// Header is the first line of a history.
type Header struct {
	StartedAt time.Time // the time at which the clock of its events was 0
	Note      string    // a remark for the reader of the file
	Seed      uint64    // the seed of the load's plan; 0 if it has none
}

// Instance is an instance and its state at the start of a history.
type Instance struct {
	Account string // "" in a history of one account
	ID      string
	Limit   int // the maximum number of interfaces on it, with the primary one
	Held    int // the number of interfaces on it that no operation of the history moves, with the primary one
}

// Interface is a network interface and its state at the start of a history.
type Interface struct {
	Account  string // "" in a history of one account
	ID       string
	Instance string // the id of the instance that it is on; "" if it is free
}

// Operation is a call and its outcome. Times count from the start of the history.
type Operation struct {
	ID        int
	Line      int // the line of its invoke in the file, from 1
	Client    int
	Action    string
	Instance  *Instance // the instance that the call names; nil for a describe
	Interface *Interface

	Outcome Outcome
	Invoked time.Duration // before the request was sent
	Ended   time.Duration // after the answer was read, or the client gave up; 0 without a completion

	Status string // of a describe that is OK: the interface's status; "" if it was not listed
	On     string // of a describe that is OK: the id of the interface's instance; "" if it has none
	Code   string // of a Fail: the API's error code
	Error  string // of an Unknown: what the client knows about the cause
}

// Quota is the account's quota of secondary interfaces.
type Quota struct {
	Limit int
	Held  int // the number of interfaces at the start, none of which a change of the history deletes
}

// VSwitch is a VSwitch and its state at the start of a history.
type VSwitch struct {
	ID       string
	Capacity int // the number of IPv4 addresses that it can assign
	Held     int // the number of them that are assigned at the start; no change of the history releases them
}

// Change is a call that creates or deletes an interface or changes its addresses, or one that lists
// the interfaces of a VSwitch, and its outcome. All changes of a history are of one account. The
// interfaces that they name are created by changes of the same history.
type Change struct {
	ID        int
	Line      int // the line of its invoke in the file, from 1
	Client    int
	Action    string
	VSwitch   string   // of a creation and a list
	Token     string   // the ClientToken; a creation also uses it as the name of the interface
	Interface string   // the id that the call names, or that the answer to a creation names
	Named     []string // the addresses that the call names; a creation names at most its primary one
	Count     int      // the number of further addresses that an assignment asks for

	Outcome   Outcome
	Invoked   time.Duration
	Ended     time.Duration
	Addresses []string // of a creation or an assignment that is OK: the assigned addresses; the primary one first
	Found     []Found  // of a list that is OK
	Code      string   // of a Fail
	Error     string   // of an Unknown
}

// Found is an interface in a list.
type Found struct {
	Interface string   `json:"interface"`
	Token     string   `json:"token"` // its name
	Addresses []string `json:"addresses"`
}

// History is the content of a whole file.
type History struct {
	Header
	Instances  []*Instance
	Interfaces []*Interface
	Operations []Operation // attaches, detaches and describes, in the order of their invokes in the file
	Quota      *Quota      // nil if it is not known
	VSwitches  []VSwitch
	Changes    []Change // in the order of their invokes in the file
}
