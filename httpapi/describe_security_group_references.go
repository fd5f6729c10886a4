package httpapi

import "enisim.alt/service"

type describeSecurityGroupReferencesReply struct {
	Reply
	SecurityGroupReferences struct{ SecurityGroupReference []securityGroupReference }
}

type securityGroupReference struct {
	SecurityGroupId           string
	ReferencingSecurityGroups struct{ ReferencingSecurityGroup []referencingSecurityGroup }
}

type referencingSecurityGroup struct{ AliUid, SecurityGroupId string }

func newSecurityGroupReferencesResponse(list []service.SecurityGroupReferences) any {
	reply := &describeSecurityGroupReferencesReply{}
	reply.SecurityGroupReferences.SecurityGroupReference = mapEach(list,
		func(r service.SecurityGroupReferences) securityGroupReference {
			out := securityGroupReference{SecurityGroupId: r.GroupID}
			out.ReferencingSecurityGroups.ReferencingSecurityGroup = mapEach(r.Referencing,
				func(id string) referencingSecurityGroup { return referencingSecurityGroup{r.AccountID, id} })
			return out
		})
	return reply
}
