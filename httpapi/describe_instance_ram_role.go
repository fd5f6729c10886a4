package httpapi

import "enisim.alt/service"

type describeInstanceRAMRoleReply struct {
	Reply
	RegionId            string
	TotalCount          int
	InstanceRamRoleSets struct{ InstanceRamRoleSet []instanceRAMRole }
}

type instanceRAMRole struct{ InstanceId, RamRoleName string }

func newInstanceRAMRolesResponse(roles service.InstanceRAMRoles) any {
	reply := &describeInstanceRAMRoleReply{RegionId: roles.RegionID, TotalCount: roles.TotalCount}
	reply.InstanceRamRoleSets.InstanceRamRoleSet = mapEach(roles.Items, func(i service.Instance) instanceRAMRole {
		return instanceRAMRole{i.ID, i.Attributes.RAMRoleName}
	})
	return reply
}
