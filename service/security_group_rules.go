package service

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"enisim.alt/store"
)

// maxRules is the maximum number of rules of a security group, of both directions together.
const maxRules = 200

// The network types of a rule. In a VPC there is only the intranet.
const (
	nicIntranet = "intranet"
	nicInternet = "internet"
)

// Permission has the parameters that a rule of either direction may have, as the caller spells
// them.
type Permission struct {
	IPProtocol      string `api:"IpProtocol"`
	PortRange       string
	SourcePortRange string
	SourceCIDR      string `api:"SourceCidrIp"`
	SourceIPv6CIDR  string `api:"Ipv6SourceCidrIp"`
	DestCIDR        string `api:"DestCidrIp"`
	DestIPv6CIDR    string `api:"Ipv6DestCidrIp"`
	Policy          string // accept or drop, without regard to case; "": accept
	Priority        string // 1 to 100; "": 1
	NICType         string `api:"NicType"`
	Description     string
}

// IngressPermission is an ingress rule of a request.
type IngressPermission struct {
	Permission
	SourceGroupID      string `api:"SourceGroupId"`
	SourcePrefixListID string `api:"SourcePrefixListId"`
}

// EgressPermission is an egress rule of a request.
type EgressPermission struct {
	Permission
	DestGroupID      string `api:"DestGroupId"`
	DestPrefixListID string `api:"DestPrefixListId"`
}

// IngressPermissions are the rules of a request: a list Permissions.N, and one in the old style
// outside of it.
type IngressPermissions struct {
	Permissions []IngressPermission
	Old         IngressPermission `api:",inline"`
}

// EgressPermissions are the rules of a request: a list Permissions.N, and one in the old style
// outside of it.
type EgressPermissions struct {
	Permissions []EgressPermission
	Old         EgressPermission `api:",inline"`
}

// direction has what differs between ingress and egress.
type direction struct {
	name        string
	missingPeer *Error // for a rule that has no source or destination
	unknownPeer *Error // for a rule that names a group which does not exist
}

var (
	ingress = direction{store.RuleIngress, MissingRuleSource, InvalidSourceGroupIDNotFound}
	egress  = direction{store.RuleEgress, MissingRuleDest, InvalidDestGroupIDNotFound}
)

// permission is a rule of a request, in either direction.
type permission struct {
	Permission
	peerCIDR, peerIPv6CIDR, peerGroupID, peerPrefixListID string // the source or destination
}

func (p IngressPermissions) all() []permission {
	var out []permission
	for _, i := range appendOld(p.Permissions, p.Old) {
		out = append(
			out,
			permission{i.Permission, i.SourceCIDR, i.SourceIPv6CIDR, i.SourceGroupID, i.SourcePrefixListID},
		)
	}
	return out
}

func (p EgressPermissions) all() []permission {
	var out []permission
	for _, e := range appendOld(p.Permissions, p.Old) {
		out = append(out, permission{e.Permission, e.DestCIDR, e.DestIPv6CIDR, e.DestGroupID, e.DestPrefixListID})
	}
	return out
}

// appendOld returns the rules of the list, and the one in the old style, unless that is empty.
func appendOld[P comparable](list []P, old P) []P {
	var nothing P
	if old == nothing {
		return list
	}
	return slices.Concat(list, []P{old})
}

// rulesRequest is a request to add or remove rules of a group.
type rulesRequest struct {
	RegionID        string `api:"RegionId"`
	SecurityGroupID string `api:"SecurityGroupId"`
	ClientToken     string
	Malformed       Malformed
	permissions     []permission
	ruleIDs         []string   // the rules to remove or modify
	modified        permission // what the request sets of a rule that it modifies by id
}

// inDirection makes a write of a method that adds or removes rules of one direction.
func inDirection[Request interface{ rulesRequest() rulesRequest }](
	d direction,
	method func(*Service, context.Context, *store.Tx, Caller, direction, rulesRequest) (Empty, error),
) func(*Service, context.Context, *store.Tx, Caller, Request) (Empty, error) {
	return func(s *Service, ctx context.Context, tx *store.Tx, caller Caller, req Request) (Empty, error) {
		return method(s, ctx, tx, caller, d, req.rulesRequest())
	}
}

