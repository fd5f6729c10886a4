package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// DeleteRouteEntriesRequest is the request to delete custom route entries. Each succeeds or fails by itself.
type DeleteRouteEntriesRequest struct {
	RegionID     string            `api:"RegionId"`
	RouteEntries []NamedRouteEntry // 50 at most
	DryRun       *bool
	Malformed    Malformed
}

// NamedRouteEntry is one of several route entries to delete.
type NamedRouteEntry struct {
	RouteTableID string `api:"RouteTableId"`
	RouteEntryID string `api:"RouteEntryId"`
	DstCIDRBlock string `api:"DstCidrBlock"`
	NextHop      string
}

func (n NamedRouteEntry) entry() namedRouteEntry {
	return namedRouteEntry{n.RouteEntryID, n.RouteTableID, n.DstCIDRBlock, n.NextHop}
}

// DeletedRouteEntries is the answer to DeleteRouteEntries.
type DeletedRouteEntries struct {
	Deleted int
	Failed  []FailedRouteEntry
}

var deleteRouteEntriesParameterRules = []rule[DeleteRouteEntriesRequest]{
	required[DeleteRouteEntriesRequest]("RegionId"),
	readable[DeleteRouteEntriesRequest](),
	{
		err:         MissingNamedParameter,
		violated:    func(r DeleteRouteEntriesRequest) bool { return len(r.RouteEntries) == 0 },
		messageArgs: nameArg[DeleteRouteEntriesRequest]("RouteEntries"),
		constraint:  presence("RouteEntries"),
	},
	invalid("RouteEntries", func(r DeleteRouteEntriesRequest) bool {
		return len(r.RouteEntries) > maxRouteEntriesOfRequest
	}),
	{
		err: MissingNamedParameter,
		violated: func(r DeleteRouteEntriesRequest) bool {
			return slices.ContainsFunc(r.RouteEntries, func(n NamedRouteEntry) bool {
				return n.RouteEntryID == "" && (n.RouteTableID == "" || n.DstCIDRBlock == "" || n.NextHop == "")
			})
		},
		messageArgs: nameArg[DeleteRouteEntriesRequest]("RouteEntryId"),
	},
}

// DeleteRouteEntries deletes custom route entries. An entry that fails does not stop the others, and the answer
// lists it.
var DeleteRouteEntries = newAction(Action[DeleteRouteEntriesRequest, DeletedRouteEntries]{
	permission: "vpc:DeleteRouteEntries",
	parameters: deleteRouteEntriesParameterRules,
	refusals:   errorsOf(dryRunRules),
	run:        (*Service).deleteRouteEntries,
})

func (s *Service) deleteRouteEntries(
	ctx context.Context, caller Caller, req DeleteRouteEntriesRequest,
) (out DeletedRouteEntries, err error) {
	want := store.RouteEntriesWant{AccountID: caller.AccountID, RegionID: req.RegionID}
	for _, n := range req.RouteEntries {
		want.TableIDs = append(want.TableIDs, optionalList(n.RouteTableID)...)
		want.EntryIDs = append(want.EntryIDs, optionalList(n.RouteEntryID)...)
	}
	err = s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForRouteEntries(ctx, want)
		if err != nil {
			return err
		}
		if err := check(dryRunRules, req.DryRun); err != nil {
			return err
		}
		now := s.timeOf(caller)
		var rows []store.RouteEntry
		var changes []store.Change
		for _, n := range req.RouteEntries {
			input := namedRouteEntryInput{n.entry(), scene}
			if failure := failureOfNamedEntry(input); failure != nil {
				out.Failed = append(out.Failed, failedRouteEntry(failure, n.RouteEntryID, n.DstCIDRBlock, n.NextHop))
				continue
			}
			row := *input.find()
			scene.Entries[row.RouteTableID] = slices.DeleteFunc(scene.Entries[row.RouteTableID],
				func(e store.RouteEntry) bool { return e.ID == row.ID })
			rows = append(rows, row)
			changes = append(changes, store.ChangesOf(&row, nil, now)...)
		}
		tx.DeleteRouteEntries(rows)
		if out.Deleted = len(rows); len(rows) == 0 {
			return nil
		}
		return s.record(tx, caller, now, changes...)
	})
	return out, err
}
