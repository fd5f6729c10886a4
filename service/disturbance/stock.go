package disturbance

import (
	"fmt"
	"slices"
	"strings"
)

// Stock says what is sold out for an account: instance types, in zones, or all types of a zone.
type Stock struct {
	ID           string `json:"id,omitempty"`
	Account      string `json:"account" description:"16 digits, or * for every account."`
	Region       string `json:"region,omitempty" description:"Pattern of the region. Without it, every region."`
	Zone         string `json:"zone,omitempty" description:"Pattern of the zone, such as cn-hangzhou-h. Without it, every zone."`
	InstanceType string `json:"instance_type,omitempty" description:"Pattern of the instance type, such as ecs.g7.*. Without it, every type."`
	Answer       string `json:"answer,omitempty" enum:"OperationDenied.NoStock,Zone.NotOnSale,InvalidResourceType.NotSupported" description:"What answers a creation. Without it, OperationDenied.NoStock."`
	Left         *int   `json:"left,omitempty" description:"How many instances are left. Without it, none."`
}

// The codes that answer a creation of what is sold out.
const (
	AnswerNoStock          = "OperationDenied.NoStock"
	AnswerNotOnSale        = "Zone.NotOnSale"
	AnswerTypeNotSupported = "InvalidResourceType.NotSupported"
)

// maxLeft is the maximum of Stock.Left.
const maxLeft = 1_000_000_000

// Check returns what is wrong with the stock, or nil. The account is not looked at.
func (s Stock) Check() error {
	answers := []string{AnswerNoStock, AnswerNotOnSale, AnswerTypeNotSupported}
	switch {
	case s.Answer != "" && !slices.Contains(answers, s.Answer):
		return fmt.Errorf("answer is one of %s, got %q%s", strings.Join(answers, ", "), s.Answer,
			hint(s.Answer, answers))
	case s.Left != nil && (*s.Left < 0 || *s.Left > maxLeft):
		return fmt.Errorf("left is a number of instances, from 0 to %d, got %d", maxLeft, *s.Left)
	}
	for _, p := range []struct{ key, value string }{
		{"region", s.Region}, {"zone", s.Zone}, {"instance_type", s.InstanceType},
	} {
		if err := checkPattern(p.key, p.value); err != nil {
			return err
		}
	}
	return nil
}

// Matches reports whether the stock is about instances of a type in a zone.
func (s Stock) Matches(region, zone, instanceType string) bool {
	return matches(s.Region, region) && matches(s.Zone, zone) && matches(s.InstanceType, instanceType)
}
