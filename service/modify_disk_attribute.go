package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// ModifyDiskAttributeRequest is the request to change attributes of one disk, or of several. Those that are
// empty or absent stay unchanged.
type ModifyDiskAttributeRequest struct {
	DiskID             string   `api:"DiskId"`  // this one, or
	DiskIDs            []string `api:"DiskIds"` // these
	DiskName           string
	Description        string
	DeleteWithInstance *bool
	DeleteAutoSnapshot *bool // accepted, without effect, like the next two: there are no snapshots
	EnableAutoSnapshot *bool
	BurstingEnabled    *bool
	Malformed          Malformed
}

// ids returns the ids of the disks, without duplicates.
func (r ModifyDiskAttributeRequest) ids() []string {
	ids := slices.Clone(r.DiskIDs)
	if r.DiskID != "" {
		ids = append(ids, r.DiskID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

var modifyDiskParameterRules = []rule[ModifyDiskAttributeRequest]{
	readable[ModifyDiskAttributeRequest](),
	{err: IncompleteDiskIDs, violated: func(r ModifyDiskAttributeRequest) bool { return len(r.ids()) == 0 }},
	exclusive("DiskId, DiskIds", func(r ModifyDiskAttributeRequest) bool {
		return r.DiskID != "" && len(r.DiskIDs) > 0
	}),
	invalid("DiskIds", func(r ModifyDiskAttributeRequest) bool { return len(r.DiskIDs) > maxListed }),
	{err: NoDiskAttribute, violated: func(r ModifyDiskAttributeRequest) bool {
		return r.DiskName == "" && r.Description == "" && r.DeleteWithInstance == nil && r.DeleteAutoSnapshot == nil &&
			r.EnableAutoSnapshot == nil && r.BurstingEnabled == nil
	}},
	wellFormed[ModifyDiskAttributeRequest](InvalidDiskName, "DiskName", isValidName),
	wellFormed[ModifyDiskAttributeRequest](ModifiedDiskDescription, "Description", isValidDiskDescription),
}

// modifyDiskInput is the ids of a request plus the locked disks that its rules check.
type modifyDiskInput struct {
	ids   []string
	disks []*store.DiskToModify
}

var modifyDiskRules = []rule[modifyDiskInput]{
	{err: InvalidDiskIDNotFound, violated: func(m modifyDiskInput) bool { return len(m.disks) < len(m.ids) }},
}

// ModifyDiskAttribute changes the names and descriptions of disks, and whether they go with their instances:
// of all of them, or of none.
var ModifyDiskAttribute = newAction(Action[ModifyDiskAttributeRequest, Empty]{
	permission: "ecs:ModifyDiskAttribute",
	parameters: modifyDiskParameterRules,
	refusals:   errorsOf(modifyDiskRules),
	run:        answerless((*Service).modifyDiskAttribute),
})

func (s *Service) modifyDiskAttribute(ctx context.Context, caller Caller, req ModifyDiskAttributeRequest) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		ids := req.ids()
		disks, err := tx.LockDisks(ctx, caller.AccountID, ids)
		if err != nil {
			return err
		}
		if err := check(modifyDiskRules, modifyDiskInput{ids, disks}); err != nil {
			return err
		}
		now := s.timeOf(caller)
		var changes []store.Change
		for _, d := range disks {
			disk := d.Attributes()
			before := *disk
			if req.DiskName != "" {
				disk.Name = req.DiskName
			}
			if req.Description != "" {
				disk.Description = req.Description
			}
			if req.DeleteWithInstance != nil {
				disk.KeepWithoutInstance = !*req.DeleteWithInstance
			}
			changes = append(changes, tx.UpdateDisk(d, before, now)...)
		}
		return s.record(tx, caller, now, changes...)
	})
}
