package httpapi

import "enisim/service"

type describeVSwitchAttributesReply struct {
	Reply
	vswitch
}

// spellVSwitchAttributes spells a VSwitch that is not there with empty fields.
func spellVSwitchAttributes(v *service.VSwitch) any {
	if v == nil {
		return &describeVSwitchAttributesReply{vswitch: vswitch{Tags: spellVPCTags(nil)}}
	}
	return &describeVSwitchAttributesReply{vswitch: spellVSwitch(*v)}
}
