package store

import (
	"context"
	"encoding/json"
	"time"
)

// TokenBucketKey identifies a token bucket of an account.
type TokenBucketKey struct {
	ThrottleID  string `json:"throttle"`
	LimitNumber int    `json:"limit"`
	Action      string `json:"action,omitempty"`
	Region      string `json:"region,omitempty"`
}

// TokenBucket is the state of a token bucket.
type TokenBucket struct {
	TokenBucketKey
	Tokens     float64   `json:"tokens"`
	RefilledAt time.Time `json:"refilled_at"`
	FullAt     time.Time `json:"full_at"`
}

// LockTokenBuckets locks the token buckets of an account, and returns those that may not be full. All
// others are full. It fails with ErrAccountGone if the account was deleted.
//
// The buckets are one row, so the transaction waits for nothing while it holds them. The row is
// inserted first if there is none, because the insert waits for a deletion of the account.
func (tx *Tx) LockTokenBuckets(ctx context.Context, accountID string) (map[TokenBucketKey]TokenBucket, error) {
	tx.queue(`
		INSERT INTO token_buckets (account_id, buckets)
		SELECT $1, '[]' WHERE NOT EXISTS (SELECT FROM token_buckets WHERE account_id = $1)
		ON CONFLICT DO NOTHING`, accountID)
	var buckets map[TokenBucketKey]TokenBucket
	tx.lock(rankTokenBuckets, `SELECT buckets FROM token_buckets WHERE account_id = $1 FOR NO KEY UPDATE`, accountID).
		Query(eachValue(func(list []TokenBucket) {
			buckets = make(map[TokenBucketKey]TokenBucket, len(list))
			for _, b := range list {
				buckets[b.TokenBucketKey] = b
			}
		}))
	if err := tx.send(ctx); err != nil {
		return nil, err
	}
	if buckets == nil {
		return nil, ErrAccountGone
	}
	return buckets, nil
}

// WriteTokenBuckets queues the write of the locked token buckets of an account. It leaves out those
// that are full at now.
func (tx *Tx) WriteTokenBuckets(accountID string, buckets map[TokenBucketKey]TokenBucket, now time.Time) error {
	list := make([]TokenBucket, 0, len(buckets))
	for _, b := range buckets {
		if b.FullAt.After(now) {
			list = append(list, b)
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	tx.write(1, `UPDATE token_buckets SET buckets = $2 WHERE account_id = $1`, accountID, text)
	return nil
}
