package httpapi

import "enisim/service"

type describeVSwitchAttributesReply struct {
	Reply
	vswitch
}

// spellVSwitchAttributes spells a VSwitch that is not there with empty fields.
func newVSwitchAttributesResponse(v *service.VSwitch) any {
	if v == nil {
		return &describeVSwitchAttributesReply{vswitch: vswitch{Tags: newVPCTags(nil)}}
	}
	return &describeVSwitchAttributesReply{vswitch: newVSwitch(*v)}
}
