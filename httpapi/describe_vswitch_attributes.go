package httpapi

import "enisim.alt/service"

type describeVSwitchAttributesReply struct {
	Reply
	vswitch
}

// newVSwitchAttributesResponse returns a response with empty fields if there is no VSwitch.
func newVSwitchAttributesResponse(v *service.VSwitch) any {
	if v == nil {
		return &describeVSwitchAttributesReply{vswitch: vswitch{Tags: newVPCTags(nil)}}
	}
	return &describeVSwitchAttributesReply{vswitch: newVSwitch(*v)}
}
