package load

import (
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/httpapi/signature"
)

// Operation is one request of a plan.
type Operation struct {
	Action   string // the API's name, such as AttachNetworkInterface
	Instance string // InstanceId; "" leaves it out
	Trunk    string // TrunkNetworkInstanceId: the trunk on Instance whose member it is; "" leaves it out
	// NetworkInterfaceId, or its first element if the action takes a list; "" leaves it out.
	Interface  string
	Parameters []signature.Parameter // further parameters
}

// Result is the result of an operation.
type Result struct {
	Operation
	Outcome history.Outcome // "" before the first operation
	// The API's error code. For an operation without an answer it is Timeout, ConnectionLost or
	// NotConnected.
	Code    string
	Latency time.Duration // from when it was due, or was sent, to the answer
	// The status and the instance of the interface, for a describe of one interface; for a member, its trunk in
	// place of the instance. They are read only if a history is written, and are "" if it was not listed or is
	// free.
	Status string
	On     string
	// The body of the answer, nil if there was none. It is valid until the client's next operation.
	Body []byte
}

// Next returns a client's next operation, or false if there is none. It gets the result of the
// client's last operation.
type Next func(last Result) (Operation, bool)

// Plan returns the Next of each client, whose numbers start at 0. A client calls its Next from one
// goroutine; the clients run concurrently.
type Plan func(client int) Next

// Codes of operations without an answer.
const (
	Timeout        = "Timeout"
	ConnectionLost = "ConnectionLost"
	NotConnected   = "NotConnected" // there was no connection, so the request was never sent
)
