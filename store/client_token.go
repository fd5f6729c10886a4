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
	Answer      []byte // JSON; nil: the token is new, and the request is to be run
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
		    created_at = CASE WHEN t.created_at < $6 THEN excluded.created_at ELSE t.created_at END
		RETURNING request_hash, answer`, t.AccountID, t.Action, t.Token, requestHash, now, expired).
		QueryRow(func(row pgx.Row) error { return row.Scan(&claimed.RequestHash, &claimed.Answer) })
	err := tx.send(ctx)
	return claimed, err
}

// KeepAnswer queues the writes that make a claimed token repeat an answer, and that forget some tokens from before expired: those that nobody
// else is looking at.
func (tx *Tx) KeepAnswer(t ClientToken, answer []byte, expired time.Time) {
	tx.write(1, `
		UPDATE client_tokens SET answer = $4 WHERE account_id = $1 AND action = $2 AND token = $3`,
		t.AccountID, t.Action, t.Token, answer)
	tx.queue(`
		DELETE FROM client_tokens
		WHERE (account_id, action, token) IN (
		    SELECT account_id, action, token FROM client_tokens
		    WHERE account_id = $1 AND created_at < $2
		    LIMIT 100 FOR UPDATE SKIP LOCKED)`, t.AccountID, expired)
}
