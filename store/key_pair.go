package store

import "time"

// KeyPair is the public half of a key pair. No row has a private half.
type KeyPair struct {
	AccountID       string            `db:"account_id,key"`
	RegionID        string            `db:"region_id,key"`
	Name            string            `db:"name,key"`
	PublicKey       string            `db:"public_key,fixed"` // as in an authorized_keys file
	Fingerprint     string            `db:"fingerprint,fixed" event:"KeyPairFingerPrint"`
	ResourceGroupID string            `db:"resource_group_id" event:"ResourceGroupId"`
	Tags            map[string]string `db:"tags"`
	CreatedAt       time.Time         `db:"created_at,once"`
}

func (k KeyPair) recorded(time.Time) recordedStatus { return recordedStatus{resourceID: k.Name} }

// findKeyPair queues a search for a key pair. found is not called if there is none.
func (tx *Tx) findKeyPair(accountID, regionID, name string, found func()) {
	tx.queue(`SELECT true FROM key_pairs WHERE account_id = $1 AND region_id = $2 AND name = $3`,
		accountID, regionID, name).
		Query(eachValue(func(bool) { found() }))
}
