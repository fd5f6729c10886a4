package store

import "context"

// LockKeyPairs locks those of the named key pairs that exist.
func (tx *Tx) LockKeyPairs(
	ctx context.Context, accountID, regionID string, names []string,
) (found []KeyPair, err error) {
	tx.lock(rankKeyPairs, `
		SELECT `+KeyPairsTable.SelectList("t")+`
		FROM key_pairs t
		WHERE account_id = $1 AND region_id = $2 AND name = ANY ($3)
		ORDER BY name
		FOR UPDATE`, accountID, regionID, names).
		Query(each(KeyPairsTable.Targets, func(k KeyPair) { found = append(found, k) }))
	return found, tx.send(ctx)
}

// DeleteKeyPairs queues the deletion of locked key pairs. Instances keep their names.
func (tx *Tx) DeleteKeyPairs(accountID, regionID string, pairs []KeyPair) {
	names := make([]string, len(pairs))
	for k, p := range pairs {
		names[k] = p.Name
	}
	tx.write(int64(len(names)), `
		DELETE FROM key_pairs WHERE account_id = $1 AND region_id = $2 AND name = ANY ($3)`, accountID, regionID, names)
}
