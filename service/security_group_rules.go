package service

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"enisim/store"
)

// maxRules is how many rules a security group may have, of both directions together.
const maxRules = 200

// The two sides of an interface that a rule may be for. In a VPC there is the intranet only.
const (
	nicIntranet = "intranet"
	nicInternet = "internet"
)

// Permission is what a rule of either direction may say, as a caller spells it.
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

// IngressPermission is a rule on what comes from a source.
type IngressPermission struct {
	Permission
	SourceGroupID      string `api:"SourceGroupId"`
	SourcePrefixListID string `api:"SourcePrefixListId"`
}

// EgressPermission is a rule on what goes to a destination.
type EgressPermission struct {
	Permission
	DestGroupID      string `api:"DestGroupId"`
	DestPrefixListID string `api:"DestPrefixListId"`
}

// IngressPermissions are the rules that a request names: as Permissions.N, or, as of old, one
// without.
type IngressPermissions struct {
	Permissions []IngressPermission
	Old         IngressPermission `api:",inline"`
}

// EgressPermissions are the rules that a request names: as Permissions.N, or, as of old, one
// without.
type EgressPermissions struct {
	Permissions []EgressPermission
	Old         EgressPermission `api:",inline"`
}

// direction is what ingress and egress differ in.
type direction struct {
	name        string
	missingPeer *Error // a rule names nothing at its other end
	unknownPeer *Error // a rule names a group that is not there
}

var (
	ingress = direction{store.RuleIngress, MissingRuleSource, InvalidSourceGroupIDNotFound}
	egress  = direction{store.RuleEgress, MissingRuleDest, InvalidDestGroupIDNotFound}
)

// permission is a rule of a request, whichever its direction.
type permission struct {
	Permission
	peerCIDR, peerIPv6CIDR, peerGroupID, peerPrefixListID string // what is at its other end
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

// appendOld returns the rules of a list, and the one beside it, if that says anything.
func appendOld[P comparable](list []P, old P) []P {
	var nothing P
	if old == nothing {
		return list
	}
	return slices.Concat(list, []P{old})
}

// rulesRequest is a request that adds rules to a group or takes them away.
type rulesRequest struct {
	regionID, securityGroupID, clientToken string
	permissions                            []permission
	ruleIDs                                []string // of rules to take away
	malformed                              Malformed
}

// parameterRules returns the rules on what a request says, which differ in the direction only. A
// request that names rules by their ids need say nothing else.
func (d direction) parameterRules() []rule[rulesRequest] {
	return []rule[rulesRequest]{
		required("RegionId", func(r rulesRequest) string { return r.regionID }),
		required("SecurityGroupId", func(r rulesRequest) string { return r.securityGroupID }),
		readable(func(r rulesRequest) Malformed { return r.malformed }),
		wellFormed(InvalidClientTokenValue, func(r rulesRequest) string { return r.clientToken }, isValidClientToken),
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

// anyPermissionRule answers err where one of the rules of a request is bad.
func anyPermissionRule(err *Error, isInvalid func(permission) bool) rule[rulesRequest] {
	return rule[rulesRequest]{err: err, violated: func(r rulesRequest) bool { return r.anyPermission(isInvalid) }}
}

func (r rulesRequest) anyPermission(what func(permission) bool) bool {
	return slices.ContainsFunc(r.permissions, what)
}

// peers returns the groups that the rules of a request name.
func (r rulesRequest) peers() []string {
	var ids []string
	for _, p := range r.permissions {
		ids = append(ids, optionalList(p.peerGroupID)...)
	}
	return ids
}

// portProtocols are the protocols that have ports.
var portProtocols = []string{"TCP", "UDP"}

// isValidProtocol reports whether a rule may be on a protocol: one of those with a name, or an IANA
// number.
func isValidProtocol(protocol string) bool {
	if n, err := strconv.Atoi(protocol); err == nil {
		return n >= 0 && n <= 255
	}
	return oneOf(strings.ToUpper(protocol), "TCP", "UDP", "ICMP", "ICMPV6", "GRE", "ALL")
}

// isValidPortRange reports whether ports are spelled as first/last, and as -1/-1 where the protocol
// has none.
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

// isValidBlock reports whether a text is a block of a family, or a single address of it. "" is
// none.
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

// parsePolicy returns a policy as it is shown, or "" for what is none.
func parsePolicy(text string) string {
	for _, policy := range []string{store.PolicyAccept, store.PolicyDrop} {
		if strings.EqualFold(text, policy) {
			return policy
		}
	}
	return ""
}

func parsePriority(text string) (int, error) { return strconv.Atoi(cmp.Or(text, "1")) }

// newRule returns what a good permission asks for, as it is kept.
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

// rulesInput is what a change of rules is decided on: the request, and what the locks returned.
type rulesInput struct {
	rulesRequest
	*store.RulesScene
	added  []store.SecurityGroupRule // that the group does not have yet
	absent bool                      // a rule that is to go by its id is not one of the group's in this direction
}

// sceneRules returns the rules on the groups that a request names.
func (d direction) sceneRules() []rule[rulesInput] {
	return []rule[rulesInput]{
		{err: InvalidSecurityGroupIDNotFound, violated: func(c rulesInput) bool { return !c.Exists }},
		{err: d.unknownPeer, violated: func(c rulesInput) bool {
			return slices.ContainsFunc(c.peers(), func(id string) bool { return !c.Peers[id] })
		}},
	}
}
