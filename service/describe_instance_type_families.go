package service

import (
	"context"
	"slices"
	"strings"

	"enisim.alt/store"
)

// DescribeInstanceTypeFamiliesRequest is the request for the families of instance types.
type DescribeInstanceTypeFamiliesRequest struct {
	RegionID   string `api:"RegionId"`
	Generation string // ecs-1, and so on; "": all
}

// InstanceTypeFamily is a family of instance types.
type InstanceTypeFamily struct {
	ID         string
	Generation string // "" for a scenario's own
}

var describeInstanceTypeFamiliesRules = []rule[DescribeInstanceTypeFamiliesRequest]{
	required[DescribeInstanceTypeFamiliesRequest]("RegionId"),
}

// DescribeInstanceTypeFamilies lists the families of the types that the caller sees, by id.
var DescribeInstanceTypeFamilies = newAction(Action[DescribeInstanceTypeFamiliesRequest, []InstanceTypeFamily]{
	permission: "ecs:DescribeInstanceTypeFamilies",
	parameters: describeInstanceTypeFamiliesRules,
	run:        (*Service).describeInstanceTypeFamilies,
})

func (s *Service) describeInstanceTypeFamilies(
	ctx context.Context, caller Caller, req DescribeInstanceTypeFamiliesRequest,
) ([]InstanceTypeFamily, error) {
	types, err := s.allInstanceTypes(ctx, caller, store.InstanceTypeFilter{})
	if err != nil {
		return nil, err
	}
	families := FamiliesOf(types)
	if req.Generation != "" {
		families = slices.DeleteFunc(
			families,
			func(f InstanceTypeFamily) bool { return f.Generation != req.Generation },
		)
	}
	return families, nil
}

// FamiliesOf returns the families of instance types, by id.
func FamiliesOf(types []InstanceType) []InstanceTypeFamily {
	var families []InstanceTypeFamily
	for _, t := range types {
		families = append(families, InstanceTypeFamily{t.Family, generation(t)})
	}
	slices.SortFunc(families, func(a, b InstanceTypeFamily) int {
		return strings.Compare(a.ID+" "+a.Generation, b.ID+" "+b.Generation)
	})
	return slices.Compact(families)
}

// generation returns the API's name of the generation of a type.
func generation(t InstanceType) string {
	if t.Generation == "" {
		return ""
	}
	return "ecs-" + t.Generation
}
