package service

import (
	"cmp"

	"enisim.alt/store"
)

// Documented limits of an interface. An account may have others (store.Quotas).
const (
	maxSecurityGroups = 10 // of an interface

	// Limits of an interface that is on no instance. Otherwise the limits of the instance's type apply.
	maxSecondaryIPv4 = 49
	maxIPv4          = 1 + maxSecondaryIPv4
	maxIPv6          = 10
)

// groupLimit returns how many security groups an interface of the account may be in.
func groupLimit(q store.Quotas) int { return limitOr(q.SecurityGroupsPerInterface, maxSecurityGroups) }

// limitOr returns a limit, or the documented one if it is nil.
func limitOr(limit *int, documented int) int { return valueOf(cmp.Or(limit, &documented)) }
