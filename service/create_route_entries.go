package service

import (
	"context"
	"errors"
	"slices"
	"strings"

	"enisim.alt/store"
)

// CreateRouteEntriesRequest is the request for custom entries of route tables. Each succeeds or fails by itself.
type CreateRouteEntriesRequest struct {
	RegionID     string          `api:"RegionId"`
	RouteEntries []NewRouteEntry // 50 at most
	DryRun       *bool
	Malformed    Malformed
}

// NewRouteEntry is one of several new route entries.
type NewRouteEntry struct {
	RouteTableID string `api:"RouteTableId"`
	DstCIDRBlock string `api:"DstCidrBlock"`
	IPVersion    string `api:"IpVersion"` // without effect: the destination shows it
	NextHop      string
	NextHopType  string
	Name         string
	Description  string `api:"Description|Describption"` // the vendor's second spelling
}

func (n NewRouteEntry) entry() newRouteEntry {
	return newRouteEntry{n.RouteTableID, n.DstCIDRBlock, n.NextHopType, n.NextHop, n.Name, n.Description}
}

// CreatedRouteEntries is the answer to CreateRouteEntries.
type CreatedRouteEntries struct {
	IDs    []string
	Failed []FailedRouteEntry
}

// FailedRouteEntry is an entry that was not created, or not deleted.
type FailedRouteEntry struct {
	ID, Destination, NextHop string
	Code, Message            string
}

// maxRouteEntriesOfRequest is the number of entries that a request may create or delete.
const maxRouteEntriesOfRequest = 50

// The codes of the failures of entries that a page of the vendor has. Others are those of the request for one
// entry.
const (
	failedRouteRepeated = "VPC_ROUTE_ENTRY_CIDR_BLOCK_DUPLICATE"
	failedRouteNotFound = "VPC_ROUTER_ENTRY_NOT_EXIST"
)

var createRouteEntriesParameterRules = []rule[CreateRouteEntriesRequest]{
	required[CreateRouteEntriesRequest]("RegionId"),
	readable[CreateRouteEntriesRequest](),
	{
		err:         MissingNamedParameter,
		violated:    func(r CreateRouteEntriesRequest) bool { return len(r.RouteEntries) == 0 },
		messageArgs: nameArg[CreateRouteEntriesRequest]("RouteEntries"),
		constraint:  presence("RouteEntries"),
	},
	invalid("RouteEntries", func(r CreateRouteEntriesRequest) bool {
		return len(r.RouteEntries) > maxRouteEntriesOfRequest
	}),
	{err: MissingRouteTableID, violated: func(r CreateRouteEntriesRequest) bool {
		return slices.ContainsFunc(r.RouteEntries, func(n NewRouteEntry) bool { return n.RouteTableID == "" })
	}},
	{
		err: MissingNamedParameter,
		violated: func(r CreateRouteEntriesRequest) bool {
			return slices.ContainsFunc(r.RouteEntries, func(n NewRouteEntry) bool { return n.DstCIDRBlock == "" })
		},
		messageArgs: nameArg[CreateRouteEntriesRequest]("DstCidrBlock"),
	},
	{
		err: MissingNamedParameter,
		violated: func(r CreateRouteEntriesRequest) bool {
			return slices.ContainsFunc(r.RouteEntries, func(n NewRouteEntry) bool { return n.NextHop == "" })
		},
		messageArgs: nameArg[CreateRouteEntriesRequest]("NextHop"),
	},
}

// CreateRouteEntries adds custom entries to route tables. An entry that fails does not stop the others, and the
// answer lists it.
var CreateRouteEntries = newAction(Action[CreateRouteEntriesRequest, CreatedRouteEntries]{
	permission: "vpc:CreateRouteEntries",
	parameters: createRouteEntriesParameterRules,
	refusals:   errorsOf(dryRunRules),
	run:        (*Service).createRouteEntries,
	creates:    true,
})

func (s *Service) createRouteEntries(
	ctx context.Context, caller Caller, req CreateRouteEntriesRequest,
) (out CreatedRouteEntries, err error) {
	entries := make([]newRouteEntry, len(req.RouteEntries))
	for k, n := range req.RouteEntries {
		entries[k] = n.entry()
	}
	err = s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForRouteEntries(ctx, routeEntriesWant(caller, req.RegionID, entries...))
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		scene.Settle(now)
		if err := check(dryRunRules, req.DryRun); err != nil {
			return err
		}
		var rows []store.RouteEntry
		var changes []store.Change
		for _, n := range entries {
			input := routeEntryInput{n, scene, now}
			if failure := failureOfNewEntry(input); failure != nil {
				out.Failed = append(out.Failed, failedRouteEntry(failure, "", n.destination, n.hopID))
				continue
			}
			row := s.newRouteEntryRow(caller, input)
			scene.Entries[row.RouteTableID] = append(scene.Entries[row.RouteTableID], row)
			rows, out.IDs = append(rows, row), append(out.IDs, row.ID)
			changes = append(changes, store.ChangesOf(nil, &row, now)...)
		}
		tx.InsertRouteEntries(rows)
		if len(rows) == 0 {
			return nil
		}
		return s.record(tx, caller, now, changes...)
	})
	return out, err
}

// These check an entry by the tables of the actions on one entry. They are values, because the errors of the tables
// do not refuse a request for several entries: they are in its answer.
var (
	failureOfNewEntry = func(n routeEntryInput) error {
		if err := check(routeEntryShapeRules, n.newRouteEntry); err != nil {
			return err
		}
		return check(routeEntryRules, n)
	}
	failureOfNamedEntry = func(n namedRouteEntryInput) error { return check(deleteRouteEntryRules, n) }
)

// failedRouteEntry returns an entry that a rule refuses.
func failedRouteEntry(failure error, id, destination, nextHop string) FailedRouteEntry {
	out := FailedRouteEntry{ID: id, Destination: destination, NextHop: nextHop}
	if refused, ok := errors.AsType[*Error](failure); ok {
		out.Code, out.Message = refused.Code, refused.Message
		switch refused.Code {
		case RouteCIDRBlockRepeated.Code:
			out.Code = failedRouteRepeated
			out.Message = strings.TrimSuffix(out.Message, ".") + ", entry.cidrBlock=" + destination
		case RouteEntryNotFound.Code, RouteEntryIDNotFound.Code:
			out.Code, out.Message = failedRouteNotFound, "vRouterEntry not exists"
		}
	}
	return out
}
