package httpapi

import "enisim.alt/service"

type describeInstanceAttachmentAttributesReply struct {
	Reply
	numberedPageReply
	Instances struct{ Instance []attachmentAttributes }
}

type attachmentAttributes struct {
	InstanceId                      string
	PrivatePoolOptionsMatchCriteria string
	PrivatePoolOptionsId            string
}

func newAttachmentAttributesResponse(list service.List[service.Instance]) any {
	reply := &describeInstanceAttachmentAttributesReply{numberedPageReply: numberedPageOf(list)}
	reply.Instances.Instance = mapEach(list.Items, func(i service.Instance) attachmentAttributes {
		return attachmentAttributes{InstanceId: i.ID, PrivatePoolOptionsMatchCriteria: "None"}
	})
	return reply
}
