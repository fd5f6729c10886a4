package service

import "testing"

// Each rule on the parameters of CreateVpc answers with its error, the earlier one first.
func TestCreateVPCParameters(t *testing.T) {
	t.Parallel()
	walkRules(t, createVPCParameterRules, func() CreateVPCRequest { return CreateVPCRequest{RegionID: "cn-hangzhou"} },
		[]violation[CreateVPCRequest]{
			{"no RegionId", "MissingParameterRegionId", func(r *CreateVPCRequest) { r.RegionID = "" }},
			{
				"not a boolean", "InvalidParameterDryRun",
				func(r *CreateVPCRequest) { r.Malformed = Malformed{"DryRun"} },
			},
			{"block", "InvalidParameter", func(r *CreateVPCRequest) { r.CIDRBlock = "10.0.0.0" }},
			{"mask", "IllegalParam.CidrBlockMask7", func(r *CreateVPCRequest) { r.CIDRBlock = "10.0.0.0/7" }},
			{"reserved block", "InvalidParameter", func(r *CreateVPCRequest) { r.CIDRBlock = "100.64.0.0/16" }},
			{"user block", "InvalidParameterUserCidr", func(r *CreateVPCRequest) { r.UserCIDR = "10.0.0.0/8,nowhere" }},
			{
				"IPv6 block", "InvalidParameterIpv6CidrBlock",
				func(r *CreateVPCRequest) { r.IPv6CIDRBlock = "2408:4000::/64" },
			},
			{"name", "InvalidVpcName.Malformed", func(r *CreateVPCRequest) { r.VPCName = "http://vpc" }},
			{
				"description", "InvalidVpcDiscription.Malformed",
				func(r *CreateVPCRequest) { r.Description = "https://vpc" },
			},
			{"tags", "QuotaExceed.Tags", func(r *CreateVPCRequest) { r.Tags = append(r.Tags, numberedTags(21)...) }},
			{
				"tag key", "InvalidTagKey.Malformed",
				func(r *CreateVPCRequest) { r.Tags = append(r.Tags, Tag{Key: "acs:a"}) },
			},
			{
				"tag value", "InvalidTagValue.Malformed",
				func(r *CreateVPCRequest) { r.Tags = append(r.Tags, Tag{"a", "acs:a"}) },
			},
			{
				"tag twice", "Duplicate.TagKey",
				func(r *CreateVPCRequest) { r.Tags = append(r.Tags, Tag{Key: "b"}, Tag{Key: "b"}) },
			},
			{"token", "InvalidClientToken.ValueNotSupported", func(r *CreateVPCRequest) { r.ClientToken = "é" }},
		})
}

// The CIDR block of a VPC has a documented range and mask.
func TestBlocksOfAVPC(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		block string
		want  string // "" if the block is valid
	}{
		{"", ""}, {"10.0.0.0/8", ""}, {"10.0.0.0/28", ""}, {"172.16.0.0/12", ""}, {"192.168.0.0/16", ""},
		{"11.0.0.0/16", ""},
		{"10.0.0.0/29", "IllegalParam.CidrBlockMask"},
		{"172.16.0.0/11", "InvalidParameter"}, // has bits beyond its mask
		{"172.0.0.0/11", "IllegalParam.CidrBlockMask"},
		{"12.0.0.0/15", "IllegalParam.CidrBlockMask"},
		{"127.0.0.0/16", "InvalidParameter"}, {"224.0.0.0/16", "InvalidParameter"},
		{"169.254.0.0/24", "InvalidParameter"},
		{"2408:4000::/28", "InvalidParameter"},
	} {
		err := check(createVPCParameterRules, CreateVPCRequest{RegionID: "cn-hangzhou", CIDRBlock: c.block})
		if got := codeOf(err); got != c.want {
			t.Errorf("%q: got %q, want %q", c.block, got, c.want)
		}
	}
}

// codeOf returns the code of an API error, or "" for no error.
func codeOf(err error) string {
	if err == nil {
		return ""
	}
	shown, _ := APIError(err)
	return shown.Code
}
