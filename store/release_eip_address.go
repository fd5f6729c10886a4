package store

import "context"

// LockForReleaseEIP is LockEIP for an EIP that goes, so that nothing new refers to it.
func (tx *Tx) LockForReleaseEIP(ctx context.Context, accountID, regionID, id string) (*DescribedEIP, error) {
	var found *DescribedEIP
	tx.lockEIP(forUpdate, accountID, regionID, id, func(e DescribedEIP) { found = &e })
	return found, tx.send(ctx)
}

// DeleteEIP queues the deletion of a locked EIP that is on no address. The row of an association that is gone
// goes with it.
func (tx *Tx) DeleteEIP(e EIP) {
	tx.write(1, `DELETE FROM eips WHERE account_id = $1 AND id = $2`, e.AccountID, e.ID)
}
