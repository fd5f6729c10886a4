package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// ClientToken names a request that shall take effect once, however often it is sent.
type ClientToken struct {
	AccountID, Action, Token string
}

// ClaimedToken is what is known of a token under its lock.
type ClaimedToken struct {
	RequestHash []byte // of the request that claimed it first
	Answer      []byte // JSON; nil: the token is new, and the request is to be run, unless it has failed
	Failed      bool   // the request was refused
}

// ClaimToken takes a token for a request, and waits for another transaction that has it. It is the first lock of a transaction, in a
// round trip of its own. A token from before expired is as good as new.
func (tx *Tx) ClaimToken(ctx context.Context, t ClientToken, requestHash []byte, now, expired time.Time) (ClaimedToken, error) {
	var claimed ClaimedToken
	tx.lock(rankClientTokens, `
		INSERT INTO client_tokens AS t (account_id, action, token, request_hash, created_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account_id, action, token) DO UPDATE
		SET request_hash = CASE WHEN t.created_at < $6 THEN excluded.request_hash ELSE t.request_hash END,
		    answer = CASE WHEN t.created_at < $6 THEN NULL ELSE t.answer END,
		    failed = t.failed AND t.created_at >= $6,
		    created_at = CASE WHEN t.created_at < $6 THEN excluded.created_at ELSE t.created_at END
		RETURNING request_hash, answer, failed`, t.AccountID, t.Action, t.Token, requestHash, now, expired).
		QueryRow(func(row pgx.Row) error { return row.Scan(&claimed.RequestHash, &claimed.Answer, &claimed.Failed) })
	err := tx.send(ctx)
	return claimed, err
}

// KeepAnswer queues the writes that make a claimed token repeat an answer.
func (tx *Tx) KeepAnswer(t ClientToken, answer []byte, expired time.Time) {
	tx.write(1, `
		UPDATE client_tokens SET answer = $4 WHERE account_id = $1 AND action = $2 AND token = $3`,
		t.AccountID, t.Action, t.Token, answer)
	tx.forgetTokens(t.AccountID, expired)
}

// KeepFailure queues the writes that make a token repeat that its request was refused, unless the token has been used since, and that forget some of the
// account's failures beyond the latest most.
func (tx *Tx) KeepFailure(t ClientToken, requestHash []byte, now, expired time.Time, most int) {
	tx.lock(rankClientTokens, `
		INSERT INTO client_tokens AS t (account_id, action, token, request_hash, created_at, failed)
		VALUES ($1, $2, $3, $4, $5, true)
		ON CONFLICT (account_id, action, token) DO UPDATE
		SET request_hash = excluded.request_hash, answer = NULL, created_at = excluded.created_at, failed = true
		WHERE t.created_at < $6`, t.AccountID, t.Action, t.Token, requestHash, now, expired)
	tx.queue(`
		DELETE FROM client_tokens
		WHERE (account_id, action, token) IN (
		    SELECT account_id, action, token FROM client_tokens
		    WHERE account_id = $1 AND failed AND created_at < (
		        SELECT created_at FROM client_tokens WHERE account_id = $1 AND failed ORDER BY created_at DESC OFFSET $2 LIMIT 1)
		    LIMIT 100 FOR UPDATE SKIP LOCKED)`, t.AccountID, most-1)
	tx.forgetTokens(t.AccountID, expired)
}

// forgetTokens queues the write that forgets some tokens of an account from before expired: those that nobody else is looking at.
func (tx *Tx) forgetTokens(accountID string, expired time.Time) {
	tx.queue(`
		DELETE FROM client_tokens
		WHERE (account_id, action, token) IN (
		    SELECT account_id, action, token FROM client_tokens
		    WHERE account_id = $1 AND created_at < $2
		    LIMIT 100 FOR UPDATE SKIP LOCKED)`, accountID, expired)
}
