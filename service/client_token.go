package service

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"enisim/store"
)

// clientTokenLifetime is for how long a ClientToken repeats its first answer. No source gives the
// figure for ECS.
const clientTokenLifetime = 24 * time.Hour

// maxFailedTokens is how many refusals of an account are remembered, the latest ones.
const maxFailedTokens = 1000

// idempotentCall is what makes a repeated request known.
type idempotentCall struct {
	action  string
	token   string // "": each request is a new one
	request any    // with its token; two are the same if they spell the same JSON
}

// tokenConsumingActions are the actions whose refusal uses up the token, as captured of instances
// and as a CNI expects of interfaces and their addresses. Of the others no source tells it, and
// tools repeat them with the same token until what is in the way has gone.
var tokenConsumingActions = []string{
	"AssignIpv6Addresses",
	"AssignPrivateIpAddresses",
	"CreateInstance",
	"CreateNetworkInterface",
	"RunInstances",
}

// consumesToken reports whether a refusal uses up the token of its request. One that time alone
// lifts does not: a conflict, a status on its way. Neither does a dry run, a failure of ours, or a
// refusal of the token itself.
func consumesToken(call idempotentCall, err error) bool {
	var refusal *Error
	if call.token == "" || !slices.Contains(tokenConsumingActions, call.action) || !errors.As(err, &refusal) ||
		refusal.Status >= 500 {
		return false
	}
	return !slices.ContainsFunc([]*Error{
		OperationConflict, EcsTaskConflict, IncorrectVSwitchStatus, InvalidEniState, InvalidEcsState, DryRunOperation,
		IdempotentParameterMismatch, IdempotentFailed,
	}, func(e *Error) bool { return e.Is(refusal) })
}

// runOnce runs write in a transaction, and for a request with a ClientToken at most once: the token
// is committed with what the request did, a repeat gets the first answer, and a token that comes
// with another request is refused. While one request is under way another with its token waits. A
// request that fails leaves its token free, unless consumesToken says otherwise: then a repeat is
// IdempotentFailed.
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
	token := store.ClientToken{AccountID: caller.AccountID, Action: call.action, Token: call.token}
	encoded, err := json.Marshal(call.request)
	if err != nil {
		return answer, err
	}
	requestHash := sha256.Sum256(encoded)
	err = s.store.InTx(ctx, func(tx *store.Tx) (err error) {
		now := s.now()
		claimed, err := tx.ClaimToken(ctx, token, requestHash[:], now, now.Add(-clientTokenLifetime))
		switch {
		case err != nil:
			return err
		case claimed.Answer == nil && !claimed.Failed:
		case !bytes.Equal(claimed.RequestHash, requestHash[:]):
			return IdempotentParameterMismatch
		case claimed.Failed:
			return IdempotentFailed
		default:
			return json.Unmarshal(claimed.Answer, &answer)
		}
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
		// In a transaction of its own, as the refusal has rolled back the first one. Where it
		// fails, the refusal is no less true, and a repeat is decided anew.
		_ = s.store.InTx(ctx, func(tx *store.Tx) error {
			now := s.now()
			tx.KeepFailure(token, requestHash[:], now, now.Add(-clientTokenLifetime), maxFailedTokens)
			return nil
		})
	}
	return answer, err
}
