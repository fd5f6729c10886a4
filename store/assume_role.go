package store

import "time"

// ForgetTemporaryKeys queues the deletion of some temporary keys of an account that expired before
// expiredBefore. It skips keys that are locked by another transaction.
func (tx *Tx) ForgetTemporaryKeys(accountID string, expiredBefore time.Time) {
	tx.lock(rankAccessKeys, `
		DELETE FROM access_keys
		WHERE id IN (
		    SELECT id FROM access_keys
		    WHERE account_id = $1 AND security_token IS NOT NULL AND expires_at < $2
		    LIMIT 100 FOR UPDATE SKIP LOCKED)`, accountID, expiredBefore)
}
