package store

import "context"

// LockEIP locks an EIP and reads it as it is stored, in one round trip. It returns nil if there is none. A
// regionID of "" matches any region.
func (tx *Tx) LockEIP(ctx context.Context, accountID, regionID, id string) (*DescribedEIP, error) {
	var found *DescribedEIP
	tx.lockEIP(forNoKeyUpdate, accountID, regionID, id, func(e DescribedEIP) { found = &e })
	return found, tx.send(ctx)
}

// Unassociated returns the EIP as it leaves its address until end. At a nil end it has left.
func (e DescribedEIP) Unassociated(end *Ending) DescribedEIP {
	if end == nil {
		return e.released()
	}
	e.Status, e.NextStatus, e.SettlesAt = end.statusUntil(EIPUnassociating, EIPAvailable)
	return e
}

// UpdateEIPAssociation queues the write of the status of a locked EIP that is on an address, or is leaving it, or
// has left it.
func (tx *Tx) UpdateEIPAssociation(e DescribedEIP) {
	if e.Status == EIPAvailable {
		tx.write(1, `DELETE FROM eip_associations WHERE account_id = $1 AND eip_id = $2`, e.AccountID, e.ID)
		return
	}
	tx.write(1, `
		UPDATE eip_associations SET status = $3, next_status = $4, settles_at = $5
		WHERE account_id = $1 AND eip_id = $2`, e.AccountID, e.ID, e.Status, e.NextStatus, e.SettlesAt)
}
