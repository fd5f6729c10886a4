package operator

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// Event is a change that a request has made, or a refused request.
type Event struct {
	Cursor string `json:"cursor" description:"The position of the event. Events are read on after it."`
	// Time is in the time of the account, which differs from the real time if the account has a clock.
	Time       time.Time       `json:"time" description:"When it happened, in the time of the account."`
	RecordedAt time.Time       `json:"recorded_at" description:"When it happened, in real time."`
	Account    string          `json:"account" description:"Account, by its 16 digits."`
	RequestID  string          `json:"request_id" description:"The RequestId of the answer."`
	Caller     string          `json:"caller" description:"The access key of the request; operator: a command of one."`
	User       string          `json:"user,omitempty" description:"The RAM user, or the role with its session."`
	Action     string          `json:"action" description:"The action of the API, or the operator's command."`
	Outcome    string          `json:"outcome" description:"OK, or the code of the refusal."`
	Resources  []string        `json:"resources" description:"The ids of the resources that the event concerns."`
	Changes    []store.Change  `json:"changes" description:"What has changed, in order. None for a refusal."`
	Fault      string          `json:"fault,omitempty" description:"The fault that struck the request."`
	Why        json.RawMessage `json:"why,omitempty" description:"Why the request was refused. /requests/ID says more."`
}

// EventQuery selects events. Fields of "" select all.
type EventQuery struct {
	Account, Resource, Request string
	Refusals                   bool   // only refused requests
	After                      string // a cursor; "": from the oldest event that is kept; CursorLatest: from now on
	Before                     string // a cursor; only events before it; "": up to the newest one
	NewestFirst                bool   // the newest events that match, the newest one first
	Limit                      int    // 0: defaultEvents
}

// Events are a page of events.
type Events struct {
	Events []Event `json:"events" description:"The events, in the order in which they happened."`
	Next   string  `json:"next" description:"The cursor after which to read on. It moves on although no event matches."`
	// IsCut reports that the page has ended before the last event that matches.
	IsCut bool `json:"is_cut" description:"Whether there may be more now: a page ends at its limit, or at 1 MiB."`
}

const (
	// CursorLatest is the cursor after the newest event.
	CursorLatest = "latest"
	// defaultEvents is the number of events of a page, unless its query has another one of at most
	// MaxEvents.
	defaultEvents = 100
	// MaxEvents is the maximum number of events of a page.
	MaxEvents = 1000
)

// Events returns events in the order in which they happened. Of two events that concern the same
// resource, the earlier one comes first. Reading on after each page's Next misses no event and repeats
// none, whatever commits meanwhile.
func (o *Operator) Events(ctx context.Context, q EventQuery) (Events, error) {
	query, err := o.eventQuery(ctx, q)
	if err != nil {
		return Events{}, err
	}
	rows, isCut, err := o.store.Events(ctx, query)
	if err != nil {
		return Events{}, err
	}
	page := Events{Events: make([]Event, len(rows)), Next: formatCursor(query.Through), IsCut: isCut}
	for k, row := range rows {
		page.Events[k] = newEvent(row)
	}
	if isCut && !q.NewestFirst { // there may be more
		page.Next = page.Events[len(rows)-1].Cursor
	}
	return page, nil
}

// eventQuery checks a query, and returns it with the numbers of its cursors.
func (o *Operator) eventQuery(ctx context.Context, q EventQuery) (store.EventQuery, error) {
	query := store.EventQuery{
		AccountID: q.Account, ResourceID: q.Resource, RequestID: q.Request, Refusals: q.Refusals,
		NewestFirst: q.NewestFirst, Limit: q.Limit,
	}
	switch {
	case q.Account != "" && q.Account != disturbance.AllAccounts && !accountIDPattern.MatchString(q.Account):
		return query, errInvalidAccountID(q.Account)
	case q.Limit == 0:
		query.Limit = defaultEvents
	case q.Limit < 0 || q.Limit > MaxEvents:
		return query, invalidRequestf("limit is %d: give a number from 1 to %d", q.Limit, MaxEvents)
	}
	var err error
	if query.After, err = parseCursor(q.After); err != nil {
		return query, err
	}
	if query.Through, err = o.store.EventHorizon(ctx); err != nil {
		return query, err
	}
	before, err := parseCursor(q.Before)
	switch {
	case err != nil:
		return query, err
	case before > 0:
		query.Through = min(query.Through, before-1)
	}
	if q.After == CursorLatest {
		query.After = query.Through
		return query, nil
	}
	dropped, err := o.store.DroppedEvents(ctx)
	if err != nil {
		return query, err
	}
	if query.After > 0 && query.After < dropped {
		return query, invalidRequestf("events after %d are not kept any more, and the oldest come after %d: "+
			"read on without a cursor, and see --events-keep", query.After, dropped)
	}
	return query, nil
}

