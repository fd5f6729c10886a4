package operator

import (
	"context"
	"time"

	"enisim.alt/store"
)

// Contention are the resources for which most requests of the last time competed.
type Contention struct {
	Instances, SecurityGroups []store.HotResource // those with the most refusals first, then with the most events
	Events                    int                 // that were looked at
}

// Contention returns the instances and groups that most of the newest events of a duration concern. It
// looks at a limited number of events.
func (o *Operator) Contention(ctx context.Context, within time.Duration, limit int) (Contention, error) {
	now := o.service.Now()
	hot, events, err := o.store.HotResources(ctx, now.Add(-within), now, limit)
	c := Contention{Events: events}
	for _, r := range hot {
		if r.Kind == store.FoundInstance {
			c.Instances = append(c.Instances, r)
		} else {
			c.SecurityGroups = append(c.SecurityGroups, r)
		}
	}
	return c, err
}
