package operator

import (
	"context"
	"slices"

	"enisim.alt/store"
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
	p, err := page(after, limit)
	if err != nil {
		return store.List[store.AccountUsage]{}, err
	}
	return o.store.PageOfAccounts(ctx, o.service.Now(), p)
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

// errBroken is returned for a page whose filters nothing can have.
var errBroken = invalidRequestf("the address of this page is broken: begin with the first page of the list")

// page returns the page of a list after an id, with filters that a caller gave as text.
func page(after string, limit int, filters ...string) (store.Page, error) {
	for _, text := range append(filters, after) {
		if !isStorable(text) {
			return store.Page{}, errBroken
		}
	}
	return store.Page{After: after, Limit: limit}, nil
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

// CountInstances returns the number of instances of each of some VSwitches.
func (v *View) CountInstances(ctx context.Context, vSwitchIDs []string) (map[string]int, error) {
	return v.store.CountInstances(ctx, v.ID, vSwitchIDs)
}

// InstancesOfVSwitch returns the instances of a VSwitch after an id, with their slots.
func (v *View) InstancesOfVSwitch(
	ctx context.Context, vSwitchID, after string, limit int,
) (store.List[store.PlacedInstance], error) {
	p, err := page(after, limit)
	if err != nil {
		return store.List[store.PlacedInstance]{}, err
	}
	return v.store.InstancesOfVSwitch(ctx, v.Now, v.ID, vSwitchID, p)
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
	p, err := page(after, limit, status)
	if err != nil {
		return store.List[store.DescribedInstance]{}, err
	}
	return v.store.DescribeInstances(ctx, v.Now, store.InstanceFilter{AccountID: v.ID, Status: status}, p)
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
	filter := store.NetworkInterfaceFilter{AccountID: v.ID, RegionID: regionID, Status: status}
	p, err := page(after, limit, regionID, status)
	if err != nil {
		return store.List[store.DescribedNetworkInterface]{}, err
	}
	return v.store.DescribeNetworkInterfaces(ctx, v.Now, filter, p)
}

// SecurityGroup is a group with some of its rules and members.
type SecurityGroup struct {
	store.DescribedSecurityGroup
	RuleList store.List[store.DescribedRule]
	Members  store.List[store.GroupMember]
}

// SecurityGroup returns a group with its first rules, and its members after an id.
func (v *View) SecurityGroup(ctx context.Context, id, after string, limit int) (SecurityGroup, error) {
	members, err := page(after, limit)
	if err != nil {
		return SecurityGroup{}, err
	}
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
	g.Members, err = v.store.MembersOfGroup(ctx, v.Now, v.ID, id, members)
	return g, err
}

// SecurityGroups returns groups of the account in a region, after an id; a VPC of "" selects those of
// all VPCs.
func (v *View) SecurityGroups(ctx context.Context, regionID, vpcID, after string, limit int) (
	store.List[store.DescribedSecurityGroup], error,
) {
	p, err := page(after, limit, regionID, vpcID)
	if err != nil {
		return store.List[store.DescribedSecurityGroup]{}, err
	}
	filter := store.SecurityGroupFilter{AccountID: v.ID, RegionID: regionID, VPCID: vpcID}
	return v.store.DescribeSecurityGroups(ctx, v.Now, filter, p)
}

// FindResourcesOf returns the resources of an account that have exactly an id, at most one of each kind.
func (o *Operator) FindResourcesOf(ctx context.Context, accountID, id string) ([]store.FoundResource, error) {
	if !isStorable(id) || id == "" {
		return nil, nil
	}
	found, err := o.store.FindResources(ctx, o.service.Now(), accountID, id, maxSameID)
	return slices.DeleteFunc(found, func(r store.FoundResource) bool { return r.ID != id }), err
}
