package httpapi

import "enisim.alt/service"

type listResourceGroupsReply struct {
	Reply
	numberedPageReply
	ResourceGroups struct{ ResourceGroup []resourceGroup }
}

type resourceGroup struct{ Id, Name, DisplayName, AccountId, Status, CreateDate string }

func newResourceGroupsResponse(list service.List[service.ResourceGroup]) any {
	reply := &listResourceGroupsReply{numberedPageReply: numberedPageOf(list)}
	reply.ResourceGroups.ResourceGroup = mapEach(list.Items, func(g service.ResourceGroup) resourceGroup {
		return resourceGroup{g.ID, g.Name, g.DisplayName, g.AccountID, "OK", g.CreatedAt.UTC().Format(timeWithSeconds)}
	})
	return reply
}
