package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// DescribedRule is a rule with the names of the groups to which it refers.
type DescribedRule struct {
	SecurityGroupRule
	SourceGroupName, DestGroupName string
}

// RuleFilter selects rules of a security group. A rule must match every field that is set.
type RuleFilter struct {
	AccountID, RegionID, SecurityGroupID string
	Direction, NICType                   string
}

// DescribeSecurityGroupAttribute returns a security group, or nil if there is none, and a page of
// its rules that match a filter.
func (s *Store) DescribeSecurityGroupAttribute(
	ctx context.Context, f RuleFilter, p Page,
) (*SecurityGroup, List[DescribedRule], error) {
	var group *SecurityGroup
	var rules List[DescribedRule]
	err := s.snapshot(ctx, func(batch *pgx.Batch) {
		batch.Queue(`
			SELECT `+SecurityGroupsTable.SelectList("t")+`
			FROM security_groups t
			WHERE account_id = $1 AND region_id = $2 AND id = $3`, f.AccountID, f.RegionID, f.SecurityGroupID).
			Query(each(SecurityGroupsTable.Targets, func(g SecurityGroup) { group = &g }))
		batch.Queue(`
			SELECT `+SecurityGroupRulesTable.SelectList("r")+`, coalesce(source.name, ''), coalesce(dest.name, '')
			FROM security_group_rules r
			LEFT JOIN security_groups source ON source.account_id = r.account_id AND source.id = r.source_group_id
			LEFT JOIN security_groups dest ON dest.account_id = r.account_id AND dest.id = r.dest_group_id
			WHERE r.account_id = $1 AND r.security_group_id = $2
			  AND ($3 = '' OR r.direction = $3)
			  AND ($4 = '' OR r.nic_type = $4)
			  AND r.id > $5
			ORDER BY r.id
			LIMIT $6`, f.AccountID, f.SecurityGroupID, f.Direction, f.NICType, p.After, p.Limit+1).
			Query(each(func(r *DescribedRule) []any {
				rule := SecurityGroupRulesTable.Targets(&r.SecurityGroupRule)
				return append(rule, &r.SourceGroupName, &r.DestGroupName)
			}, func(r DescribedRule) {
				r.CreatedAt = r.CreatedAt.UTC()
				rules.Rows = append(rules.Rows, r)
			}))
	})
	if len(rules.Rows) > p.Limit {
		rules.Rows, rules.More = rules.Rows[:p.Limit], true
	}
	return group, rules, err
}
