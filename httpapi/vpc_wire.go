package httpapi

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"

	"enisim.alt/service"
)

// Parts that the replies of the VPC product share.

// vpcTags are tags in replies of VPC; ECS uses TagKey and TagValue.
type vpcTags struct{ Tag []vpcTag }

type vpcTag struct{ Key, Value string }

func newVPCTags(tags map[string]string) vpcTags {
	return vpcTags{mapEach(slices.Sorted(maps.Keys(tags)), func(key string) vpcTag { return vpcTag{key, tags[key]} })}
}

// ownerNumber returns an account's id as VPC shows it: its 16 digits as a number.
func ownerNumber(accountID string) int64 {
	n, _ := strconv.ParseInt(accountID, 10, 64) // a constraint of the database holds it to digits
	return n
}

// formatBlock returns a block as text, or "" for none.
func formatBlock(block *netip.Prefix) string {
	if block == nil {
		return ""
	}
	return block.String()
}

type vswitchIDs struct{ VSwitchId []string }

func idsOfVSwitches(v service.VPC) vswitchIDs {
	out := vswitchIDs{make([]string, 0, len(v.VSwitches))}
	for _, vswitch := range v.VSwitches {
		out.VSwitchId = append(out.VSwitchId, vswitch.ID)
	}
	return out
}
