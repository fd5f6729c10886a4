package load

import (
	"time"

	"enisim/cmd/enisim/history"
	"enisim/httpapi/signature"
)

// Operation is one request of a plan.
type Operation struct {
	Action     string                // of the API, such as AttachNetworkInterface
	Instance   string                // InstanceId; "" leaves it out
	Interface  string                // NetworkInterfaceId, or the only one where the action takes a list; "" leaves it out
	Parameters []signature.Parameter // further ones
}

// Result is how an operation ended.
type Result struct {
	Operation
	Outcome history.Outcome // "" before the first operation
	Code    string          // the API's error code; of an Unknown without an answer, what came instead of one: Timeout, ConnectionLost, NotConnected
	Latency time.Duration   // from the moment when it was due, or was sent, to the answer
	Status  string          // of a describe of one interface, where a history is written: the interface's status; "" if it was not listed
	On      string          // the same: the instance that the interface is on; "" if on none
}

// Next gives a client's next operation, or false if there is none. It gets how the client's last one ended.
type Next func(last Result) (Operation, bool)

// Plan gives each client, from 0, what it does. A client calls its Next from one goroutine; clients run at the same time.
type Plan func(client int) Next

// What stands for a code where no answer came.
const (
	Timeout        = "Timeout"
	ConnectionLost = "ConnectionLost"
	NotConnected   = "NotConnected" // the server took no connection, so the request was never sent
)
