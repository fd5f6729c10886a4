package operator

import (
	"context"
	"slices"

	"enisim/store"
)

// View reads the resources of one account, as they are at the account's time when the view is made.
// It changes nothing.
type View struct {
	store.AccountUsage
	store *store.Store
}

// View returns the view of an account.
func (o *Operator) View(ctx context.Context, accountID string) (*View, error) {
	if !accountIDPattern.MatchString(accountID) {
		return nil, errInvalidAccountID(accountID)
	}
	account, err := o.store.FindAccount(ctx, o.service.Now(), accountID)
	switch {
	case err != nil:
		return nil, err
	case account == nil:
		return nil, errNoAccount(accountID)
	}
	return &View{*account, o.store}, nil
}

// PageOfAccounts returns the accounts after an id, with the number of their resources.
func (o *Operator) PageOfAccounts(
	ctx context.Context, after string, limit int,
) (store.List[store.AccountUsage], error) {
	if !isStorable(after) {
		return store.List[store.AccountUsage]{}, errInvalidAccountID(after)
	}
	return o.store.PageOfAccounts(ctx, o.service.Now(), store.Page{After: after, Limit: limit})
}

// FindResources returns at most limit resources of any account whose ids begin with a text. If one has
// exactly this id, only those are returned.
func (o *Operator) FindResources(ctx context.Context, prefix string, limit int) ([]store.FoundResource, error) {
	if !isStorable(prefix) || prefix == "" {
		return nil, nil
	}
	return o.store.FindResources(ctx, o.service.Now(), "", prefix, limit)
}

// find returns the resource of the account with an id.
func (v *View) find(ctx context.Context, kind, id string) (store.FoundResource, error) {
	if isStorable(id) {
		found, err := v.store.FindResources(ctx, v.Now, v.ID, id, maxSameID)
		if err != nil {
			return store.FoundResource{}, err
		}
		for _, r := range found {
			if r.Kind == kind && r.ID == id {
				return r, nil
			}
		}
	}
	return store.FoundResource{}, v.errNone(kind, id)
}

// maxSameID is the maximum number of resources of an account that have the same id: one of each kind.
const maxSameID = 8

func (v *View) errNone(kind, id string) error {
	return notFoundf("account %s has no %s %s: it was deleted, or belongs to another account; search for its id",
		v.ID, kind, id)
}

// VPCs returns the VPCs of the account, in all regions, and how many there are.
func (v *View) VPCs(ctx context.Context, skip, limit int) (store.List[store.DescribedVPC], error) {
	return v.store.DescribeVPCs(ctx, v.Now, store.VPCFilter{AccountID: v.ID},
		store.Page{Skip: skip, Limit: limit, Count: true})
}

// VPC returns a VPC.
func (v *View) VPC(ctx context.Context, id string) (store.DescribedVPC, error) {
	if !isStorable(id) {
		return store.DescribedVPC{}, v.errNone(store.FoundVPC, id)
	}
	found, err := v.store.DescribeVPCs(ctx, v.Now, store.VPCFilter{AccountID: v.ID, IDs: []string{id}},
		store.Page{Limit: 1})
	return one(found.Rows, err, v.errNone(store.FoundVPC, id))
}

// one returns the only row of a list, or an error if there is none.
func one[T any](rows []T, err, none error) (T, error) {
	switch {
	case err != nil:
		return *new(T), err
	case len(rows) == 0:
		return *new(T), none
	}
	return rows[0], nil
}

// VSwitches returns the VSwitches of a VPC, and how many there are.
func (v *View) VSwitches(ctx context.Context, vpcID string, skip, limit int) (
	store.List[store.DescribedVSwitch], error,
) {
	return v.store.DescribeVSwitches(ctx, v.Now, store.VSwitchFilter{AccountID: v.ID, VPCID: vpcID},
		store.Page{Skip: skip, Limit: limit, Count: true})
}

// VSwitch returns a VSwitch.
func (v *View) VSwitch(ctx context.Context, id string) (store.DescribedVSwitch, error) {
	if !isStorable(id) || id == "" {
		return store.DescribedVSwitch{}, v.errNone(store.FoundVSwitch, id)
	}
	found, err := v.store.DescribeVSwitches(ctx, v.Now, store.VSwitchFilter{AccountID: v.ID, ID: id},
		store.Page{Limit: 1})
	return one(found.Rows, err, v.errNone(store.FoundVSwitch, id))
}

// InstancesOfVSwitches returns the first instances of each of some VSwitches, with their slots.
func (v *View) InstancesOfVSwitches(
	ctx context.Context, vSwitchIDs []string, limit int,
) ([]store.PlacedInstance, error) {
	return v.store.InstancesOfVSwitches(ctx, v.Now, v.ID, vSwitchIDs, limit)
}

// InstancesOfVSwitch returns the instances of a VSwitch after an id, with their slots.
func (v *View) InstancesOfVSwitch(
	ctx context.Context, vSwitchID, after string, limit int,
) (store.List[store.PlacedInstance], error) {
	if !isStorable(after) {
		return store.List[store.PlacedInstance]{}, v.errNone(store.FoundInstance, after)
	}
	return v.store.InstancesOfVSwitch(ctx, v.Now, v.ID, vSwitchID, store.Page{After: after, Limit: limit})
}

// Instance is an instance with its slots and its interfaces.
type Instance struct {
	store.PlacedInstance
	NetworkInterfaces []store.DescribedNetworkInterface // by device index
}

