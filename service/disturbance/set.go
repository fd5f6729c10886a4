package disturbance

import "time"

// Set is the rules that apply to an account: its own, and then those of every account. A nil Set has
// none.
type Set struct {
	Faults     []Fault
	Lifecycles []Lifecycle
	Throttles  []ThrottleRule
	Stock      []Stock
}

// StockOf returns the rules on the stock of a type in a zone, in their order.
func (s *Set) StockOf(region, zone, instanceType string) (matching []Stock) {
	if s == nil {
		return nil
	}
	for _, r := range s.Stock {
		if r.Matches(region, zone, instanceType) {
			matching = append(matching, r)
		}
	}
	return matching
}

// FaultsOf returns the faults that match a call at a time, in their order. resources returns the ids
// that the request names, and is called only if a fault asks for them.
func (s *Set) FaultsOf(call Call, now time.Time, resources func() []string) (matching []Fault) {
	if s == nil {
		return nil
	}
	asked := false
	for _, f := range s.Faults {
		if f.Resource != "" && !asked {
			call.Resources, asked = resources(), true
		}
		if f.Matches(call, now) {
			matching = append(matching, f)
		}
	}
	return matching
}
