package store

import (
	"context"
	"time"
)

// ClientToken identifies a request that takes effect once, however often it is sent.
type ClientToken struct {
	AccountID, Action, Token string
}

// ClaimedToken is a locked token.
type ClaimedToken struct {
	RequestHash []byte // hash of the request that claimed it first
	Answer      []byte // JSON; nil if the token is new, so that the request is to be run, or if Failed
	Failed      bool   // whether the request was refused
}

// ClaimToken locks a token for a request, and waits for another transaction that has locked it. It
// is the first lock of a transaction, and takes a round trip of its own. A token claimed before
// expired counts as new.
func (tx *Tx) ClaimToken(
	ctx context.Context, t ClientToken, requestHash []byte, now, expired time.Time,
) (ClaimedToken, error) {
	var claimed ClaimedToken
	tx.lockTokens(t.AccountID, []TokenClaim{{t, requestHash}}, now, expired,
		func(row claimedTokenRow) { claimed = row.ClaimedToken })
	err := tx.send(ctx)
	return claimed, err
}

// TokenClaim is a request's claim to a client token.
type TokenClaim struct {
	ClientToken
	RequestHash []byte
}

// claimedTokenRow is a row that a claim returns.
type claimedTokenRow struct {
	ClientToken
	ClaimedToken
}

// lockTokens queues the claims of tokens of an account, each of them once. See ClaimToken.
func (tx *Tx) lockTokens(
	accountID string, claims []TokenClaim, now, expired time.Time, found func(claimedTokenRow),
) {
	var (
		actions, tokens []string
		hashes          [][]byte
	)
	for _, c := range claims {
		actions, tokens, hashes = append(actions, c.Action), append(tokens, c.Token), append(hashes, c.RequestHash)
	}
	tx.lock(rankClientTokens, `
		INSERT INTO client_tokens AS t (account_id, action, token, request_hash, created_at)
		SELECT $1, c.action, c.token, c.request_hash, $5
		FROM unnest($2::text[], $3::text[], $4::bytea[]) AS c (action, token, request_hash)
		ORDER BY c.action, c.token
		ON CONFLICT (account_id, action, token) DO UPDATE
		SET request_hash = CASE WHEN t.created_at < $6 THEN excluded.request_hash ELSE t.request_hash END,
		    answer = CASE WHEN t.created_at < $6 THEN NULL ELSE t.answer END,
		    failed = t.failed AND t.created_at >= $6,
		    created_at = CASE WHEN t.created_at < $6 THEN excluded.created_at ELSE t.created_at END
		RETURNING account_id, action, token, request_hash, answer, failed`,
		accountID, actions, tokens, hashes, now, expired).
		Query(each(func(t *claimedTokenRow) []any {
			return []any{&t.AccountID, &t.Action, &t.Token, &t.RequestHash, &t.Answer, &t.Failed}
		}, found))
}

// KeepAnswer queues the writes that save the answer of a claimed token, so that the same request
// gets it again.
func (tx *Tx) KeepAnswer(t ClientToken, answer []byte, expired time.Time) {
	tx.write(1, `
		UPDATE client_tokens SET answer = $4 WHERE account_id = $1 AND action = $2 AND token = $3`,
		t.AccountID, t.Action, t.Token, answer)
	tx.forgetTokens(t.AccountID, expired, 1)
}

// KeepFailure queues the writes that record that the request of a token was refused, unless the
// token has been used since. They also delete some of the account's oldest failures, so that about
// maxFailures remain.
func (tx *Tx) KeepFailure(t ClientToken, requestHash []byte, now, expired time.Time, maxFailures int) {
	tx.lock(rankClientTokens, `
		INSERT INTO client_tokens AS t (account_id, action, token, request_hash, created_at, failed)
		VALUES ($1, $2, $3, $4, $5, true)
		ON CONFLICT (account_id, action, token) DO UPDATE
		SET request_hash = excluded.request_hash, answer = NULL, created_at = excluded.created_at, failed = true
		WHERE t.created_at < $6`, t.AccountID, t.Action, t.Token, requestHash, now, expired)
	tx.forgetFailures(t.AccountID, maxFailures, 1)
	tx.forgetTokens(t.AccountID, expired, 1)
}

// moreForgotten is how many more tokens a transaction may delete than it has added. So there are
// fewer and fewer old ones, and no transaction deletes very many.
const moreForgotten = 100

// forgetFailures queues the deletion of some of an account's oldest failures, so that about
// maxFailures remain. It skips tokens that are locked by another transaction. added is how many
// tokens the transaction adds.
func (tx *Tx) forgetFailures(accountID string, maxFailures, added int) {
	tx.queue(`
		DELETE FROM client_tokens
		WHERE (account_id, action, token) IN (
		    SELECT account_id, action, token FROM client_tokens
		    WHERE account_id = $1 AND failed AND created_at < (
		        SELECT created_at FROM client_tokens
		        WHERE account_id = $1 AND failed
		        ORDER BY created_at DESC OFFSET $2 LIMIT 1)
		    LIMIT $3 FOR UPDATE SKIP LOCKED)`, accountID, maxFailures-1, added+moreForgotten)
}

// forgetTokens queues the deletion of some tokens of an account that were claimed before expired.
// It skips tokens that are locked by another transaction. added is how many tokens the transaction
// adds.
func (tx *Tx) forgetTokens(accountID string, expired time.Time, added int) {
	tx.queue(`
		DELETE FROM client_tokens
		WHERE (account_id, action, token) IN (
		    SELECT account_id, action, token FROM client_tokens
		    WHERE account_id = $1 AND created_at < $2
		    LIMIT $3 FOR UPDATE SKIP LOCKED)`, accountID, expired, added+moreForgotten)
}
