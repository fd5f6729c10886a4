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

// Event is a change that a transaction makes, or a refused request, as it is recorded.
type Event struct {
	Number     int64     // greater than that of each event on which it depends; set by the database
	RecordedAt time.Time // real time
	At         time.Time // the time of the account
	AccountID  string
	RequestID  string
	Caller     string // the access key, or the operation of an operator
	UserName   string // the RAM user or the role; "": the account itself
	Action     string
	Outcome    string // OutcomeOK, or the code of a refusal
	Fault      string // the fault that struck; "": none
	Resources  []string
	Changes    []Change
	Why        json.RawMessage // of a refusal; nil: of a change
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
// because the order of the numbers is the order of the changes. A number is taken only when the
// transaction has its id, by which EventHorizon sees it. The time of an event without one is that of its
// account.
func (tx *Tx) AppendEvents(events []Event) error {
	if len(events) == 0 {
		return nil
	}
	args, err := eventArguments(events)
	if err == nil {
		tx.write(int64(furtherResources(events)), appendEventsSQL, args...)
	}
	return err
}

// AppendEventsIn is AppendEvents for a large transaction. The events are inserted at once.
func AppendEventsIn(ctx context.Context, tx pgx.Tx, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	args, err := eventArguments(events)
	if err == nil {
		_, err = tx.Exec(ctx, appendEventsSQL, args...)
	}
	return err
}

// eventArguments returns the arguments of appendEventsSQL: an array of each column.
func eventArguments(events []Event) ([]any, error) {
	var (
		recorded                                           []time.Time
		at                                                 []*time.Time
		accounts, requests, callers, users, actions, codes []string
		faults, resources, changes                         []string
		whys                                               []*string
	)
	for _, e := range events {
		encoded, why := []byte("[]"), (*string)(nil)
		if len(e.Changes) > 0 {
			var err error
			if encoded, err = json.Marshal(e.Changes); err != nil {
				return nil, err
			}
		}
		if e.Why != nil {
			text := string(e.Why)
			why = &text
		}
		var time *time.Time // nil: by the clock of the account
		if !e.At.IsZero() {
			time = &e.At
		}
		recorded, at = append(recorded, e.RecordedAt), append(at, time)
		accounts, requests = append(accounts, e.AccountID), append(requests, e.RequestID)
		callers, users = append(callers, e.Caller), append(users, e.UserName)
		actions, codes, faults = append(actions, e.Action), append(codes, e.Outcome), append(faults, e.Fault)
		resources = append(resources, strings.Join(e.Resources, ",")) // an id has no comma
		changes, whys = append(changes, string(encoded)), append(whys, why)
	}
	return []any{
		recorded, at, accounts, requests, callers, users, actions, codes, faults, resources, changes, whys,
	}, nil
}

// appendEventsSQL inserts events, and the resources of each after its second one.
const appendEventsSQL = `
	WITH recorded AS (
	    INSERT INTO events (number, recorded_at, at, account_id, request_id, caller, user_name, action,
	        outcome, fault, resources, changes, why)
	    SELECT nextval('event_numbers'), e.recorded_at, coalesce(e.at, account_now(e.account_id, e.recorded_at)),
	        e.account_id, e.request_id, e.caller, e.user_name,
	        e.action, e.outcome, e.fault, string_to_array(e.resources, ','), e.changes, e.why
	    FROM (SELECT pg_current_xact_id() AS id OFFSET 0) running CROSS JOIN unnest(
	        $1::timestamptz[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[],
	        $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
	        AS e (recorded_at, at, account_id, request_id, caller, user_name, action,
	        outcome, fault, resources, changes, why)
	    WHERE running.id IS NOT NULL
	    RETURNING number, recorded_at, resources
	)
	INSERT INTO event_resources (resource_id, number, recorded_at)
	SELECT r.id, e.number, e.recorded_at
	FROM recorded e CROSS JOIN LATERAL unnest(e.resources[3:]) AS r (id)`

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

// furtherResources returns the number of resources of events after the second of each, which have rows
// of their own.
func furtherResources(events []Event) (n int) {
	for _, e := range events {
		n += max(len(e.Resources)-2, 0)
	}
	return n
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

const eventColumns = `e.number, e.recorded_at, e.at, e.account_id, e.request_id, e.caller, e.user_name, e.action,
	e.outcome, e.fault, e.resources, e.changes, e.why`

// maxEventBytes is the size of the changes and reasons after which a page of events ends. Most events
// have a few hundred bytes, but that of a large launch may have a million.
const maxEventBytes = 1 << 20

// Events returns the events of a query in the order of their numbers, at least one of them. Through must
// not be beyond the horizon of the events, or some may be missed. isCut reports that the page has ended
// before the last event of the query, because of the limit or of the size of the events.
func (s *Store) Events(ctx context.Context, q EventQuery) (events []Event, isCut bool, err error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, false, err
	}
	defer conn.Release()
	rows, err := conn.Query(ctx, q.statement(),
		q.After, q.Through, q.AccountID, q.ResourceID, q.RequestID, q.Limit)
	if err != nil {
		return nil, false, classify(err, conn.Conn())
	}
	defer rows.Close() // reads the rest and forgets it
	for size := 0; rows.Next(); {
		if isCut = size >= maxEventBytes; isCut {
			return events, true, nil
		}
		event, bytes, err := scanEvent(rows)
		if err != nil {
			return nil, false, err
		}
		events, size = append(events, event), size+bytes
	}
	return events, len(events) == q.Limit, classify(rows.Err(), conn.Conn())
}

// statement returns the statement of a query. Each kind of query has a text of its own, so that each
// reads its index in the order of the numbers.
func (q EventQuery) statement() string {
	order, refusals := " ASC", ""
	if q.NewestFirst {
		order = " DESC"
	}
	if q.Refusals { // not a parameter, so that partial indexes are used
		refusals = " AND e.outcome <> 'OK'"
	}
	switch {
	case q.RequestID != "":
		return `
			SELECT ` + eventColumns + ` FROM events e
			WHERE hashtextextended(e.request_id, 0) = hashtextextended($5, 0) AND e.request_id = $5
			  AND e.number > $1 AND e.number <= $2
			  AND ($3 = '' OR e.account_id = $3) AND ($4 = '' OR $4 = ANY (e.resources))` + refusals + `
			ORDER BY e.number` + order + ` LIMIT $6`
	case q.ResourceID != "":
		ofPosition := func(position string) string {
			return `
			    (SELECT e.number, e.recorded_at FROM events e
			     WHERE hashtextextended(e.resources[` + position + `], 0) = hashtextextended($4, 0)
			       AND e.resources[` + position + `] = $4 AND e.number > $1 AND e.number <= $2
			       AND ($3 = '' OR e.account_id = $3)` + refusals + `
			     ORDER BY e.number` + order + ` LIMIT $6)`
		}
		return `
			SELECT ` + eventColumns + `
			FROM (` + ofPosition("1") + `
			    UNION ALL` + ofPosition("2") + `
			    UNION ALL
			    (SELECT r.number, r.recorded_at
			     FROM event_resources r JOIN events e ON e.recorded_at = r.recorded_at AND e.number = r.number
			     WHERE r.resource_id = $4 AND r.number > $1 AND r.number <= $2
			       AND ($3 = '' OR e.account_id = $3) AND $5 = ''` + refusals + `
			     ORDER BY r.number` + order + ` LIMIT $6)
			) found JOIN events e ON e.recorded_at = found.recorded_at AND e.number = found.number
			ORDER BY e.number` + order + ` LIMIT $6`
	case q.AccountID != "":
		return `
			SELECT ` + eventColumns + ` FROM events e
			WHERE e.account_id = $3 AND e.number > $1 AND e.number <= $2 AND $4 = '' AND $5 = ''` + refusals + `
			ORDER BY e.number` + order + ` LIMIT $6`
	}
	return `
		SELECT ` + eventColumns + ` FROM events e
		WHERE e.number > $1 AND e.number <= $2 AND $3 = '' AND $4 = '' AND $5 = ''` + refusals + `
		ORDER BY e.number` + order + ` LIMIT $6`
}

// scanEvent reads a row of eventColumns. It returns the size of its changes and its reason too.
func scanEvent(row pgx.Rows) (e Event, size int, err error) {
	var changes string
	var why *string
	err = row.Scan(&e.Number, &e.RecordedAt, &e.At, &e.AccountID, &e.RequestID, &e.Caller, &e.UserName, &e.Action,
		&e.Outcome, &e.Fault, &e.Resources, &changes, &why)
	if err != nil {
		return e, 0, err
	}
	if why != nil {
		e.Why = json.RawMessage(*why)
	}
	return e, len(changes) + len(e.Why), json.Unmarshal([]byte(changes), &e.Changes)
}
