package service

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"enisim.alt/store"
)

// clientTokenLifetime is how long a ClientToken returns its first answer. No source gives the value
// for ECS.
const clientTokenLifetime = 24 * time.Hour

// maxFailedTokens is how many refusals of an account are kept. The latest ones stay.
const maxFailedTokens = 1000

// idempotentCall identifies a request, so that a repeat is recognised.
type idempotentCall struct {
	action  string
	token   string // "": each request is a new one
	request any    // includes the token; two requests are the same if their JSON is equal

	// consumesToken is set for actions whose refusal uses up the token: this was captured for
	// instances, and a CNI expects it for interfaces and their addresses. No source covers
	// other actions, and tools repeat those with the same token until the obstacle is gone.
	consumesToken bool
}

// claim returns the claim of the request's token, or nil if it has none.
func (c idempotentCall) claim(accountID string) (*store.TokenClaim, error) {
	if c.token == "" {
		return nil, nil
	}
	encoded, err := json.Marshal(c.request)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(encoded)
	token := store.ClientToken{AccountID: accountID, Action: c.action, Token: c.token}
	return &store.TokenClaim{ClientToken: token, RequestHash: hash[:]}, nil
}

// consumesToken reports whether a refusal uses up the token of its request. A refusal that goes
// away with time does not: a conflict, or a status in transition. Neither does a dry run, an
// internal failure, or a refusal of the token itself.
func consumesToken(call idempotentCall, err error) bool {
	var refusal *Error
	if call.token == "" || !call.consumesToken || !errors.As(err, &refusal) ||
		refusal.Status >= 500 {
		return false
	}
	return !slices.ContainsFunc([]*Error{
		OperationConflict, EcsTaskConflict, IncorrectVSwitchStatus, InvalidEniState, InvalidEcsState, DryRunOperation,
		IdempotentParameterMismatch, IdempotentFailed,
	}, func(e *Error) bool { return e.Is(refusal) })
}

// runOnce runs write in a transaction. A request with a ClientToken is run at most once: the token
// is committed together with its effect, and a repeat gets the first answer. A token that comes
// with a different request is refused. While one request runs, another one with its token waits. A
// request that fails leaves its token free, unless consumesToken reports otherwise: then a repeat
// gets IdempotentFailed.
func runOnce[Answer any](
	ctx context.Context, s *Service, caller Caller, call idempotentCall, write func(*store.Tx) (Answer, error),
) (Answer, error) {
	var answer Answer
	if call.token == "" {
		err := s.store.InTx(ctx, func(tx *store.Tx) (err error) {
			answer, err = write(tx)
			return err
		})
		return answer, err
	}
	claim, err := call.claim(caller.AccountID)
	if err != nil {
		return answer, err
	}
	token := claim.ClientToken
	// First claim the token: this waits for another request that holds it. Then answer a repeat
	// from the token.
	err = s.store.InTx(ctx, func(tx *store.Tx) (err error) {
		now := s.timeOf(caller)
		claimed, err := tx.ClaimToken(ctx, token, claim.RequestHash, now, now.Add(-clientTokenLifetime))
		switch {
		case err != nil:
			return err
		case claimed.Answer == nil && !claimed.Failed:
		case !bytes.Equal(claimed.RequestHash, claim.RequestHash):
			return IdempotentParameterMismatch
		case claimed.Failed:
			return IdempotentFailed
		default:
			return json.Unmarshal(claimed.Answer, &answer)
		}
		// A new request is run, and its answer is committed together with its effect.
		if answer, err = write(tx); err != nil {
			return err
		}
		encodedAnswer, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		tx.KeepAnswer(token, encodedAnswer, now.Add(-clientTokenLifetime))
		return nil
	})
	if consumesToken(call, err) {
		// This needs a transaction of its own, because the refusal has rolled back the first one.
		// If it fails, the refusal still holds, and a repeat is decided again.
		_ = s.store.InTx(ctx, func(tx *store.Tx) error {
			now := s.timeOf(caller)
			tx.KeepFailure(token, claim.RequestHash, now, now.Add(-clientTokenLifetime), maxFailedTokens)
			return nil
		})
	}
	return answer, err
}