// parseCursor returns the number of a cursor.
func parseCursor(cursor string) (int64, error) {
	if cursor == "" || cursor == CursorLatest {
		return 0, nil
	}
	number, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil || number < 0 {
		return 0, invalidRequestf("%q is not a cursor: give the cursor of an event, or %s", cursor, CursorLatest)
	}
	return number, nil
}

func formatCursor(number int64) string { return strconv.FormatInt(number, 10) }

func newEvent(row store.Event) Event {
	event := Event{
		Cursor:     formatCursor(row.Number),
		Time:       row.At.UTC(),
		RecordedAt: row.RecordedAt.UTC(),
		Account:    row.AccountID,
		RequestID:  row.RequestID,
		Caller:     row.Caller,
		User:       row.UserName,
		Action:     row.Action,
		Outcome:    row.Outcome,
		Resources:  row.Resources,
		Changes:    row.Changes,
		Fault:      row.Fault,
		Why:        row.Why,
	}
	if event.Resources == nil {
		event.Resources = []string{}
	}
	return event
}

// Request is a recorded request.
type Request struct {
	Event
	Why *Why `json:"why,omitempty" description:"Why the request was refused."`
}

// Why says why a request was refused, with what is known of the values that its rule saw.
type Why struct {
	service.Why
	Holders []Holder `json:"holders,omitempty" description:"The interfaces that had the slots of the instance."`
}

// Holder is an interface that had a slot of an instance when a request was refused, and the request that
// put it there.
type Holder struct {
	NetworkInterfaceID string     `json:"network_interface" description:"The interface."`
	Status             string     `json:"status" description:"Its status at that time."`
	Type               string     `json:"type" description:"Primary or Secondary."`
	Since              *time.Time `json:"since,omitempty" description:"When it was attached, if the event is kept."`
	Caller             string     `json:"caller,omitempty" description:"The access key that attached it."`
	User               string     `json:"user,omitempty" description:"The RAM user or role that attached it."`
	RequestID          string     `json:"request_id,omitempty" description:"The request that attached it."`
}

// ValueText returns a value that a rule saw as a text for people.
func ValueText(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(encoded)
}

// Request returns a recorded request by its id, and why it was refused.
func (o *Operator) Request(ctx context.Context, id string) (Request, error) {
	horizon, err := o.store.EventHorizon(ctx)
	if err != nil {
		return Request{}, err
	}
	rows, _, err := o.store.Events(ctx, store.EventQuery{RequestID: id, Through: horizon, Limit: 1})
	if err != nil {
		return Request{}, err
	}
	if len(rows) == 0 {
		return Request{}, notFoundf("there is no record of a request %q: it has changed nothing and was not refused; "+
			"its record is not kept any longer (--events-keep); or more refusals of its account came in the same "+
			"second than are recorded (--record-refusals)", id)
	}
	request := Request{Event: newEvent(rows[0])}
	request.Event.Why = nil
	if rows[0].Why == nil {
		return request, nil
	}
	request.Why = &Why{}
	if err := json.Unmarshal(rows[0].Why, &request.Why.Why); err != nil {
		return Request{}, err
	}
	request.Why.Holders, err = o.holders(ctx, rows[0])
	return request, err
}

// holders returns the interfaces that had the slots of the instance when a request was refused.
func (o *Operator) holders(ctx context.Context, refusal store.Event) ([]Holder, error) {
	var saw struct {
		Values struct {
			HeldInterfaces []store.HeldInterface
		} `json:"values"`
	}
	if err := json.Unmarshal(refusal.Why, &saw); err != nil {
		return nil, err
	}
	var holders []Holder
	for _, held := range saw.Values.HeldInterfaces {
		holder := Holder{NetworkInterfaceID: held.NetworkInterfaceID, Status: held.Status, Type: held.Type}
		attach, err := o.lastPlacement(ctx, refusal, held.NetworkInterfaceID)
		if err != nil {
			return nil, err
		}
		if attach != nil {
			at := attach.At.UTC()
			holder.Since, holder.Caller, holder.User = &at, attach.Caller, attach.UserName
			holder.RequestID = attach.RequestID
		}
		holders = append(holders, holder)
	}
	return holders, nil
}

// lastPlacement returns the last event before a refusal that put an interface on an instance, or nil if
// it is not kept.
func (o *Operator) lastPlacement(ctx context.Context, refusal store.Event, eniID string) (*store.Event, error) {
	const maxLookedAt = 50 // an interface may have had other changes since
	events, _, err := o.store.Events(ctx, store.EventQuery{
		AccountID: refusal.AccountID, ResourceID: eniID, Through: refusal.Number, NewestFirst: true, Limit: maxLookedAt,
	})
	if err != nil {
		return nil, err
	}
	for k, e := range events {
		for _, c := range e.Changes {
			if c.Resource == eniID && c.Field == "InstanceId" && c.To != "" {
				return &events[k], nil
			}
		}
	}
	return nil, nil
}

// WithRequestID returns a context in which a command runs that came in a request, for its event.
func WithRequestID(ctx context.Context, id string) context.Context {
	return store.WithRequestID(ctx, id)
}
