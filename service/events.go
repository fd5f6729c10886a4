package service

import (
	"strings"
	"time"

	"enisim/store"
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
		case strings.HasSuffix(c.Field, "Id"):
			event.AddResource(c.From)
			event.AddResource(c.To)
		case strings.HasSuffix(c.Field, "Ids"):
			for _, id := range strings.Split(c.From+","+c.To, ",") {
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
	return tx.AppendEvents([]store.Event{s.newEvent(caller.eventHeader(), at, changes)})
}
