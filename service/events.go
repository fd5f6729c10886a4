package service

import (
	"strings"
	"time"

	"enisim.alt/store"
)

// eventHeader is what an event says of its request.
type eventHeader struct {
	accountID, requestID, accessKeyID, userName, action, faultID string
}

// eventHeader returns the header of the events of a request.
func (c Caller) eventHeader() eventHeader {
	header := eventHeader{
		accountID: c.AccountID, requestID: c.RequestID, accessKeyID: c.AccessKeyID, userName: c.RAMUser,
		action: c.action, faultID: c.FaultID,
	}
	if c.AssumedRole != "" {
		header.userName = c.AssumedRole
	}
	return header
}

// newEvent returns the event of a request that makes changes at a time of its account.
func (s *Service) newEvent(header eventHeader, at time.Time, changes []store.Change) store.Event {
	event := store.Event{
		RecordedAt: s.Now(),
		At:         at,
		AccountID:  header.accountID,
		RequestID:  header.requestID,
		Caller:     header.accessKeyID,
		UserName:   header.userName,
		Action:     header.action,
		Outcome:    store.OutcomeOK,
		Fault:      header.faultID,
		Changes:    changes,
	}
	// The event concerns the changed resources, and those that a field such as InstanceId named or names.
	for _, c := range changes {
		event.AddResource(c.Resource)
		switch {
		case c.Field == "ZoneId": // is not a resource of the account
		case strings.HasSuffix(c.Field, "Id"):
			event.AddResource(c.From)
			event.AddResource(c.To)
		case strings.HasSuffix(c.Field, "Ids"):
			for id := range strings.SplitSeq(c.From+","+c.To, ",") {
				event.AddResource(id)
			}
		}
	}
	return event
}

// record queues the event of a request that makes changes at a time of its account, or nothing if it
// makes none. It comes last in its transaction.
func (s *Service) record(tx *store.Tx, caller Caller, at time.Time, changes ...store.Change) error {
	if len(changes) == 0 || s.options.WithoutEvents {
		return nil
	}
	for k, c := range changes {
		if !isListField(c.Field) {
			changes[k].From, changes[k].To = clip(c.From), clip(c.To)
		}
	}
	return tx.AppendEvents([]store.Event{s.newEvent(caller.eventHeader(), at, changes)})
}

// recordCreation records the changes that make a new resource with tags.
func (s *Service) recordCreation(
	tx *store.Tx, caller Caller, at time.Time, changes []store.Change, id string, tags map[string]string,
) error {
	return s.record(tx, caller, at, append(changes, store.TagChanges(id, nil, nil, tags)...)...)
}

// isListField reports whether a field of a change has a list of ids or addresses, which is not cut. The
// rules of the actions bound it.
func isListField(field string) bool {
	return strings.HasSuffix(field, "Ids") || oneOf(field, "IpAddresses", "IpPrefixes")
}
