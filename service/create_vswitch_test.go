package service

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"enisim.alt/store"
)

// validCreateVSwitch returns a request that violates no rule.
func validCreateVSwitch() CreateVSwitchRequest {
	return CreateVSwitchRequest{ZoneID: "cn-hangzhou-h", VPCID: "vpc-1", CIDRBlock: "10.0.0.0/24"}
}

// Each rule on the parameters of CreateVSwitch answers with its error, the earlier one first.
func TestCreateVSwitchParameters(t *testing.T) {
	t.Parallel()
	walkRules(t, createVSwitchParameterRules, validCreateVSwitch, []violation[CreateVSwitchRequest]{
		{"no ZoneId", "MissingParameterZoneId", func(r *CreateVSwitchRequest) { r.ZoneID = "" }},
		{"no VpcId", "MissingParameterVpcId", func(r *CreateVSwitchRequest) { r.VPCID = "" }},
		{
			"not an integer", "InvalidParameterCidrMask",
			func(r *CreateVSwitchRequest) { r.Malformed = Malformed{"CidrMask"} },
		},
		{
			"neither block nor mask", "MissingParameterCidrBlock",
			func(r *CreateVSwitchRequest) { r.CIDRBlock, r.CIDRMask = "", nil },
		},
		{
			"block and mask", "InvalidParameterCidrMask",
			func(r *CreateVSwitchRequest) { r.CIDRBlock, r.CIDRMask = "10.0.0.0/24", new(24) },
		},
		{"mask", "InvalidParameterCidrMask", func(r *CreateVSwitchRequest) { r.CIDRBlock, r.CIDRMask = "", new(30) }},
		{
			"malformed block", "InvalidCidrBlock.Malformed",
			func(r *CreateVSwitchRequest) { r.CIDRBlock, r.CIDRMask = "10.0.0.1/24", nil },
		},
		{"block", "InvalidParameter", func(r *CreateVSwitchRequest) { r.CIDRBlock, r.CIDRMask = "10.0.0.0/30", nil }},
		{"IPv6 number", "InvalidParameterIpv6CidrBlock", func(r *CreateVSwitchRequest) { r.IPv6CIDRBlock = new(256) }},
		{"name", "InvalidVpcName.Malformed", func(r *CreateVSwitchRequest) { r.VSwitchName = "http://vsw" }},
		{
			"description", "InvalidVpcDiscription.Malformed",
			func(r *CreateVSwitchRequest) { r.Description = "https://vsw" },
		},
		{"tags", "QuotaExceed.Tags", func(r *CreateVSwitchRequest) { r.Tags = append(r.Tags, numberedTags(21)...) }},
		{
			"tag key", "InvalidTagKey.Malformed",
			func(r *CreateVSwitchRequest) { r.Tags = append(r.Tags, Tag{Key: "acs:a"}) },
		},
		{
			"tag value", "InvalidTagValue.Malformed",
			func(r *CreateVSwitchRequest) { r.Tags = append(r.Tags, Tag{"a", "acs:a"}) },
		},
		{
			"tag twice", "Duplicate.TagKey",
			func(r *CreateVSwitchRequest) { r.Tags = append(r.Tags, Tag{Key: "b"}, Tag{Key: "b"}) },
		},
		{"token", "InvalidClientToken.ValueNotSupported", func(r *CreateVSwitchRequest) { r.ClientToken = "é" }},
	})
}

// validNewVSwitch returns an input that violates no rule.
func validNewVSwitch() createVSwitchInput {
	block, ipv6 := netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2408:4000:0:100::/56")
	sibling := netip.MustParsePrefix("2408:4000:0:1ff::/64")
	return createVSwitchInput{validCreateVSwitch(), &store.CreateVSwitchScene{
		VPC:       &store.VPC{ID: "vpc-1", CIDRBlock: block, IPv6CIDRBlock: &ipv6},
		ZoneKnown: true,
		Siblings: []store.VSwitch{{
			ID: "vsw-1", CIDRBlock: netip.MustParsePrefix("10.1.0.0/16"), IPv6CIDRBlock: &sibling,
		}},
	}, time.Now()}
}

// Each rule on the rows of CreateVSwitch answers with its error, the earlier one first.
func TestCreateVSwitchRules(t *testing.T) {
	t.Parallel()
	walkRules(t, createVSwitchRules, validNewVSwitch, []violation[createVSwitchInput]{
		{"no VPC", "InvalidVpcId.NotFound", func(n *createVSwitchInput) { n.VPC = nil }},
		{"zone", "InvalidZoneId.NotFound", func(n *createVSwitchInput) { n.ZoneKnown = false }},
		{"pending", "IncorrectVpcStatus", func(n *createVSwitchInput) {
			n.VPC = withVPC(n.VPC, func(v *store.VPC) { v.AvailableAt = new(n.now.Add(1)) })
		}},
		{"outside", "InvalidParameter", func(n *createVSwitchInput) { n.CIDRBlock = "11.0.0.0/24" }},
		{"no IPv6", "InvalidParameterIpv6CidrBlock", func(n *createVSwitchInput) {
			n.IPv6CIDRBlock = new(0)
			n.VPC = withVPC(n.VPC, func(v *store.VPC) { v.IPv6CIDRBlock = nil })
		}},
		{"overlap", "InvalidCidrBlock.Overlapped", func(n *createVSwitchInput) {
			n.Siblings = append(n.Siblings, store.VSwitch{CIDRBlock: netip.MustParsePrefix("10.0.0.0/9")},
				store.VSwitch{CIDRBlock: netip.MustParsePrefix("11.0.0.0/8")})
		}},
		{"IPv6 overlap", "InvalidCidrBlock.Overlapped", func(n *createVSwitchInput) { n.IPv6CIDRBlock = new(255) }},
		{"quota", "QuotaExceeded.VSwitch", func(n *createVSwitchInput) {
			for k := range maxVSwitches {
				n.Siblings = append(n.Siblings, store.VSwitch{
					CIDRBlock: netip.MustParsePrefix(fmt.Sprintf("10.2.%d.0/24", k)),
				})
			}
		}},
	})
}

// withVPC returns a changed copy of a VPC.
func withVPC(v *store.VPC, change func(*store.VPC)) *store.VPC {
	if v == nil {
		return nil
	}
	changed := *v
	change(&changed)
	return &changed
}

// A request can name a mask in place of a block. It is refused if no free block of this size is
// left in the VPC.
func TestVSwitchByItsMask(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bits int
		want string
	}{{24, ""}, {16, ""}, {29, ""}} {
		n := validNewVSwitch()
		n.CIDRBlock, n.CIDRMask = "", &c.bits
		if err := check(createVSwitchRules, n); codeOf(err) != c.want {
			t.Errorf("/%d: got %v, want %q", c.bits, err, c.want)
		}
	}
	full := validNewVSwitch()
	full.CIDRBlock, full.CIDRMask = "", new(16)
	full.Siblings = append(full.Siblings, store.VSwitch{CIDRBlock: netip.MustParsePrefix("10.0.0.0/8")})
	if err := check(createVSwitchRules, full); codeOf(err) != "InvalidCidrBlock.Overlapped" {
		t.Errorf("a full VPC: got %v, want InvalidCidrBlock.Overlapped", err)
	}
	small := validNewVSwitch()
	small.VPC.CIDRBlock = netip.MustParsePrefix("10.0.0.0/24")
	small.CIDRBlock, small.CIDRMask = "", new(16)
	if err := check(createVSwitchRules, small); codeOf(err) != "InvalidParameter" {
		t.Errorf("larger than the VPC: got %v, want InvalidParameter", err)
	}
}
