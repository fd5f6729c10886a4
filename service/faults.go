package service

import (
	"context"
	"time"

	"enisim.alt/service/disturbance"
)

// Strike counts a call for each fault that matches it, and returns the first of them that strikes
// it, or nil. The decision is made before the action runs, and the action does not depend on it.
func (s *Service) Strike(
	ctx context.Context, caller Caller, call disturbance.Call, resources func() []string,
) (*disturbance.Fault, error) {
	matching := caller.Rules.FaultsOf(call, time.Now(), resources)
	if len(matching) == 0 {
		return nil, nil
	}
	ids := make([]string, len(matching))
	for i, f := range matching {
		ids[i] = f.ID
	}
	var strike *disturbance.Fault
	err := s.countCall(ctx, caller.AccountID, countedCall{ids, func(numbers map[string]int64) string {
		strike = nil
		for i, f := range matching {
			if n, counted := numbers[f.ID]; counted && f.When.Strikes(n) {
				strike = &matching[i]
				return f.ID
			}
		}
		return ""
	}})
	if err != nil {
		return nil, err
	}
	return strike, nil
}
