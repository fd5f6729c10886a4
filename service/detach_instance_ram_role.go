package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// DetachInstanceRAMRoleRequest is the request to take a RAM role from instances.
type DetachInstanceRAMRoleRequest struct {
	RegionID    string   `api:"RegionId"`
	InstanceIDs JSONList `api:"InstanceIds"`
	RAMRoleName string   `api:"RamRoleName"` // "": any
	Malformed   Malformed
}

var detachInstanceRAMRoleParameterRules = []rule[DetachInstanceRAMRoleRequest]{
	requiredOr[DetachInstanceRAMRoleRequest](MissingRegionIDOfRole, "RegionId"),
	{
		err: MissingInstanceIDsOfRole,
		violated: func(r DetachInstanceRAMRoleRequest) bool {
			return r.InstanceIDs == nil && !slices.Contains(r.Malformed, "InstanceIds")
		},
		constraint: presence("InstanceIds"),
	},
	validNames[DetachInstanceRAMRoleRequest](InvalidInstanceIDsOfRole, "InstanceIds", maxListed),
	wellFormed[DetachInstanceRAMRoleRequest](InvalidRAMRoleNotFound, "RamRoleName", ramRoleForm.MatchString),
}

// DetachInstanceRAMRole takes a RAM role from instances. One that has no role, or another one, stays as it is.
var DetachInstanceRAMRole = newAction(Action[DetachInstanceRAMRoleRequest, InstanceResults]{
	permission: "ecs:DetachInstanceRamRole",
	parameters: detachInstanceRAMRoleParameterRules,
	refusals:   errorsOf(instanceOfRoleRules),
	run:        (*Service).detachInstanceRAMRole,
})

func (s *Service) detachInstanceRAMRole(
	ctx context.Context, caller Caller, req DetachInstanceRAMRoleRequest,
) (InstanceResults, error) {
	results, err := s.changeRAMRoles(ctx, caller, req.RegionID, req.InstanceIDs, nil, func(i *store.Instance) {
		if oneOf(req.RAMRoleName, "", i.Attributes.RAMRoleName) {
			i.Attributes.RAMRoleName = ""
		}
	})
	return InstanceResults{req.RAMRoleName, results}, err
}
