package service

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"enisim/store"
)

// clientTokenLife is for how long a ClientToken repeats its first answer. No source gives the figure for ECS.
const clientTokenLife = 24 * time.Hour

// idempotent is what makes a repeated request known.
type idempotent struct {
	action  string
	token   string // "": each request is a new one
	request any    // with its token; two are the same if they spell the same JSON
}

// once runs write in a transaction, and for a request with a ClientToken at most once: the token is committed with what the request
// did, a repeat gets the first answer, and a token that comes with another request is refused. While one request is under way another
// with its token waits. A request that fails leaves its token free.
func once[Answer any](ctx context.Context, s *Service, caller Caller, call idempotent, write func(*store.Tx) (Answer, error)) (Answer, error) {
	var answer Answer
	err := s.store.InTx(ctx, func(tx *store.Tx) (err error) {
		if call.token == "" {
			answer, err = write(tx)
			return err
		}
		token := store.ClientToken{AccountID: caller.AccountID, Action: call.action, Token: call.token}
		spelled, err := json.Marshal(call.request)
		if err != nil {
			return err
		}
		hash := sha256.Sum256(spelled)
		now := s.moment()
		claimed, err := tx.ClaimToken(ctx, token, hash[:], now, now.Add(-clientTokenLife))
		switch {
		case err != nil:
			return err
		case claimed.Answer == nil:
		case !bytes.Equal(claimed.RequestHash, hash[:]):
			return IdempotentParameterMismatch
		default:
			return json.Unmarshal(claimed.Answer, &answer)
		}
		if answer, err = write(tx); err != nil {
			return err
		}
		kept, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		tx.KeepAnswer(token, kept, now.Add(-clientTokenLife))
		return nil
	})
	return answer, err
}
