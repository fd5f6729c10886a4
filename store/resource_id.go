package store

import "cmp"

// ResourceID identifies a resource: ids are unique only within their account.
type ResourceID struct {
	AccountID, ID string
}

// resourceIDFields returns the scan targets of a resource id.
func resourceIDFields(r *ResourceID) []any { return []any{&r.AccountID, &r.ID} }

// compare orders resources in lock order.
func (r ResourceID) compare(other ResourceID) int {
	return cmp.Or(cmp.Compare(r.AccountID, other.AccountID), cmp.Compare(r.ID, other.ID))
}
