package store

import "time"

// Directions of a rule.
const (
	RuleIngress = "ingress"
	RuleEgress  = "egress"
)

// SecurityGroupRule is a rule of a security group. A text that is not set is "".
type SecurityGroupRule struct {
	AccountID          string    `db:"account_id,key"`
	ID                 string    `db:"id,key"`
	SecurityGroupID    string    `db:"security_group_id,fixed" event:"SecurityGroupId"`
	Direction          string    `db:"direction,fixed" event:"Direction"` // ingress or egress
	IPProtocol         string    `db:"ip_protocol,fixed" event:"IpProtocol"`
	PortRange          string    `db:"port_range,fixed" event:"PortRange"`
	SourcePortRange    string    `db:"source_port_range,fixed" event:"SourcePortRange"`
	Policy             string    `db:"policy,fixed" event:"Policy"`     // Accept or Drop
	Priority           int       `db:"priority,fixed" event:"Priority"` // 1 to 100
	NICType            string    `db:"nic_type,fixed"`
	SourceCIDR         string    `db:"source_cidr_ip,fixed" event:"SourceCidrIp"`
	SourceIPv6CIDR     string    `db:"ipv6_source_cidr_ip,fixed" event:"Ipv6SourceCidrIp"`
	SourceGroupID      string    `db:"source_group_id,fixed,null" event:"SourceGroupId"`
	SourcePrefixListID string    `db:"source_prefix_list_id,fixed" event:"SourcePrefixListId"`
	DestCIDR           string    `db:"dest_cidr_ip,fixed" event:"DestCidrIp"`
	DestIPv6CIDR       string    `db:"ipv6_dest_cidr_ip,fixed" event:"Ipv6DestCidrIp"`
	DestGroupID        string    `db:"dest_group_id,fixed,null" event:"DestGroupId"`
	DestPrefixListID   string    `db:"dest_prefix_list_id,fixed" event:"DestPrefixListId"`
	Description        string    `db:"description,fixed" event:"Description"`
	CreatedAt          time.Time `db:"created_at,once"`
}

// Same reports whether two rules of a group have the same effect. Their descriptions may differ.
func (r SecurityGroupRule) Same(other SecurityGroupRule) bool {
	for _, rule := range []*SecurityGroupRule{&r, &other} {
		rule.AccountID, rule.ID, rule.SecurityGroupID, rule.Description, rule.CreatedAt = "", "", "", "", time.Time{}
	}
	return r == other
}
