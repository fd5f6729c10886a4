package scenario

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"enisim.alt/store"
)

// The network types of a rule.
const (
	nicIntranet = "intranet"
	nicInternet = "internet"
)

// noPorts is the port range of a protocol that has no ports.
const noPorts = "-1/-1"

var (
	protocolForm  = regexp.MustCompile(`^(TCP|UDP|ICMP|ICMPV6|GRE|ALL|[0-9]{1,3})$`)
	portRangeForm = regexp.MustCompile(`^(-1/-1|[0-9]{1,5}/[0-9]{1,5})$`)
)

// rules adds the rules of a group. All groups must be known by then, because a rule may name any of
// them.
func (x *accountExpansion) rules(g *groupEntry) {
	if !g.id.given {
		return
	}
	for k := range g.rules {
		e := &g.rules[k]
		row := e.row
		row.AccountID, row.SecurityGroupID = x.accountID, g.id.value
		row.ID = defaultRuleID(g.id.value, k+1)
		if e.id.given {
			row.ID = e.id.value
			x.checkID(row.ID, e.id.at)
		}
		x.checkUnique(x.ruleIDs, "rule", row.ID, cmp.Or(e.id.at, e.at))
		x.checkProtocol(e)
		row.IPProtocol, row.PortRange = e.protocol.value, cmp.Or(e.ports.value, noPorts)
		row.SourcePortRange = e.sourcePorts.value
		row.SourceCIDR = x.peerBlock(e.source, netip.Addr.Is4)
		row.SourceIPv6CIDR = x.peerBlock(e.ipv6Source, netip.Addr.Is6)
		row.DestCIDR = x.peerBlock(e.destination, netip.Addr.Is4)
		row.DestIPv6CIDR = x.peerBlock(e.ipv6Dest, netip.Addr.Is6)
		row.SourceGroupID, row.DestGroupID = x.peerGroup(e.sourceGroup), x.peerGroup(e.destGroup)
		x.checkPeer(e, &row)
		x.world.SecurityGroupRules = append(x.world.SecurityGroupRules, row)
	}
}

// defaultRuleID returns the id of a rule that sets none: the first of sg-web is sgr-web-1.
func defaultRuleID(group string, n int) string {
	return fmt.Sprintf("sgr-%s-%d", strings.TrimPrefix(group, "sg-"), n)
}

func (x *accountExpansion) checkProtocol(e *ruleEntry) {
	if !e.protocol.given {
		return
	}
	if !protocolForm.MatchString(e.protocol.value) {
		hint := ""
		if upper := strings.ToUpper(e.protocol.value); protocolForm.MatchString(upper) {
			hint = "write " + upper
		}
		x.add(
			e.protocol.at,
			hint,
			"ip_protocol is TCP, UDP, ICMP, ICMPV6, GRE, ALL or an IANA number, got %q",
			e.protocol.value,
		)
		return
	}
	ports := e.protocol.value == "TCP" || e.protocol.value == "UDP"
	if ports && !e.ports.given {
		x.add(e.at, "port_range: 1/65535 is all of them", "a rule on %s lacks a port_range", e.protocol.value)
	}
	for _, r := range []located[string]{e.ports, e.sourcePorts} {
		switch {
		case !r.given:
		case ports && !isValidPortRange(r.value):
			x.add(r.at, "", "a port range is first/last from 1 to 65535, such as 80/80, got %q", r.value)
		case !ports && r.value != noPorts:
			x.add(r.at, "leave it out", "%s has no ports, got %q", e.protocol.value, r.value)
		}
	}
}

func isValidPortRange(text string) bool {
	var first, last int
	n, err := fmt.Sscanf(text, "%d/%d", &first, &last)
	return err == nil && n == 2 && text == fmt.Sprintf("%d/%d", first, last) && 1 <= first && first <= last &&
		last <= 65535
}

// peerBlock returns a block, or a single address, as it is written.
func (x *accountExpansion) peerBlock(text located[string], ofFamily func(netip.Addr) bool) string {
	if !text.given {
		return ""
	}
	if block, err := netip.ParsePrefix(text.value); err == nil && ofFamily(block.Addr()) {
		return text.value
	}
	if a, err := netip.ParseAddr(text.value); err == nil && ofFamily(a) && a.Zone() == "" {
		return text.value
	}
	family, example := "IPv4", "10.0.0.0/8"
	if ofFamily(netip.IPv6Unspecified()) {
		family, example = "IPv6", "2001:db8::/32"
	}
	x.add(text.at, "", "%q is no %s block or address, such as %s", text.value, family, example)
	return ""
}

func (x *accountExpansion) peerGroup(id located[string]) string {
	if id.given && x.groups[id.value] == nil {
		x.addReference(
			id.at,
			referenceHint(x.report, id.value, x.groups),
			"there is no security group %s in this account",
			id.value,
		)
	}
	return id.value
}

// checkPeer reports a rule without a source or destination.
func (x *accountExpansion) checkPeer(e *ruleEntry, row *store.SecurityGroupRule) {
	switch {
	case row.Direction == store.RuleIngress && !e.source.given && !e.ipv6Source.given &&
		!e.sourceGroup.given && row.SourcePrefixListID == "":
		x.add(
			e.at,
			"source_cidr_ip: 0.0.0.0/0 is everybody",
			"an ingress rule names its source: source_cidr_ip, ipv6_source_cidr_ip, source_group or source_prefix_list",
		)
	case row.Direction == store.RuleEgress && !e.destination.given && !e.ipv6Dest.given &&
		!e.destGroup.given && row.DestPrefixListID == "":
		x.add(
			e.at,
			"dest_cidr_ip: 0.0.0.0/0 is everybody",
			"an egress rule names its destination: dest_cidr_ip, ipv6_dest_cidr_ip, dest_group or dest_prefix_list",
		)
	}
}
