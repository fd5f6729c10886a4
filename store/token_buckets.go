package store

import (
	"context"
	"time"
)

// TokenBucketKey identifies a token bucket of an account.
type TokenBucketKey struct {
	ThrottleID     string
	LimitNumber    int
	Action, Region string
}

// TokenBucket is the state of a token bucket.
type TokenBucket struct {
	TokenBucketKey
	Tokens     float64
	RefilledAt time.Time
}

// bucketKeys are keys as the columns of a statement.
type bucketKeys struct {
	throttles, actions, regions []string
	limits                      []int
}

func (k *bucketKeys) add(key TokenBucketKey) {
	k.throttles = append(k.throttles, key.ThrottleID)
	k.limits = append(k.limits, key.LimitNumber)
	k.actions = append(k.actions, key.Action)
	k.regions = append(k.regions, key.Region)
}

// LockTokenBuckets locks token buckets of an account and returns them. A missing one is inserted
// first, with its burst as its tokens. A bucket is not returned if its throttle was deleted meanwhile.
//
// The insert comes before the locks: it waits for the account and for the throttle, whose deletion
// waits for the locks of their buckets.
func (tx *Tx) LockTokenBuckets(
	ctx context.Context, accountID string, bursts map[TokenBucketKey]int, now time.Time,
) (map[TokenBucketKey]TokenBucket, error) {
	var keys bucketKeys
	full := make([]int, 0, len(bursts))
	for key, burst := range bursts {
		keys.add(key)
		full = append(full, burst)
	}
	buckets := make(map[TokenBucketKey]TokenBucket, len(bursts))
	tx.queue(`
		INSERT INTO token_buckets (account_id, throttle_id, limit_number, action, region, burst, tokens, refilled_at)
		SELECT $1, w.throttle_id, w.limit_number, w.action, w.region, w.burst, w.burst, $7
		FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::int[])
		    AS w (throttle_id, limit_number, action, region, burst)
		JOIN disturbances d ON d.id = w.throttle_id
		WHERE NOT EXISTS (
		    SELECT FROM token_buckets b
		    WHERE b.account_id = $1 AND b.throttle_id = w.throttle_id AND b.limit_number = w.limit_number
		      AND b.action = w.action AND b.region = w.region)
		ORDER BY w.throttle_id, w.limit_number, w.action, w.region
		FOR KEY SHARE OF d
		ON CONFLICT DO NOTHING`,
		accountID, keys.throttles, keys.limits, keys.actions, keys.regions, full, now)
	tx.lock(rankTokenBuckets, `
		SELECT throttle_id, limit_number, action, region, tokens, refilled_at
		FROM token_buckets
		WHERE account_id = $1 AND (throttle_id, limit_number, action, region) IN (
		    SELECT * FROM unnest($2::text[], $3::int[], $4::text[], $5::text[]))
		ORDER BY throttle_id, limit_number, action, region
		FOR NO KEY UPDATE`,
		accountID, keys.throttles, keys.limits, keys.actions, keys.regions).
		Query(each(func(b *TokenBucket) []any {
			return []any{&b.ThrottleID, &b.LimitNumber, &b.Action, &b.Region, &b.Tokens, &b.RefilledAt}
		}, func(b TokenBucket) { buckets[b.TokenBucketKey] = b }))
	return buckets, tx.send(ctx)
}

// WriteTokenBuckets queues the write of locked token buckets of an account.
func (tx *Tx) WriteTokenBuckets(accountID string, buckets []TokenBucket) {
	var keys bucketKeys
	tokens, times := make([]float64, len(buckets)), make([]time.Time, len(buckets))
	for i, b := range buckets {
		keys.add(b.TokenBucketKey)
		tokens[i], times[i] = b.Tokens, b.RefilledAt
	}
	tx.write(int64(len(buckets)), `
		UPDATE token_buckets b
		SET tokens = w.tokens, refilled_at = w.refilled_at
		FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::float8[], $7::timestamptz[])
		    AS w (throttle_id, limit_number, action, region, tokens, refilled_at)
		WHERE b.account_id = $1 AND b.throttle_id = w.throttle_id AND b.limit_number = w.limit_number
		  AND b.action = w.action AND b.region = w.region`,
		accountID, keys.throttles, keys.limits, keys.actions, keys.regions, tokens, times)
}
