package service

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"enisim.alt/store"
)

// newModifyRuleRequest returns the request to modify one rule. With an id, a parameter that is missing stays as
// it is, so the permission that the parameter rules check is completed with values that are valid.
func newModifyRuleRequest(r rulesRequest, ruleID string, all []permission) rulesRequest {
	r.permissions, r.ruleIDs = all, optionalList(ruleID)
	if ruleID == "" {
		return r
	}
	if len(all) > 0 {
		r.modified = all[0]
	}
	r.permissions = []permission{r.modified.completed()}
	return r
}

// singleRuleRules returns the rules on a request to modify one rule: it has no list, and no parameter that can
// miss its type.
func (d direction) singleRuleRules() []rule[rulesRequest] {
	return slices.DeleteFunc(d.parameterRules(), func(r rule[rulesRequest]) bool { return r.err == InvalidParameter })
}

// completed returns the permission with valid values for what it lacks.
func (p permission) completed() permission {
	hasPorts := p.PortRange != "" && p.PortRange != "-1/-1"
	switch {
	case p.IPProtocol == "" && hasPorts:
		p.IPProtocol = "TCP"
	case p.IPProtocol == "":
		p.IPProtocol = "ALL"
	}
	if p.PortRange == "" {
		p.PortRange = "-1/-1"
		if slices.Contains(portProtocols, strings.ToUpper(p.IPProtocol)) {
			p.PortRange = "1/65535"
		}
	}
	if !p.hasPeer() {
		p.peerCIDR = "0.0.0.0/0"
	}
	return p
}

// hasPeer reports whether the permission names a source or destination.
func (p permission) hasPeer() bool {
	return p.peerCIDR != "" || p.peerIPv6CIDR != "" || p.peerGroupID != "" || p.peerPrefixListID != ""
}

// replace returns a permission with what another one sets. A source or destination replaces all of them.
func (d direction) replace(p, by permission) permission {
	p.IPProtocol = cmp.Or(by.IPProtocol, p.IPProtocol)
	p.PortRange = cmp.Or(by.PortRange, p.PortRange)
	p.SourcePortRange = cmp.Or(by.SourcePortRange, p.SourcePortRange)
	p.Policy = cmp.Or(by.Policy, p.Policy)
	p.Priority = cmp.Or(by.Priority, p.Priority)
	p.NICType = cmp.Or(by.NICType, p.NICType)
	p.Description = cmp.Or(by.Description, p.Description)
	if by.hasPeer() {
		p.peerGroupID, p.peerPrefixListID = by.peerGroupID, by.peerPrefixListID
	}
	if by.hasPeer() && d.name == store.RuleIngress {
		p.SourceCIDR, p.SourceIPv6CIDR = by.SourceCIDR, by.SourceIPv6CIDR
	}
	if by.hasPeer() && d.name == store.RuleEgress {
		p.DestCIDR, p.DestIPv6CIDR = by.DestCIDR, by.DestIPv6CIDR
	}
	// What is no source of an ingress rule, and no destination of an egress one, is replaced by itself.
	p.SourceCIDR = cmp.Or(by.SourceCIDR, p.SourceCIDR)
	p.SourceIPv6CIDR = cmp.Or(by.SourceIPv6CIDR, p.SourceIPv6CIDR)
	p.DestCIDR = cmp.Or(by.DestCIDR, p.DestCIDR)
	p.DestIPv6CIDR = cmp.Or(by.DestIPv6CIDR, p.DestIPv6CIDR)
	return p
}

// permissionOf returns the permission of a stored rule.
func (d direction) permissionOf(r store.SecurityGroupRule) permission {
	p := permission{Permission: Permission{
		IPProtocol: r.IPProtocol, PortRange: r.PortRange, SourcePortRange: r.SourcePortRange,
		SourceCIDR: r.SourceCIDR, SourceIPv6CIDR: r.SourceIPv6CIDR, DestCIDR: r.DestCIDR, DestIPv6CIDR: r.DestIPv6CIDR,
		Policy: r.Policy, Priority: strconv.Itoa(r.Priority), NICType: r.NICType, Description: r.Description,
	}}
	p.peerGroupID, p.peerPrefixListID = r.SourceGroupID, r.SourcePrefixListID
	if d.name == store.RuleEgress {
		p.peerGroupID, p.peerPrefixListID = r.DestGroupID, r.DestPrefixListID
	}
	return p
}

// modifyRuleInput is a request with the locked rows that its rules check.
type modifyRuleInput struct {
	found *store.SecurityGroupRule // nil if there is none
	after store.SecurityGroupRule  // the modified rule
	rules []store.SecurityGroupRule
}

var modifyRuleRules = []rule[modifyRuleInput]{
	{err: InvalidSecurityGroupRuleIDNotFound, violated: func(m modifyRuleInput) bool { return m.found == nil }},
	{err: InvalidPortRange, violated: func(m modifyRuleInput) bool {
		return !isValidPortRange(m.after.IPProtocol, m.after.PortRange) ||
			m.after.SourcePortRange != "" && !isValidPortRange(m.after.IPProtocol, m.after.SourcePortRange)
	}},
	{err: SecurityGroupRuleConflict, violated: func(m modifyRuleInput) bool {
		return slices.ContainsFunc(m.rules, func(r store.SecurityGroupRule) bool {
			return r.ID != m.found.ID && r.Same(m.after)
		})
	}},
}

// modifyRule modifies a rule of one direction.
func (s *Service) modifyRule(
	ctx context.Context, tx *store.Tx, caller Caller, d direction, req rulesRequest,
) (Empty, error) {
	scene, err := tx.LockForRules(ctx, caller.AccountID, req.RegionID, req.SecurityGroupID, req.peers())
	if err != nil {
		return Empty{}, err
	}
	if err := check(d.sceneRules(), rulesInput{rulesRequest: req, RulesScene: scene}); err != nil {
		return Empty{}, err
	}
	input := modifyRuleInput{rules: scene.Rules}
	for _, r := range scene.Rules {
		switch {
		case r.Direction != d.name:
		case slices.Contains(req.ruleIDs, r.ID):
			input.found, input.after = &r, d.newRule(d.replace(d.permissionOf(r), req.modified))
		case len(req.ruleIDs) == 0 && d.newRule(req.permissions[0]).Same(r):
			input.found, input.after = &r, r
			input.after.Description = req.permissions[0].Description
		}
	}
	if err := check(modifyRuleRules, input); err != nil {
		return Empty{}, err
	}
	before, after := *input.found, input.after
	after.AccountID, after.ID, after.SecurityGroupID = before.AccountID, before.ID, before.SecurityGroupID
	after.CreatedAt = before.CreatedAt
	tx.DeleteRules(caller.AccountID, []string{before.ID})
	tx.InsertRule(after)
	now := s.timeOf(caller)
	return Empty{}, s.record(tx, caller, now, store.ChangesOf(&before, &after, now)...)
}
