package service

import (
	"cmp"
	"context"

	"enisim.alt/store"
)

// listInstances reads a page of instances. It fills in the default names of instances that have
// none.
func (s *Service) listInstances(
	ctx context.Context, caller Caller, f store.InstanceFilter, p store.Page,
) (store.List[Instance], error) {
	read, err := s.store.DescribeInstances(ctx, s.timeOf(caller), f, p)
	for k := range read.Rows {
		i := &read.Rows[k]
		i.Name = cmp.Or(i.Name, i.ID)
		i.HostName = cmp.Or(i.HostName, defaultHostName(i.ID))
	}
	return read, err
}

// readInstances reads a page of the caller's instances, for actions that each show a part of them.
func (s *Service) readInstances(
	ctx context.Context, caller Caller, f store.InstanceFilter, p paging, page PageRequest,
) (List[Instance], error) {
	if JSONList(f.IDs).isEmpty() {
		return newPage(p, page, store.List[Instance]{}, func(i Instance) string { return i.ID }), nil
	}
	f.AccountID = caller.AccountID
	read, err := s.listInstances(ctx, caller, f, p.page(page))
	if err != nil {
		return List[Instance]{}, err
	}
	return newPage(p, page, read, func(i Instance) string { return i.ID }), nil
}

// instanceRules apply to the instance that an action names; nil means that there is none.
var instanceRules = []rule[*Instance]{
	{err: InvalidInstanceIDNotFound, violated: func(i *Instance) bool { return i == nil }},
}

// readInstance reads one instance of the caller. An empty regionID stands for any region.
func (s *Service) readInstance(ctx context.Context, caller Caller, regionID, instanceID string) (Instance, error) {
	read, err := s.listInstances(ctx, caller, store.InstanceFilter{
		AccountID: caller.AccountID, RegionID: regionID, IDs: []string{instanceID},
	}, store.Page{Limit: 1})
	if err != nil {
		return Instance{}, err
	}
	var found *Instance
	if len(read.Rows) > 0 {
		found = &read.Rows[0]
	}
	if err := check(instanceRules, found); err != nil {
		return Instance{}, err
	}
	return *found, nil
}
