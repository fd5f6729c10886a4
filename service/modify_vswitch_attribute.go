package service

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"enisim.alt/store"
)

// ModifyVSwitchAttributeRequest is the request to change a VSwitch. Attributes that are empty or
// absent stay unchanged.
type ModifyVSwitchAttributeRequest struct {
	RegionID      string `api:"RegionId"`
	VSwitchID     string `api:"VSwitchId"`
	VSwitchName   string
	Description   string
	EnableIPv6    *bool `api:"EnableIPv6"`
	IPv6CIDRBlock *int  `api:"Ipv6CidrBlock"` // which /64 of the VPC's IPv6 block
	Malformed     Malformed
}

func (r ModifyVSwitchAttributeRequest) changesIPv6() bool {
	return r.EnableIPv6 != nil || r.IPv6CIDRBlock != nil
}

var modifyVSwitchParameterRules = slices.Concat([]rule[ModifyVSwitchAttributeRequest]{
	required[ModifyVSwitchAttributeRequest]("VSwitchId"),
	readable[ModifyVSwitchAttributeRequest](),
	within[ModifyVSwitchAttributeRequest]("Ipv6CidrBlock", 0, 255),
	invalid(
		"Ipv6CidrBlock",
		func(r ModifyVSwitchAttributeRequest) bool { return r.IPv6CIDRBlock != nil && isFalse(r.EnableIPv6) },
	),
}, vpcTextRules[ModifyVSwitchAttributeRequest]("VSwitchName"))

// modifyVSwitchInput is the request plus the locked rows that its rules check.
type modifyVSwitchInput struct {
	ModifyVSwitchAttributeRequest
	*store.ModifyVSwitchScene
	now time.Time
}

// ipv6Block returns the IPv6 block that the VSwitch will have, or nil for none. free is false if
// another VSwitch has that block, or if no block is left.
func (c modifyVSwitchInput) ipv6Block() (block *netip.Prefix, free bool) {
	taken := ipv6Blocks(c.Siblings, c.VSwitch.ID)
	switch {
	case isFalse(c.EnableIPv6):
		return nil, true
	case c.IPv6CIDRBlock != nil:
		named, _ := ipv6Subnet(*c.VPC.IPv6CIDRBlock, *c.IPv6CIDRBlock)
		return &named, !overlapsAny(named, taken)
	case isTrue(c.EnableIPv6) && c.VSwitch.IPv6CIDRBlock == nil:
		found, free := firstFreeBlock(*c.VPC.IPv6CIDRBlock, ipv6VSwitchBits, taken)
		return &found, free
	}
	return c.VSwitch.IPv6CIDRBlock, true
}

// losesBlock reports whether the VSwitch would lose its current IPv6 block.
func (c modifyVSwitchInput) losesBlock() bool {
	block, _ := c.ipv6Block()
	return c.VSwitch.IPv6CIDRBlock != nil && (block == nil || *block != *c.VSwitch.IPv6CIDRBlock)
}

var modifyVSwitchRules = []rule[modifyVSwitchInput]{
	{err: VSwitchNotExist, violated: func(c modifyVSwitchInput) bool { return c.VSwitch == nil }},
	{
		err:      IncorrectVSwitchStatus,
		violated: func(c modifyVSwitchInput) bool { return c.VSwitch.Status(c.now) != store.NetworkAvailable },
	},
	invalid(
		"EnableIPv6",
		func(c modifyVSwitchInput) bool { return isTrue(c.EnableIPv6) && c.VPC.IPv6CIDRBlock == nil },
	),
	invalid("Ipv6CidrBlock", func(c modifyVSwitchInput) bool {
		return c.IPv6CIDRBlock != nil && lacksSubnet(c.VPC.IPv6CIDRBlock, c.IPv6CIDRBlock)
	}),
	{
		err:      InvalidCIDRBlockOverlapped,
		violated: func(c modifyVSwitchInput) bool { _, free := c.ipv6Block(); return !free },
	},
	{err: VSwitchInUse, violated: func(c modifyVSwitchInput) bool { return c.losesBlock() && c.HasIPv6Members }},
}

// ModifyVSwitchAttribute changes the name and the description of a VSwitch, and adds or removes its
// IPv6 block. Without a number it keeps its block, or gets the first one that is free.
var ModifyVSwitchAttribute = newAction(Action[ModifyVSwitchAttributeRequest, Empty]{
	permission: "vpc:ModifyVSwitchAttribute",
	parameters: modifyVSwitchParameterRules,
	refusals:   errorsOf(modifyVSwitchRules),
	run:        answerless((*Service).modifyVSwitchAttribute),
})

func (s *Service) modifyVSwitchAttribute(ctx context.Context, caller Caller, req ModifyVSwitchAttributeRequest) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForModifyVSwitch(ctx, caller.AccountID, req.RegionID, req.VSwitchID, req.changesIPv6())
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		input := modifyVSwitchInput{req, scene, now}
		if err := check(modifyVSwitchRules, input); err != nil {
			return err
		}
		block, _ := input.ipv6Block()
		vswitch := *scene.VSwitch
		vswitch.IPv6CIDRBlock = block
		if req.VSwitchName != "" {
			vswitch.Name = req.VSwitchName
		}
		if req.Description != "" {
			vswitch.Description = req.Description
		}
		tx.UpdateVSwitch(&vswitch)
		return s.record(tx, caller, now, store.ChangesOf(scene.VSwitch, &vswitch, now)...)
	})
}
