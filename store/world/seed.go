package world

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"enisim.alt/store"
)

// Seeded reports which accounts Seed created, and which existed already and were not changed.
// Both are sorted.
type Seeded struct {
	New, Kept []string
}

// maxSeedRaces limits how often Seed starts again because another process has created one of
// its accounts at the same time.
const maxSeedRaces = 10

// Seed creates the accounts of a world that do not exist yet, in one transaction. It does not
// change existing ones.
func Seed(ctx context.Context, s *store.Store, w *World, now time.Time, onProgress func(Progress)) (Seeded, error) {
	for races := 0; ; races++ {
		// First find out which accounts exist.
		existing, err := s.ListAccounts(ctx, now)
		if err != nil {
			return Seeded{}, err
		}
		exists := map[string]bool{}
		for _, a := range existing {
			exists[a.ID] = true
		}
		result := Seeded{}
		for _, a := range w.Accounts {
			if exists[a.ID] {
				result.Kept = append(result.Kept, a.ID)
			} else {
				result.New = append(result.New, a.ID)
			}
		}
		slices.Sort(result.New)
		slices.Sort(result.Kept)
		if len(result.New) == 0 {
			return result, nil
		}
		// Then create the others. If another process has created one since, start again, because
		// that one is to be kept.
		_, err = applyInMode(ctx, s, w.without(exists), now, createAccounts, onProgress)
		if errors.Is(err, ErrAccountTaken) && races < maxSeedRaces {
			continue
		}
		return result, err
	}
}

// without returns the world without the rows of some accounts. Regions and zones belong to no
// account and stay.
func (w *World) without(accounts map[string]bool) *World {
	rest := *w
	rest.InstanceTypes = rowsOfOthers(w.InstanceTypes, accounts,
		func(r *store.InstanceType) string { return r.OwnerID })
	rest.Accounts = rowsOfOthers(w.Accounts, accounts, func(r *store.Account) string { return r.ID })
	rest.RAMUsers = rowsOfOthers(w.RAMUsers, accounts, func(r *store.RAMUser) string { return r.AccountID })
	rest.AccessKeys = rowsOfOthers(w.AccessKeys, accounts, func(r *store.AccessKey) string { return r.AccountID })
	rest.VPCs = rowsOfOthers(w.VPCs, accounts, func(r *store.VPC) string { return r.AccountID })
	rest.VSwitches = rowsOfOthers(w.VSwitches, accounts, func(r *store.VSwitch) string { return r.AccountID })
	rest.SecurityGroups = rowsOfOthers(w.SecurityGroups, accounts,
		func(r *store.SecurityGroup) string { return r.AccountID })
	rest.Instances = rowsOfOthers(w.Instances, accounts, func(r *store.Instance) string { return r.AccountID })
	rest.NetworkInterfaces = rowsOfOthers(w.NetworkInterfaces, accounts,
		func(r *store.NetworkInterface) string { return r.AccountID })
	rest.PrivateIPAddresses = rowsOfOthers(w.PrivateIPAddresses, accounts,
		func(r *store.PrivateIPAddress) string { return r.AccountID })
	rest.IPPrefixes = rowsOfOthers(w.IPPrefixes, accounts, func(r *store.IPPrefix) string { return r.AccountID })
	rest.GroupMemberships = rowsOfOthers(w.GroupMemberships, accounts,
		func(r *store.GroupMembership) string { return r.AccountID })
	rest.SecurityGroupRules = rowsOfOthers(w.SecurityGroupRules, accounts,
		func(r *store.SecurityGroupRule) string { return r.AccountID })
	rest.RouteTables = rowsOfOthers(w.RouteTables, accounts, func(r *store.RouteTable) string { return r.AccountID })
	rest.RouteTableAssociations = rowsOfOthers(w.RouteTableAssociations, accounts,
		func(a *store.RouteTableAssociation) string { return a.AccountID })
	rest.RouteEntries = rowsOfOthers(w.RouteEntries, accounts,
		func(e *store.RouteEntry) string { return e.AccountID })
	rest.KeyPairs = rowsOfOthers(w.KeyPairs, accounts, func(r *store.KeyPair) string { return r.AccountID })
	rest.Disks = rowsOfOthers(w.Disks, accounts, func(r *store.DataDisk) string { return r.AccountID })
	rest.EIPs = rowsOfOthers(w.EIPs, accounts, func(r *store.EIP) string { return r.AccountID })
	rest.EIPAssociations = rowsOfOthers(w.EIPAssociations, accounts,
		func(r *store.EIPAssociation) string { return r.AccountID })
	rest.Disturbances = rowsOfOthers(w.Disturbances, accounts,
		func(r *store.Disturbance) string { return *r.AccountID })
	rest.Clocks = maps.Clone(w.Clocks)
	maps.DeleteFunc(rest.Clocks, func(id string, _ Clock) bool { return accounts[id] })
	rest.VPCsSettleIn = timesOfOthers(w.VPCsSettleIn, accounts)
	rest.VSwitchesSettleIn = timesOfOthers(w.VSwitchesSettleIn, accounts)
	rest.InstancesSettleIn = timesOfOthers(w.InstancesSettleIn, accounts)
	rest.InstancesRunIn = timesOfOthers(w.InstancesRunIn, accounts)
	rest.NetworkInterfacesSettleIn = timesOfOthers(w.NetworkInterfacesSettleIn, accounts)
	rest.DisksSettleIn = timesOfOthers(w.DisksSettleIn, accounts)
	rest.EIPsSettleIn = timesOfOthers(w.EIPsSettleIn, accounts)
	return &rest
}

// rowsOfOthers returns a copy of rows without those of some accounts.
func rowsOfOthers[R any](rows []R, accounts map[string]bool, accountOf func(*R) string) []R {
	return slices.DeleteFunc(slices.Clone(rows), func(r R) bool { return accounts[accountOf(&r)] })
}

// timesOfOthers returns a copy of times without those of some accounts.
func timesOfOthers(
	times map[store.ResourceID]time.Duration, accounts map[string]bool,
) map[store.ResourceID]time.Duration {
	rest := maps.Clone(times)
	maps.DeleteFunc(rest, func(id store.ResourceID, _ time.Duration) bool { return accounts[id.AccountID] })
	return rest
}
