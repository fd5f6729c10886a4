package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Event is a change that a transaction makes, or a refused request, as it is recorded. Its JSON is what
// a batch of events has of it.
type Event struct {
	// Number is greater than that of each event on which this one depends. The database sets it.
	Number     int64           `json:"-"`
	RecordedAt time.Time       `json:"-"`           // real time; that of the first event of its transaction
	At         time.Time       `json:"at,omitzero"` // the time of the account; not in the JSON: that of the batch
	AccountID  string          `json:"account_id"`
	RequestID  string          `json:"request_id"`
	Caller     string          `json:"caller"`              // the access key, or the operation of an operator
	UserName   string          `json:"user_name,omitempty"` // the RAM user or the role; "": the account itself
	Action     string          `json:"action"`
	Outcome    string          `json:"outcome"`         // OutcomeOK, or the code of a refusal
	Fault      string          `json:"fault,omitempty"` // the fault that struck; "": none
	Resources  []string        `json:"resources,omitempty"`
	Changes    []Change        `json:"changes,omitempty"`
	Why        json.RawMessage `json:"why,omitempty"` // of a refusal; nil: of a change
}

// AddResource adds the id of a resource that the event concerns, unless it is there already or "".
func (e *Event) AddResource(id string) {
	if id != "" && !slices.Contains(e.Resources, id) {
		e.Resources = append(e.Resources, id)
	}
}

type requestIDKey struct{}

// WithRequestID returns a context in which an operator's command runs that came in a request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestIDOf returns the id of the request in which an operator's command came, or a new one if it came
// in none.
func RequestIDOf(ctx context.Context) string {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok {
		return id
	}
	return strings.ToUpper(uuid.NewString())
}

// OutcomeOK is the outcome of a request that has changed something.
const OutcomeOK = "OK"

// Change is a field of a resource that has another value now. A value of "" stands for none.
type Change struct {
	Resource string `json:"resource" description:"The id of the changed resource."`
	Field    string `json:"field" description:"The changed field, as the API names it."`
	From     string `json:"from" description:"The value before. Empty: none."`
	To       string `json:"to" description:"The value afterwards. Empty: none."`
	// Then and DueAt are set for a status that does not last.
	Then  string     `json:"then,omitempty" description:"The value at due_at, if nothing else happens before."`
	DueAt *time.Time `json:"due_at,omitempty" description:"When the value becomes then, in the time of the account."`
}

// AppendEvents queues the insertion of events. It must come after the last lock of the transaction,
// because the order of the numbers is the order of the changes. The time of an event without one is that
// of its account.
func (tx *Tx) AppendEvents(events []Event) error {
	return batchEvents(events, func(args ...any) { tx.write(1, appendEventsSQL, args...) })
}

// AppendEventsIn is AppendEvents for a large transaction. The events are inserted at once.
func AppendEventsIn(ctx context.Context, tx pgx.Tx, events []Event) error {
	batch := &pgx.Batch{}
	if err := batchEvents(events, func(args ...any) { batch.Queue(appendEventsSQL, args...) }); err != nil {
		return err
	}
	return tx.SendBatch(ctx, batch).Close()
}

// OperatorCaller is the caller of the events of operators' commands.
const OperatorCaller = "operator"

// NewOperation returns the event of an operator's command at a real time.
func NewOperation(ctx context.Context, accountID, action string, realTime time.Time, changes []Change) Event {
	event := Event{
		RecordedAt: realTime, AccountID: accountID, RequestID: RequestIDOf(ctx), Caller: OperatorCaller, Action: action,
		Outcome: OutcomeOK, Changes: changes,
	}
	for _, c := range changes {
		event.AddResource(c.Resource)
	}
	return event
}

// EventQuery selects events. Fields of "" select all.
type EventQuery struct {
	AccountID  string
	ResourceID string
	RequestID  string
	Refusals   bool // only refused requests

	After   int64 // only events with a greater number
	Through int64 // only events up to this number
	// NewestFirst reverses the order.
	NewestFirst bool
	Limit       int
}
