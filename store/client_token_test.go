package store_test

import (
	"fmt"
	"testing"
	"time"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// A token is new until a transaction has stored an answer under it. Then a claim returns that
// answer, and after its lifetime the token is new again.
func TestAClientTokenReturnsItsAnswerUntilItExpires(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	st := newStore(pool)
	if _, err := pool.Exec(t.Context(), storetest.SmallWorld); err != nil {
		t.Fatal(err)
	}
	token := store.ClientToken{AccountID: "1000000000000001", Action: "CreateVpc", Token: "mine"}
	claim := func(hash string, now time.Time, answer string) (claimed store.ClaimedToken) {
		t.Helper()
		err := st.InTx(t.Context(), func(tx *store.Tx) (err error) {
			if claimed, err = tx.ClaimToken(t.Context(), token, []byte(hash), now, now.Add(-time.Hour)); err != nil {
				return err
			}
			if answer != "" {
				tx.KeepAnswer(token, []byte(answer), now.Add(-time.Hour))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return claimed
	}
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	if got := claim("first", noon, `{"VpcId": "vpc-1"}`); got.Answer != nil {
		t.Errorf("a new token: got %s, want no answer", got.Answer)
	}
	if got := claim("second", noon.Add(time.Hour), ""); string(got.Answer) != `{"VpcId": "vpc-1"}` ||
		string(got.RequestHash) != "first" {
		t.Errorf("within its lifetime: got %s of %q, want the first answer", got.Answer, got.RequestHash)
	}
	if got := claim("third", noon.Add(2*time.Hour), `{}`); got.Answer != nil || string(got.RequestHash) != "third" {
		t.Errorf("after its lifetime: got %s of %q, want none", got.Answer, got.RequestHash)
	}
	// The claim also deletes the other token of the world, which has expired at midnight.
	var left int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM client_tokens`).Scan(&left); err != nil || left != 1 {
		t.Errorf("tokens: got %d, error %v, want only the one that has not expired", left, err)
	}
}

// A failure is stored unless the token has an answer already. An account keeps only its latest
// failures, so that refused requests cannot fill the table.
func TestAnAccountKeepsOnlyItsLatestFailures(t *testing.T) {
	t.Parallel()
	const maxFailures = 10
	pool := storetest.Pool(t)
	st := newStore(pool)
	if _, err := pool.Exec(t.Context(), storetest.SmallWorld); err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	token := func(name string) store.ClientToken {
		return store.ClientToken{AccountID: "1000000000000001", Action: "RunInstances", Token: name}
	}
	claim := func(name string, answer string, now time.Time) (claimed store.ClaimedToken) {
		t.Helper()
		err := st.InTx(t.Context(), func(tx *store.Tx) (err error) {
			if claimed, err = tx.ClaimToken(t.Context(), token(name), []byte(name), now,
				now.Add(-time.Hour)); err == nil && answer != "" {
				tx.KeepAnswer(token(name), []byte(answer), now.Add(-time.Hour))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return claimed
	}
	fail := func(name string, now time.Time) {
		t.Helper()
		if err := st.InTx(t.Context(), func(tx *store.Tx) error {
			tx.KeepFailure(token(name), []byte(name), now, now.Add(-time.Hour), maxFailures)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	claim("used", `{"InstanceId": "i-1"}`, noon)
	fail("used", noon)
	if got := claim("used", "", noon); got.Failed || got.Answer == nil {
		t.Errorf("a token with an answer: got %+v, want its answer", got)
	}
	for k := range 3 * maxFailures {
		fail(fmt.Sprint("refused-", k), noon.Add(time.Duration(k)*time.Second))
	}
	var left int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM client_tokens WHERE failed`).Scan(&left); err != nil ||
		left != maxFailures {
		t.Errorf("failures: got %d, error %v, want the latest %d", left, err, maxFailures)
	}
	last := fmt.Sprint("refused-", 3*maxFailures-1)
	if got := claim(last, "", noon.Add(time.Minute)); !got.Failed || string(got.RequestHash) != last {
		t.Errorf("the latest failure: got %+v, want a failure of the request", got)
	}
	if got := claim(last, `{}`, noon.Add(2*time.Hour)); got.Failed || got.Answer != nil {
		t.Errorf("after its lifetime: got %+v, want a new token", got)
	}
}

// Batches forget more tokens than they add: the oldest failures, and tokens that have expired.
func TestBatchesForgetMoreTokensThanTheyAdd(t *testing.T) {
	t.Parallel()
	const maxFailures, inBatch, batches = 10, 300, 5
	pool := storetest.Pool(t)
	st := newStore(pool)
	if _, err := pool.Exec(t.Context(), storetest.SmallWorld); err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	count := func(where string) (n int) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM client_tokens WHERE `+where).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	run := func(name string, now time.Time, change func(*store.InterfaceBatch, store.TokenClaim)) {
		t.Helper()
		var claims []store.TokenClaim
		for k := range inBatch {
			claims = append(claims, store.TokenClaim{
				ClientToken: store.ClientToken{
					AccountID: account, Action: "CreateNetworkInterface", Token: fmt.Sprint(name, "-", k),
				},
				RequestHash: []byte(name),
			})
		}
		expired := now.Add(-time.Hour)
		if err := st.InTx(t.Context(), func(tx *store.Tx) error {
			b, err := tx.NewInterfaceBatch(t.Context(), account, claims, nil, now, expired)
			if err != nil {
				return err
			}
			for _, c := range claims {
				change(b, c)
			}
			tx.WriteInterfaceBatch(b, expired, maxFailures)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for k := range batches {
		run(fmt.Sprint("refused-", k), noon.Add(time.Duration(k)*time.Second), (*store.InterfaceBatch).FailToken)
	}
	// Those of a batch were claimed at the same time, and stay together.
	if got := count("failed"); got != inBatch {
		t.Errorf("failures: got %d, want the %d of the latest batch", got, inBatch)
	}
	use := func(b *store.InterfaceBatch, c store.TokenClaim) { b.UseToken(c, []byte(`{}`)) }
	for k := range batches {
		run(fmt.Sprint("used-", k), noon.Add(time.Duration(k)*time.Minute), use)
	}
	for k := range batches {
		run(fmt.Sprint("later-", k), noon.Add(2*time.Hour+time.Duration(k)*time.Second), use)
	}
	if got := count("created_at < '2026-11-22 13:00+00'"); got != 0 {
		t.Errorf("tokens that have expired: got %d, want none after %d batches", got, batches)
	}
}