// parameterRules returns the rules on the request, which differ only in the direction. A request
// that names rules by their ids needs no other parameters.
func (d direction) parameterRules() []rule[rulesRequest] {
	return []rule[rulesRequest]{
		required[rulesRequest]("RegionId"),
		required[rulesRequest]("SecurityGroupId"),
		readable[rulesRequest](),
		wellFormed[rulesRequest](InvalidClientTokenValue, "ClientToken", isValidClientToken),
		invalid("Permissions", func(r rulesRequest) bool { return len(r.permissions) > maxListed }),
		invalid("SecurityGroupRuleId", func(r rulesRequest) bool { return len(r.ruleIDs) > maxListed }),
		{err: MissingNamedParameter, violated: func(r rulesRequest) bool {
			return len(r.permissions)+len(r.ruleIDs) == 0 ||
				r.anyPermission(func(p permission) bool { return p.IPProtocol == "" })
		}, messageArgs: nameArg[rulesRequest]("IpProtocol")},
		anyPermissionRule(InvalidIPProtocol, func(p permission) bool { return !isValidProtocol(p.IPProtocol) }),
		{err: MissingNamedParameter, violated: func(r rulesRequest) bool {
			return r.anyPermission(func(p permission) bool { return p.PortRange == "" })
		},
			messageArgs: nameArg[rulesRequest]("PortRange")},
		anyPermissionRule(InvalidPortRange, func(p permission) bool {
			return !isValidPortRange(p.IPProtocol, p.PortRange) ||
				p.SourcePortRange != "" && !isValidPortRange(p.IPProtocol, p.SourcePortRange)
		}),
		anyPermissionRule(d.missingPeer, func(p permission) bool {
			return p.peerCIDR == "" && p.peerIPv6CIDR == "" && p.peerGroupID == "" && p.peerPrefixListID == ""
		}),
		anyPermissionRule(
			InvalidSourceCidrIP,
			func(p permission) bool { return !isValidBlock(p.SourceCIDR, netip.Addr.Is4) },
		),
		anyPermissionRule(
			InvalidIPv6SourceCidrIP,
			func(p permission) bool { return !isValidBlock(p.SourceIPv6CIDR, netip.Addr.Is6) },
		),
		anyPermissionRule(
			InvalidDestCidrIP,
			func(p permission) bool { return !isValidBlock(p.DestCIDR, netip.Addr.Is4) },
		),
		anyPermissionRule(
			InvalidIPv6DestCidrIP,
			func(p permission) bool { return !isValidBlock(p.DestIPv6CIDR, netip.Addr.Is6) },
		),
		anyPermissionRule(
			InvalidPolicy,
			func(p permission) bool { return parsePolicy(cmp.Or(p.Policy, store.PolicyAccept)) == "" },
		),
		anyPermissionRule(
			InvalidPriority,
			func(p permission) bool { n, err := parsePriority(p.Priority); return err != nil || n < 1 || n > 100 },
		),
		anyPermissionRule(
			InvalidNicType,
			func(p permission) bool { return p.NICType != "" && !oneOf(p.NICType, nicIntranet, nicInternet) },
		),
		anyPermissionRule(
			InvalidRuleDescription,
			func(p permission) bool { return p.Description != "" && !isValidDescription(p.Description, 1, 512) },
		),
	}
}

// anyPermissionRule returns err if one of the permissions of a request is invalid.
func anyPermissionRule(err *Error, isInvalid func(permission) bool) rule[rulesRequest] {
	return rule[rulesRequest]{err: err, violated: func(r rulesRequest) bool { return r.anyPermission(isInvalid) }}
}

func (r rulesRequest) anyPermission(what func(permission) bool) bool {
	return slices.ContainsFunc(r.permissions, what)
}

