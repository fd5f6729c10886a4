package operator

import (
	"context"

	"enisim.alt/service/scenario"
	"enisim.alt/store"
)

// Quotas are the quotas of an account, or those of a request. nil is as documented in a full set, and
// unchanged in a change.
type Quotas struct {
	NetworkInterfacesPerRegion *int `json:"network_interfaces_per_region,omitempty"`
	InstancesPerRegion         *int `json:"instances_per_region,omitempty"`
	SecurityGroupsPerInterface *int `json:"security_groups_per_network_interface,omitempty"`
	IPv4PerInterface           *int `json:"private_ipv4_per_network_interface,omitempty"`
	IPv6PerInterface           *int `json:"ipv6_per_network_interface,omitempty"`
}

// quotasOf returns the quotas as operators see them.
func quotasOf(interfaces *int, others store.Quotas) Quotas {
	return Quotas{
		NetworkInterfacesPerRegion: interfaces,
		InstancesPerRegion:         others.InstancesPerRegion,
		SecurityGroupsPerInterface: others.SecurityGroupsPerInterface,
		IPv4PerInterface:           others.IPv4PerInterface,
		IPv6PerInterface:           others.IPv6PerInterface,
	}
}

// AllQuotas returns the quotas of the account.
func (a Account) AllQuotas() Quotas { return quotasOf(&a.NetworkInterfacesPerRegion, a.Quotas) }

// Others returns the quotas except that of network interfaces.
func (q Quotas) Others() store.Quotas {
	return store.Quotas{
		InstancesPerRegion:         q.InstancesPerRegion,
		SecurityGroupsPerInterface: q.SecurityGroupsPerInterface,
		IPv4PerInterface:           q.IPv4PerInterface,
		IPv6PerInterface:           q.IPv6PerInterface,
	}
}

// maxQuota is the maximum of each quota: that of the database's columns.
const maxQuota = 1<<31 - 1

func (q Quotas) validate() error {
	for _, quota := range []struct {
		what    string
		value   *int
		minimum int
	}{
		{"network interfaces per region", q.NetworkInterfacesPerRegion, 0},
		{"instances per region", q.InstancesPerRegion, 0},
		{"security groups per network interface", q.SecurityGroupsPerInterface, 1},
		{"private IPv4 addresses per network interface, the primary one included,", q.IPv4PerInterface, 1},
		{"IPv6 addresses per network interface", q.IPv6PerInterface, 0},
	} {
		if v := quota.value; v != nil && (*v < quota.minimum || *v > maxQuota) {
			return invalidRequestf("the quota of %s is a number from %d to %d, got %d",
				quota.what, quota.minimum, maxQuota, *v)
		}
	}
	return nil
}

// apply sets the given quotas of an account.
func (q Quotas) apply(a *store.Account) {
	if q.NetworkInterfacesPerRegion != nil {
		a.NetworkInterfacesPerRegion = *q.NetworkInterfacesPerRegion
	}
	for _, quota := range []struct {
		given  *int
		stored **int
	}{
		{q.InstancesPerRegion, &a.InstancesPerRegion},
		{q.SecurityGroupsPerInterface, &a.SecurityGroupsPerInterface},
		{q.IPv4PerInterface, &a.IPv4PerInterface},
		{q.IPv6PerInterface, &a.IPv6PerInterface},
	} {
		if quota.given != nil {
			*quota.stored = quota.given
		}
	}
}

func quotasView(a store.Account) Quotas { return quotasOf(&a.NetworkInterfacesPerRegion, a.Quotas) }

// Quotas returns the quotas of an account.
func (o *Operator) Quotas(ctx context.Context, accountID string) (Quotas, error) {
	if !accountIDPattern.MatchString(accountID) {
		return Quotas{}, errInvalidAccountID(accountID)
	}
	accounts, err := o.store.ListAccounts(ctx, o.service.Now())
	if err != nil {
		return Quotas{}, err
	}
	for _, a := range accounts {
		if a.ID == accountID {
			return quotasView(a), nil
		}
	}
	return Quotas{}, errNoAccount(accountID)
}

// SetQuotas gives an account these quotas. Those that are nil are as documented from then on. This
// server follows at once, others within a second.
func (o *Operator) SetQuotas(ctx context.Context, accountID string, quotas Quotas) (Quotas, error) {
	if err := quotas.validate(); err != nil {
		return Quotas{}, err
	}
	var changed store.Account
	err := o.changeAccount(ctx, accountID, func(tx *store.Tx, account *store.Account) {
		account.NetworkInterfacesPerRegion = scenario.DefaultNetworkInterfacesPerRegion
		account.Quotas = store.Quotas{
			Trunking: account.Trunking, WithoutNetworkCards: account.WithoutNetworkCards,
		}
		quotas.apply(account)
		tx.SetQuotas(*account)
		changed = *account
	})
	o.rulesChanged(ctx, accountID) // even if the outcome is unknown
	if err != nil {
		return Quotas{}, err
	}
	return quotasView(changed), nil
}

// ResetQuotas makes all quotas of an account as documented.
func (o *Operator) ResetQuotas(ctx context.Context, accountID string) error {
	_, err := o.SetQuotas(ctx, accountID, Quotas{})
	return err
}
