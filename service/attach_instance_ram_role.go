package service

import (
	"context"
	"regexp"

	"enisim.alt/store"
)

// AttachInstanceRAMRoleRequest is the request to give instances a RAM role.
type AttachInstanceRAMRoleRequest struct {
	RegionID    string   `api:"RegionId"`
	InstanceIDs JSONList `api:"InstanceIds"`
	RAMRoleName string   `api:"RamRoleName"`
	Policy      string   // accepted, without effect: a role may do everything
	Malformed   Malformed
}

// maxRolePolicy is how many characters a policy may have, as documented.
const maxRolePolicy = 1024

// ramRoleForm is the form of the names of RAM roles.
var ramRoleForm = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)

var attachInstanceRAMRoleParameterRules = []rule[AttachInstanceRAMRoleRequest]{
	required[AttachInstanceRAMRoleRequest]("RegionId"),
	requiredList[AttachInstanceRAMRoleRequest]("InstanceIds"),
	required[AttachInstanceRAMRoleRequest]("RamRoleName"),
	validNames[AttachInstanceRAMRoleRequest](InvalidInstanceIDsOfRole, "InstanceIds", maxListed),
	invalid("Policy", func(r AttachInstanceRAMRoleRequest) bool {
		return r.Policy != "" && !lengthWithin(r.Policy, 1, maxRolePolicy)
	}),
	// Each role of the account exists whose name a role can have.
	wellFormed[AttachInstanceRAMRoleRequest](InvalidRAMRoleNotFound, "RamRoleName", ramRoleForm.MatchString),
}

// instanceOfRoleRules apply to all instances of a call together.
var instanceOfRoleRules = []rule[instanceInput]{
	{err: InstanceOfRoleNotFound, violated: func(i instanceInput) bool { return i.Instance == nil }},
	{err: RoleOfClassicInstance, violated: func(i instanceInput) bool {
		return i.Instance.NetworkType == store.NetworkTypeClassic
	}},
}

// AttachInstanceRAMRole gives instances a RAM role. One that has another role fails alone.
var AttachInstanceRAMRole = newAction(Action[AttachInstanceRAMRoleRequest, InstanceResults]{
	permission: "ecs:AttachInstanceRamRole",
	parameters: attachInstanceRAMRoleParameterRules,
	refusals:   errorsOf(instanceOfRoleRules),
	run:        (*Service).attachInstanceRAMRole,
})

// freeOfRole refuses an instance that has another role.
func freeOfRole(role string) []rule[instanceInput] {
	return []rule[instanceInput]{{err: OtherRAMRoleAttached, violated: func(i instanceInput) bool {
		return !oneOf(i.Instance.Attributes.RAMRoleName, "", role)
	}}}
}

func (s *Service) attachInstanceRAMRole(
	ctx context.Context, caller Caller, req AttachInstanceRAMRoleRequest,
) (InstanceResults, error) {
	results, err := s.changeRAMRoles(ctx, caller, req.RegionID, req.InstanceIDs, freeOfRole(req.RAMRoleName),
		func(i *store.Instance) { i.Attributes.RAMRoleName = req.RAMRoleName })
	return InstanceResults{req.RAMRoleName, results}, err
}

// changeRAMRoles changes the roles of instances that all exist. rules refuse some of them.
func (s *Service) changeRAMRoles(
	ctx context.Context, caller Caller, regionID string, instanceIDs []string, rules []rule[instanceInput],
	change func(*store.Instance),
) (results []InstanceResult, err error) {
	ids := withoutRepeats(instanceIDs)
	err = s.store.InTx(ctx, func(tx *store.Tx) error {
		scenes, err := s.lockAllInstances(ctx, tx, caller, regionID, ids, instanceOfRoleRules)
		if err != nil {
			return err
		}
		results, err = s.changeInstances(tx, caller, ids, scenes, rules, change)
		return err
	})
	return results, err
}