// peers returns the groups that the permissions of a request name.
func (r rulesRequest) peers() []string {
	var ids []string
	for _, p := range r.permissions {
		ids = append(ids, optionalList(p.peerGroupID)...)
	}
	return ids
}

// portProtocols are the protocols that have ports.
var portProtocols = []string{"TCP", "UDP"}

// isValidProtocol reports whether a text is the name of a protocol or an IANA number.
func isValidProtocol(protocol string) bool {
	if n, err := strconv.Atoi(protocol); err == nil {
		return n >= 0 && n <= 255
	}
	return oneOf(strings.ToUpper(protocol), "TCP", "UDP", "ICMP", "ICMPV6", "GRE", "ALL")
}

// isValidPortRange reports whether ports have the form first/last, or are -1/-1 for a protocol
// without ports.
func isValidPortRange(protocol, ports string) bool {
	if !slices.Contains(portProtocols, strings.ToUpper(protocol)) {
		return ports == "-1/-1"
	}
	var first, last int
	if n, err := fmt.Sscanf(ports, "%d/%d", &first, &last); err != nil || n != 2 ||
		ports != fmt.Sprintf("%d/%d", first, last) {
		return false
	}
	return first >= 1 && first <= last && last <= 65535
}

// isValidBlock reports whether a text is a block or a single address of a family. It accepts "",
// which is none.
func isValidBlock(text string, ofFamily func(netip.Addr) bool) bool {
	if text == "" {
		return true
	}
	if block, err := netip.ParsePrefix(text); err == nil {
		return ofFamily(block.Addr())
	}
	address, err := netip.ParseAddr(text)
	return err == nil && ofFamily(address) && address.Zone() == ""
}

// parsePolicy returns a policy in its canonical spelling, or "" if the text is not one.
func parsePolicy(text string) string {
	for _, policy := range []string{store.PolicyAccept, store.PolicyDrop} {
		if strings.EqualFold(text, policy) {
			return policy
		}
	}
	return ""
}

func parsePriority(text string) (int, error) { return strconv.Atoi(cmp.Or(text, "1")) }

// newRule returns the stored rule for a valid permission.
func (d direction) newRule(p permission) store.SecurityGroupRule {
	priority, _ := parsePriority(p.Priority)
	r := store.SecurityGroupRule{
		Direction:       d.name,
		IPProtocol:      strings.ToUpper(p.IPProtocol),
		PortRange:       p.PortRange,
		SourcePortRange: p.SourcePortRange,
		Policy:          parsePolicy(cmp.Or(p.Policy, store.PolicyAccept)),
		Priority:        priority,
		NICType:         cmp.Or(p.NICType, nicIntranet),
		SourceCIDR:      p.SourceCIDR,
		SourceIPv6CIDR:  p.SourceIPv6CIDR,
		DestCIDR:        p.DestCIDR,
		DestIPv6CIDR:    p.DestIPv6CIDR,
		Description:     p.Description,
	}
	if d.name == store.RuleIngress {
		r.SourceGroupID, r.SourcePrefixListID = p.peerGroupID, p.peerPrefixListID
	} else {
		r.DestGroupID, r.DestPrefixListID = p.peerGroupID, p.peerPrefixListID
	}
	return r
}

// rulesInput is the request plus the locked rows that its rules check.
type rulesInput struct {
	rulesRequest
	*store.RulesScene
	added  []store.SecurityGroupRule // rules that the group does not have yet
	absent bool                      // a rule id to remove is not one of the group's in this direction
}

// sceneRules returns the rules on the groups of a request.
func (d direction) sceneRules() []rule[rulesInput] {
	return []rule[rulesInput]{
		{err: InvalidSecurityGroupIDNotFound, violated: func(c rulesInput) bool { return !c.Exists }},
		{err: d.unknownPeer, violated: func(c rulesInput) bool {
			return slices.ContainsFunc(c.peers(), func(id string) bool { return !c.Peers[id] })
		}},
	}
}
