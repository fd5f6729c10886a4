package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// Seeded reports what SeedWorld did: which accounts it made, and which it found and left alone.
// Both are sorted.
type Seeded struct {
	New, Kept []string
}

// maxSeedRaces limits how often SeedWorld starts over because another process made one of its
// accounts meanwhile.
const maxSeedRaces = 10

// SeedWorld makes those accounts of a world that do not exist yet, in one transaction, and leaves
// the others as they are.
func (s *Store) SeedWorld(ctx context.Context, w *World, now time.Time, onProgress func(Progress)) (Seeded, error) {
	for races := 0; ; races++ {
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
		_, err = s.applyWorldInMode(ctx, w.without(exists), now, createAccounts, onProgress)
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
	rest.InstanceTypes = rowsOfOthers(w.InstanceTypes, accounts, func(r *InstanceType) string { return r.OwnerID })
	rest.Accounts = rowsOfOthers(w.Accounts, accounts, func(r *Account) string { return r.ID })
	rest.RAMUsers = rowsOfOthers(w.RAMUsers, accounts, func(r *RAMUser) string { return r.AccountID })
	rest.AccessKeys = rowsOfOthers(w.AccessKeys, accounts, func(r *AccessKey) string { return r.AccountID })
	rest.VPCs = rowsOfOthers(w.VPCs, accounts, func(r *VPC) string { return r.AccountID })
	rest.VSwitches = rowsOfOthers(w.VSwitches, accounts, func(r *VSwitch) string { return r.AccountID })
	rest.SecurityGroups = rowsOfOthers(w.SecurityGroups, accounts, func(r *SecurityGroup) string { return r.AccountID })
	rest.Instances = rowsOfOthers(w.Instances, accounts, func(r *Instance) string { return r.AccountID })
	rest.NetworkInterfaces = rowsOfOthers(w.NetworkInterfaces, accounts,
		func(r *NetworkInterface) string { return r.AccountID })
	rest.PrivateIPAddresses = rowsOfOthers(w.PrivateIPAddresses, accounts,
		func(r *PrivateIPAddress) string { return r.AccountID })
	rest.IPPrefixes = rowsOfOthers(w.IPPrefixes, accounts, func(r *IPPrefix) string { return r.AccountID })
	rest.GroupMemberships = rowsOfOthers(w.GroupMemberships, accounts,
		func(r *GroupMembership) string { return r.AccountID })
	rest.SecurityGroupRules = rowsOfOthers(w.SecurityGroupRules, accounts,
		func(r *SecurityGroupRule) string { return r.AccountID })
	rest.VPCsSettleIn = timesOfOthers(w.VPCsSettleIn, accounts)
	rest.VSwitchesSettleIn = timesOfOthers(w.VSwitchesSettleIn, accounts)
	rest.InstancesSettleIn = timesOfOthers(w.InstancesSettleIn, accounts)
	rest.InstancesRunIn = timesOfOthers(w.InstancesRunIn, accounts)
	rest.NetworkInterfacesSettleIn = timesOfOthers(w.NetworkInterfacesSettleIn, accounts)
	return &rest
}

func rowsOfOthers[R any](rows []R, accounts map[string]bool, accountOf func(*R) string) []R {
	return slices.DeleteFunc(slices.Clone(rows), func(r R) bool { return accounts[accountOf(&r)] })
}

func timesOfOthers(times map[ResourceID]time.Duration, accounts map[string]bool) map[ResourceID]time.Duration {
	rest := maps.Clone(times)
	maps.DeleteFunc(rest, func(id ResourceID, _ time.Duration) bool { return accounts[id.AccountID] })
	return rest
}
