package store

import "time"

// batchToken is a client token that a batch has claimed.
type batchToken struct {
	ClaimedToken
	unused  bool // whether no request has used it up yet
	written bool // whether Answer or Failed is to be written
}

// claimTokens queues the claims of the tokens of a batch. See ClaimToken.
func (tx *Tx) claimTokens(b *InterfaceBatch, claims []TokenClaim, now, expired time.Time) {
	var distinct []TokenClaim
	for _, c := range claims {
		if b.tokens[c.ClientToken] == nil { // otherwise it is a repeat, which sees what the first one gets
			b.tokens[c.ClientToken] = &batchToken{}
			distinct = append(distinct, c)
		}
	}
	if len(distinct) == 0 {
		return
	}
	tx.lockTokens(b.accountID, distinct, now, expired, func(t claimedTokenRow) {
		*b.tokens[t.ClientToken] = batchToken{ClaimedToken: t.ClaimedToken, unused: t.Answer == nil && !t.Failed}
	})
}

// Token returns a claimed token as the next request sees it.
func (b *InterfaceBatch) Token(t ClientToken) ClaimedToken { return b.tokens[t].ClaimedToken }

// UseToken stores the answer of the request that a token was claimed for.
func (b *InterfaceBatch) UseToken(claim TokenClaim, answer []byte) {
	*b.tokens[claim.ClientToken] = batchToken{ClaimedToken{claim.RequestHash, answer, false}, false, true}
}

// FailToken uses a token up for a refused request.
func (b *InterfaceBatch) FailToken(claim TokenClaim) {
	*b.tokens[claim.ClientToken] = batchToken{ClaimedToken{claim.RequestHash, nil, true}, false, true}
}

// keepsTokens reports whether a token has an answer or a failure to be written.
func (b *InterfaceBatch) keepsTokens() bool {
	for _, t := range b.tokens {
		if t.written {
			return true
		}
	}
	return false
}

// writeTokens queues the writes of the answers and failures of tokens, and gives back those that no
// request has used. About maxFailures failures of the account remain.
func (tx *Tx) writeTokens(b *InterfaceBatch, expired time.Time, maxFailures int) {
	var (
		actions, tokens, unusedActions, unusedTokens []string
		answers                                      [][]byte
		hashes                                       [][]byte
		anyFailed                                    bool
	)
	for token, t := range b.tokens {
		switch {
		case t.written:
			actions, tokens = append(actions, token.Action), append(tokens, token.Token)
			answers, hashes = append(answers, t.Answer), append(hashes, t.RequestHash)
			anyFailed = anyFailed || t.Failed
		case t.unused:
			unusedActions, unusedTokens = append(unusedActions, token.Action), append(unusedTokens, token.Token)
		}
	}
	if len(unusedTokens) > 0 {
		tx.write(int64(len(unusedTokens)), `
			DELETE FROM client_tokens t
			USING unnest($2::text[], $3::text[]) AS c (action, token)
			WHERE t.account_id = $1 AND t.action = c.action AND t.token = c.token`,
			b.accountID, unusedActions, unusedTokens)
	}
	if len(tokens) == 0 {
		return
	}
	tx.write(int64(len(tokens)), `
		UPDATE client_tokens t
		SET request_hash = c.request_hash, answer = c.answer, failed = c.answer IS NULL
		FROM unnest($2::text[], $3::text[], $4::bytea[], $5::jsonb[]) AS c (action, token, request_hash, answer)
		WHERE t.account_id = $1 AND t.action = c.action AND t.token = c.token`,
		b.accountID, actions, tokens, hashes, answers)
	if anyFailed {
		tx.forgetFailures(b.accountID, maxFailures, len(tokens))
	}
	tx.forgetTokens(b.accountID, expired, len(tokens))
}