// Instance returns an instance.
func (v *View) Instance(ctx context.Context, id string) (Instance, error) {
	if !isStorable(id) {
		return Instance{}, v.errNone(store.FoundInstance, id)
	}
	placed, err := v.store.PlacedInstances(ctx, v.Now, v.ID, []string{id})
	found, err := one(placed, err, v.errNone(store.FoundInstance, id))
	if err != nil {
		return Instance{}, err
	}
	described, err := v.store.DescribeInstances(ctx, v.Now, store.InstanceFilter{AccountID: v.ID, IDs: []string{id}},
		store.Page{Limit: 1})
	i := Instance{PlacedInstance: found}
	if len(described.Rows) > 0 {
		i.NetworkInterfaces = described.Rows[0].NetworkInterfaces
	}
	return i, err
}

// Instances returns instances of the account with a status after an id, in all regions. A status of ""
// selects all.
func (v *View) Instances(ctx context.Context, status, after string, limit int) (
	store.List[store.DescribedInstance], error,
) {
	if !isStorable(after) || !isStorable(status) {
		return store.List[store.DescribedInstance]{}, v.errNone(store.FoundInstance, after)
	}
	return v.store.DescribeInstances(ctx, v.Now, store.InstanceFilter{AccountID: v.ID, Status: status},
		store.Page{After: after, Limit: limit})
}

// NetworkInterface returns an interface.
func (v *View) NetworkInterface(ctx context.Context, id string) (store.DescribedNetworkInterface, error) {
	at, err := v.find(ctx, store.FoundNetworkInterface, id)
	if err != nil {
		return store.DescribedNetworkInterface{}, err
	}
	found, err := v.store.DescribeNetworkInterfaces(ctx, v.Now,
		store.NetworkInterfaceFilter{AccountID: v.ID, RegionID: at.RegionID, IDs: []string{id}}, store.Page{Limit: 1})
	return one(found.Rows, err, v.errNone(store.FoundNetworkInterface, id))
}

// NetworkInterfaces returns interfaces of the account in a region, with a status, after an id. A status
// of "" selects all.
func (v *View) NetworkInterfaces(ctx context.Context, regionID, status, after string, limit int) (
	store.List[store.DescribedNetworkInterface], error,
) {
	if !isStorable(after) || !isStorable(status) || !isStorable(regionID) {
		return store.List[store.DescribedNetworkInterface]{}, v.errNone(store.FoundNetworkInterface, after)
	}
	return v.store.DescribeNetworkInterfaces(ctx, v.Now,
		store.NetworkInterfaceFilter{AccountID: v.ID, RegionID: regionID, Status: status},
		store.Page{After: after, Limit: limit})
}

// SecurityGroup is a group with some of its rules and members.
type SecurityGroup struct {
	store.DescribedSecurityGroup
	RuleList store.List[store.DescribedRule]
	Members  store.List[store.GroupMember]
}

// SecurityGroup returns a group with its first rules, and its members after an id.
func (v *View) SecurityGroup(ctx context.Context, id, after string, limit int) (SecurityGroup, error) {
	at, err := v.find(ctx, store.FoundSecurityGroup, id)
	if err != nil {
		return SecurityGroup{}, err
	}
	groups, err := v.store.DescribeSecurityGroups(ctx, v.Now,
		store.SecurityGroupFilter{AccountID: v.ID, RegionID: at.RegionID, ID: id}, store.Page{Limit: 1})
	found, err := one(groups.Rows, err, v.errNone(store.FoundSecurityGroup, id))
	if err != nil {
		return SecurityGroup{}, err
	}
	g := SecurityGroup{DescribedSecurityGroup: found}
	_, g.RuleList, err = v.store.DescribeSecurityGroupAttribute(ctx,
		store.RuleFilter{AccountID: v.ID, RegionID: at.RegionID, SecurityGroupID: id}, store.Page{Limit: limit})
	if err != nil {
		return SecurityGroup{}, err
	}
	if !isStorable(after) {
		return SecurityGroup{}, v.errNone(store.FoundNetworkInterface, after)
	}
	g.Members, err = v.store.MembersOfGroup(ctx, v.Now, v.ID, id, store.Page{After: after, Limit: limit})
	return g, err
}

// SecurityGroups returns groups of the account in a region, after an id; a VPC of "" selects those of
// all VPCs.
func (v *View) SecurityGroups(ctx context.Context, regionID, vpcID, after string, limit int) (
	store.List[store.DescribedSecurityGroup], error,
) {
	if !isStorable(after) || !isStorable(regionID) || !isStorable(vpcID) {
		return store.List[store.DescribedSecurityGroup]{}, v.errNone(store.FoundSecurityGroup, after)
	}
	return v.store.DescribeSecurityGroups(ctx, v.Now,
		store.SecurityGroupFilter{AccountID: v.ID, RegionID: regionID, VPCID: vpcID},
		store.Page{After: after, Limit: limit})
}

// FindResourcesOf returns the resources of an account that have exactly an id, at most one of each kind.
func (o *Operator) FindResourcesOf(ctx context.Context, accountID, id string) ([]store.FoundResource, error) {
	if !isStorable(id) || id == "" {
		return nil, nil
	}
	found, err := o.store.FindResources(ctx, o.service.Now(), accountID, id, maxSameID)
	return slices.DeleteFunc(found, func(r store.FoundResource) bool { return r.ID != id }), err
}
