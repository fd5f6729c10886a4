package console

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"enisim.alt/service/operator"
	"enisim.alt/store"
)

const (
	// eventsShown and refusalsShown are the numbers of events and refusals on the page of a resource.
	eventsShown   = 20
	refusalsShown = 5
	// eventsRead is the number of events of an instance among which the takers of its slots are looked for.
	eventsRead = 200
	// requestsPerPage is the number of requests on a page of the list of requests.
	requestsPerPage = 50
)

// history are the newest events and refusals of a resource.
type history struct {
	Resource string
	Events   []eventRow
	Refusals []eventRow
	HasMore  bool // older events than these
}

// eventRow is an event as a table shows it.
type eventRow struct {
	operator.Event
	IsRefusal bool
	Rule      string // of a refusal
	Message   string
}

// newEventRow returns an event as a table shows it.
func newEventRow(e operator.Event) eventRow {
	row := eventRow{Event: e, IsRefusal: e.Outcome != store.OutcomeOK}
	if e.Why != nil {
		var why struct{ Rule, Message string }
		if json.Unmarshal(e.Why, &why) == nil {
			row.Rule, row.Message = why.Rule, why.Message
		}
	}
	return row
}

func eventRows(events []operator.Event) []eventRow {
	rows := make([]eventRow, 0, len(events))
	for _, e := range events {
		rows = append(rows, newEventRow(e))
	}
	return rows
}

// By returns the caller of a request.
func (e eventRow) By() string { return callerText(e.Caller, e.User) }

func callerText(accessKey, user string) string {
	if user == "" {
		return accessKey
	}
	return user + " (" + accessKey + ")"
}

// ChangeTexts returns the changes as texts, at most a few.
func (e eventRow) ChangeTexts() []string {
	const maxChangesShown = 8
	var texts []string
	for k, c := range e.Changes {
		if k == maxChangesShown {
			texts = append(texts, fmt.Sprintf("and %d more", len(e.Changes)-k))
			break
		}
		texts = append(texts, changeText(c))
	}
	return texts
}

// changeText returns a change as a text such as "eni-1 Status: Available → Attaching, InUse at …".
func changeText(c store.Change) string {
	none := func(value string) string { return orAny(value, "none") }
	text := fmt.Sprintf("%s %s: %s → %s", c.Resource, c.Field, none(c.From), none(c.To))
	if c.Then != "" && c.DueAt != nil {
		text += fmt.Sprintf(", %s at %s", c.Then, formatTime(*c.DueAt))
	}
	return text
}

// history returns the newest events and refusals of a resource, and more events than are shown: read.
func (c *Console) history(ctx context.Context, accountID, resourceID string, read int) (
	h history, events []operator.Event, err error,
) {
	h.Resource = resourceID
	q := operator.EventQuery{Account: accountID, Resource: resourceID, NewestFirst: true, Limit: read}
	page, err := c.operator.Events(ctx, q)
	if err != nil {
		return h, nil, err
	}
	q.Refusals, q.Limit = true, refusalsShown
	refusals, err := c.operator.Events(ctx, q)
	if err != nil {
		return h, nil, err
	}
	h.Events = eventRows(page.Events[:min(len(page.Events), eventsShown)])
	h.HasMore = page.IsCut || len(page.Events) > eventsShown
	h.Refusals = eventRows(refusals.Events)
	return h, page.Events, nil
}

// taking is the event by which an interface took a slot of an instance.
type taking struct {
	Interface string
	Slot      string
	At        time.Time
	By        string
	RequestID string
}

// takings returns the last takings of slots of an instance, by interface, from its newest events.
func takings(instanceID string, newestFirst []operator.Event) map[string]taking {
	all := map[string]taking{}
	for _, e := range newestFirst {
		for _, c := range e.Changes {
			if c.Field != "InstanceId" || c.To != instanceID {
				continue
			}
			if _, later := all[c.Resource]; later {
				continue
			}
			t := taking{
				Interface: c.Resource, At: e.Time, By: callerText(e.Caller, e.User), RequestID: e.RequestID,
			}
			for _, other := range e.Changes {
				if other.Resource == c.Resource && other.Field == "DeviceIndex" {
					t.Slot = other.To
				}
			}
			all[c.Resource] = t
		}
	}
	return all
}

// requestsData is what the list of requests shows.
type requestsData struct {
	Account, Resource string
	Refusals          bool
	Requests          []eventRow
	Older, Newest     string // addresses; "": there are no older ones, or these are the newest
}

// requests lists the newest recorded requests: those that have changed something, and refused ones.
func (c *Console) requests(r *http.Request) (*page, error) {
	q := r.URL.Query()
	d := requestsData{
		Account: strings.TrimSpace(q.Get("account")), Resource: strings.TrimSpace(q.Get("resource")),
		Refusals: q.Get("refusals") != "",
	}
	found, err := c.operator.Events(r.Context(), operator.EventQuery{
		Account: d.Account, Resource: d.Resource, Refusals: d.Refusals, Before: q.Get("before"),
		NewestFirst: true, Limit: requestsPerPage + 1,
	})
	if err != nil {
		return nil, err
	}
	found.Events = found.Events[:min(len(found.Events), requestsPerPage)]
	if found.IsCut {
		d.Older = withQuery(r, "before", found.Events[len(found.Events)-1].Cursor)
	}
	if q.Get("before") != "" {
		d.Newest = withQuery(r, "before", "")
	}
	d.Requests = eventRows(found.Events)
	return &page{template: "requests", title: "Requests", section: "requests", data: d}, nil
}

// requestData is what the page of a request shows.
type requestData struct {
	operator.Request
	By        string
	Resources []found
	Changes   []string
	Values    []valueRow
}

// valueRow is a value that a rule has seen.
type valueRow struct{ Name, Value string }

// request shows a recorded request, and why it was refused.
func (c *Console) request(r *http.Request) (*page, error) {
	recorded, err := c.operator.Request(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	d := requestData{Request: recorded, By: callerText(recorded.Caller, recorded.User)}
	for _, change := range recorded.Changes {
		d.Changes = append(d.Changes, changeText(change))
	}
	if d.Resources, err = c.linked(r.Context(), recorded.Account, recorded.Resources); err != nil {
		return nil, err
	}
	if recorded.Why != nil {
		for _, name := range slices.Sorted(maps.Keys(recorded.Why.Values)) {
			if name != "HeldInterfaces" { // they are shown as holders
				d.Values = append(d.Values, valueRow{name, operator.ValueText(recorded.Why.Values[name])})
			}
		}
	}
	return &page{template: "request", title: "Request " + recorded.RequestID, section: "requests", data: d}, nil
}

// linked returns the resources of an account that still exist with the addresses of their pages, and the
// others without.
func (c *Console) linked(ctx context.Context, accountID string, ids []string) ([]found, error) {
	const maxLinked = 20
	var all []found
	for k, id := range ids {
		at := found{FoundResource: store.FoundResource{ID: id, AccountID: accountID}}
		if k < maxLinked {
			rows, err := c.operator.FindResourcesOf(ctx, accountID, id)
			if err != nil {
				return nil, err
			}
			if len(rows) > 0 {
				at = found{rows[0], addressOf(rows[0])}
			}
		}
		all = append(all, at)
	}
	return all, nil
}
