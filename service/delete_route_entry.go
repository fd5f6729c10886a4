package service

import (
	"context"
	"net/netip"
	"slices"

	"enisim.alt/store"
)

// DeleteRouteEntryRequest is the request to delete a custom route entry: by its id, or by its table, destination and
// next hop.
type DeleteRouteEntryRequest struct {
	RegionID             string `api:"RegionId"`
	RouteEntryID         string `api:"RouteEntryId"`
	RouteTableID         string `api:"RouteTableId"`
	DestinationCIDRBlock string `api:"DestinationCidrBlock"`
	NextHopID            string `api:"NextHopId"`
	NextHopList          []NextHop
	DryRun               *bool
	Malformed            Malformed
}

// namedRouteEntry is an entry that a request names.
type namedRouteEntry struct{ id, tableID, destination, hopID string }

func (r DeleteRouteEntryRequest) entry() namedRouteEntry {
	return namedRouteEntry{r.RouteEntryID, r.RouteTableID, r.DestinationCIDRBlock, r.NextHopID}
}

func (n namedRouteEntry) block() (netip.Prefix, bool) {
	return newRouteEntry{destination: n.destination}.block()
}

var deleteRouteEntryParameterRules = []rule[DeleteRouteEntryRequest]{
	{
		err:         MissingNamedParameter,
		violated:    func(r DeleteRouteEntryRequest) bool { return r.RouteEntryID == "" && r.RouteTableID == "" },
		messageArgs: nameArg[DeleteRouteEntryRequest]("RouteTableId"),
	},
	{
		err: MissingNamedParameter,
		violated: func(r DeleteRouteEntryRequest) bool {
			return r.RouteEntryID == "" && r.DestinationCIDRBlock == ""
		},
		messageArgs: nameArg[DeleteRouteEntryRequest]("DestinationCidrBlock"),
	},
	readable[DeleteRouteEntryRequest](),
	{err: RouteEntryNamedTwice, violated: func(r DeleteRouteEntryRequest) bool {
		return r.RouteEntryID != "" && r.DestinationCIDRBlock != ""
	}},
	{err: RouteCIDRBlockMalformed, violated: func(r DeleteRouteEntryRequest) bool {
		_, ok := r.entry().block()
		return r.DestinationCIDRBlock != "" && !ok
	}},
	{err: NextHopMissing, violated: func(r DeleteRouteEntryRequest) bool {
		return r.RouteEntryID == "" && r.NextHopID == "" && len(r.NextHopList) == 0
	}},
}

// namedRouteEntryInput is an entry that a request names, plus the locked rows that its rules check.
type namedRouteEntryInput struct {
	namedRouteEntry
	*store.RouteEntriesScene
}

// find returns the entry, or nil if there is none.
func (n namedRouteEntryInput) find() *store.RouteEntry {
	for tableID, entries := range n.Entries {
		if _, locked := n.Tables[tableID]; !locked || n.tableID != "" && n.tableID != tableID {
			continue
		}
		if k := slices.IndexFunc(entries, n.matches); k >= 0 {
			return &entries[k]
		}
	}
	return nil
}

func (n namedRouteEntryInput) matches(e store.RouteEntry) bool {
	if n.hopID != "" && n.hopID != e.NextHopID() {
		return false
	}
	if n.id != "" {
		return e.ID == n.id
	}
	block, _ := n.block()
	return e.DestinationCIDRBlock == block
}

// isOfSystem reports whether the destination is that of an entry of the system.
func (n namedRouteEntryInput) isOfSystem() bool {
	block, _ := n.block()
	return block == store.CloudServicesBlock || slices.Contains(n.Blocks[n.Tables[n.tableID].VPCID], block)
}

var deleteRouteEntryRules = []rule[namedRouteEntryInput]{
	{err: RouteEntryIDNotFound, violated: func(n namedRouteEntryInput) bool { return n.id != "" && n.find() == nil }},
	{err: RouteTableNotFound, violated: func(n namedRouteEntryInput) bool {
		_, found := n.Tables[n.tableID]
		return n.id == "" && !found
	}},
	{err: SystemRouteEntry, violated: func(n namedRouteEntryInput) bool { return n.id == "" && n.isOfSystem() }},
	{err: RouteEntryNotFound, violated: func(n namedRouteEntryInput) bool { return n.find() == nil }},
}

// DeleteRouteEntry deletes a custom route entry. It is gone at once.
var DeleteRouteEntry = newAction(Action[DeleteRouteEntryRequest, Empty]{
	permission: "vpc:DeleteRouteEntry",
	parameters: deleteRouteEntryParameterRules,
	refusals:   slices.Concat(errorsOf(deleteRouteEntryRules), errorsOf(dryRunRules)),
	run:        answerless((*Service).deleteRouteEntry),
})

func (s *Service) deleteRouteEntry(ctx context.Context, caller Caller, req DeleteRouteEntryRequest) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForRouteEntries(ctx, store.RouteEntriesWant{
			AccountID: caller.AccountID, RegionID: req.RegionID,
			TableIDs: optionalList(req.RouteTableID), EntryIDs: optionalList(req.RouteEntryID),
		})
		if err != nil {
			return err
		}
		input := namedRouteEntryInput{req.entry(), scene}
		if err := check(deleteRouteEntryRules, input); err != nil {
			return err
		}
		if err := check(dryRunRules, req.DryRun); err != nil {
			return err
		}
		entry, now := *input.find(), s.timeOf(caller)
		tx.DeleteRouteEntries([]store.RouteEntry{entry})
		return s.record(tx, caller, now, store.ChangesOf(&entry, nil, now)...)
	})
}
