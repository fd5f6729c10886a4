package store

import "time"

// Directions of a rule.
const (
	RuleIngress = "ingress"
	RuleEgress  = "egress"
)

// SecurityGroupRule is a rule of a security group. A text that is not set is "".
type SecurityGroupRule struct {
	AccountID, ID, SecurityGroupID                                string
	Direction                                                     string // ingress or egress
	IPProtocol, PortRange, SourcePortRange                        string
	Policy                                                        string // Accept or Drop
	Priority                                                      int    // 1 to 100
	NICType                                                       string
	SourceCIDR, SourceIPv6CIDR, SourceGroupID, SourcePrefixListID string
	DestCIDR, DestIPv6CIDR, DestGroupID, DestPrefixListID         string
	Description                                                   string
	CreatedAt                                                     time.Time
}

// Same reports whether two rules of a group have the same effect. Their descriptions may differ.
func (r SecurityGroupRule) Same(other SecurityGroupRule) bool {
	for _, rule := range []*SecurityGroupRule{&r, &other} {
		rule.AccountID, rule.ID, rule.SecurityGroupID, rule.Description, rule.CreatedAt = "", "", "", "", time.Time{}
	}
	return r == other
}

// ruleColumns are the columns of a rule, in the order of SecurityGroupRule.fields.
const ruleColumns = `
	r.account_id, r.id, r.security_group_id, r.direction, r.ip_protocol, r.port_range, r.source_port_range, r.policy, r.priority, r.nic_type,
	r.source_cidr_ip, r.ipv6_source_cidr_ip, coalesce(r.source_group_id, ''), r.source_prefix_list_id,
	r.dest_cidr_ip, r.ipv6_dest_cidr_ip, coalesce(r.dest_group_id, ''), r.dest_prefix_list_id, r.description, r.created_at`

// fields returns the scan targets of ruleColumns.
func (r *SecurityGroupRule) fields() []any {
	return []any{
		&r.AccountID, &r.ID, &r.SecurityGroupID, &r.Direction, &r.IPProtocol, &r.PortRange, &r.SourcePortRange,
		&r.Policy, &r.Priority, &r.NICType, &r.SourceCIDR, &r.SourceIPv6CIDR, &r.SourceGroupID, &r.SourcePrefixListID,
		&r.DestCIDR, &r.DestIPv6CIDR, &r.DestGroupID, &r.DestPrefixListID, &r.Description, &r.CreatedAt,
	}
}
