package store

import "context"

// KeyPairFilter selects key pairs of an account. A key pair must match every field that is set.
type KeyPairFilter struct {
	AccountID, RegionID string
	NamePattern         string // a pattern of LIKE
	Fingerprint         string
	ResourceGroupID     string
	Tags                TagFilter
}

const matchingKeyPairs = `
	FROM key_pairs t
	WHERE t.account_id = $1 AND t.region_id = $2
	  AND ($3 = '' OR t.name LIKE $3)
	  AND ($4 = '' OR t.fingerprint = $4)
	  AND ($5 = '' OR t.resource_group_id = $5)
	  AND (nullif($6::jsonb[], '{}') IS NULL OR t.tags @> ALL ($6))
	  AND (nullif($7::text[], '{}') IS NULL OR t.tags ?& $7)`

// DescribeKeyPairs returns a page, by number, of the key pairs that match a filter, by name.
func (s *Store) DescribeKeyPairs(ctx context.Context, f KeyPairFilter, p Page) (List[KeyPair], error) {
	return list(ctx, s, p, KeyPairsTable.Scan, `SELECT count(*)`+matchingKeyPairs, `
	SELECT `+KeyPairsTable.SelectList("t")+matchingKeyPairs+`
	ORDER BY t.name COLLATE "C"
	LIMIT $8 OFFSET $9`,
		f.AccountID, f.RegionID, f.NamePattern, f.Fingerprint, f.ResourceGroupID, f.Tags.Pairs, f.Tags.Keys)
}
