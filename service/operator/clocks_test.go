package operator

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

const clockAccount = "1000000000000001"

// advance, freeze, resume, rate and reset are changes of a clock.
func advance(d time.Duration) disturbance.ClockChange {
	return disturbance.ClockChange{Advance: new(disturbance.Duration(d))}
}

func rate(r float64) disturbance.ClockChange { return disturbance.ClockChange{Rate: &r} }

var (
	freeze = disturbance.ClockChange{Freeze: new(true)}
	resume = disturbance.ClockChange{Freeze: new(false)}
	reset  = disturbance.ClockChange{Reset: new(true)}
)

// changeClock changes the clock of an account, and returns what it shows.
func changeClock(t testing.TB, o *Operator, accountID string, change disturbance.ClockChange) disturbance.ClockState {
	t.Helper()
	state, err := o.ChangeClock(t.Context(), accountID, change)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// worldWithClock returns the operator of the only server of a database with a world, whose real time
// is at the pointer.
func worldWithClock(t *testing.T, w *worldtest.World, options service.Options) (o *Operator, now *time.Time) {
	t.Helper()
	s, now := clockedOperator(t, storetest.Pool(t))
	worldtest.Apply(t, s.store, *now, w.String())
	options.OnlyServer, options.Now = true, func() time.Time { return *now }
	return newOperator(s.store, options), now
}

// The database and the servers compute the same time of an account, to the microsecond.
func TestGoAndSQLAgreeOnTheTimeOfAnAccount(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO accounts (id, created_at) VALUES ('1000000000000001', '2026-11-22')`); err != nil {
		t.Fatal(err)
	}
	micros := rapid.Int64Range(0, time.Date(9899, 12, 31, 0, 0, 0, 0, time.UTC).UnixMicro())
	rapid.Check(t, func(rt *rapid.T) {
		clock := &disturbance.Clock{
			RealBase:    time.UnixMicro(micros.Draw(rt, "real base")),
			AccountBase: time.UnixMicro(micros.Draw(rt, "account base")),
			Frozen:      rapid.Bool().Draw(rt, "frozen"),
			Rate: rapid.OneOf(rapid.SampledFrom([]float64{0.1, 0.3, 1, 10, 10_000}), rapid.Float64Range(1e-9, 10_000)).
				Draw(rt, "rate"),
		}
		passed := rapid.Int64Range(-1_000_000_000, 1_000_000_000_000_000).Draw(rt, "passed")
		at := clock.RealBase.Add(time.Duration(passed) * time.Microsecond)
		var got time.Time
		batch := &pgx.Batch{}
		batch.Queue(`DELETE FROM account_clocks`)
		batch.Queue(`INSERT INTO account_clocks VALUES ($1, $2, $3, $4, $5, true)`,
			clockAccount, clock.RealBase, clock.AccountBase, clock.Rate, clock.Frozen)
		batch.Queue(`SELECT account_now($1, $2)`, clockAccount, at).
			QueryRow(func(row pgx.Row) error { return row.Scan(&got) })
		if err := pool.SendBatch(t.Context(), batch).Close(); err != nil {
			rt.Fatal(err)
		}
		if want := clock.At(at); !got.Equal(want) {
			rt.Fatalf("at %v: got %v in SQL, want %v as in Go", at.UTC(), got.UTC(), want)
		}
	})
	var got time.Time
	want := time.Date(2026, 11, 22, 10, 0, 0, 1000, time.UTC)
	if _, err := pool.Exec(t.Context(), `DELETE FROM account_clocks`); err != nil {
		t.Fatal(err)
	}
	err := pool.QueryRow(t.Context(), `SELECT account_now($1, $2)`, clockAccount, want).Scan(&got)
	if err != nil || !got.Equal(want) {
		t.Errorf("without a clock: got %v, %v; want real time %v", got, err, want)
	}
}

// An operator sees what a change does, and a clock that does not exist shows real time.
func TestClockStates(t *testing.T) {
	t.Parallel()
	o, now := worldWithClock(t, worldtest.New(clockAccount), service.Options{})
	base := *now
	expect := func(what string, got disturbance.ClockState, since time.Duration, rate float64, frozen bool) {
		t.Helper()
		if want := (disturbance.ClockState{Now: base.Add(since), Rate: rate, Frozen: frozen}); got != want {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
		if shown, err := o.Clock(t.Context(), clockAccount); err != nil || shown != got {
			t.Errorf("%s, shown: got %v, %v; want %v", what, shown, err, got)
		}
	}
	shown, err := o.Clock(t.Context(), clockAccount)
	if err != nil {
		t.Fatal(err)
	}
	expect("without a clock", shown, 0, 1, false)
	expect("reset without a clock", changeClock(t, o, clockAccount, reset), 0, 1, false)
	expect("freeze", changeClock(t, o, clockAccount, freeze), 0, 1, true)
	*now = base.Add(time.Hour)
	expect("advance while frozen", changeClock(t, o, clockAccount, advance(90*time.Second)), 90*time.Second, 1, true)
	expect("rate while frozen", changeClock(t, o, clockAccount, rate(10)), 90*time.Second, 10, true)
	*now = base.Add(2 * time.Hour)
	expect("resume", changeClock(t, o, clockAccount, resume), 90*time.Second, 10, false)
	*now = now.Add(time.Second)
	expect("advance while running", changeClock(t, o, clockAccount, advance(time.Minute)), 160*time.Second, 10, false)
	expect("reset", changeClock(t, o, clockAccount, reset), 2*time.Hour+time.Second, 1, false)
	for _, c := range []struct {
		name    string
		account string
		change  disturbance.ClockChange
		want    string
	}{
		{"no account of that form", "1", freeze, "give its 16 digits"},
		{"no such account", otherAccount, freeze, "there is no account"},
		{"backwards", clockAccount, advance(-time.Second), "time never runs backwards"},
		{"nothing", clockAccount, disturbance.ClockChange{}, "one of advance"},
	} {
		var refused *Error
		if _, err := o.ChangeClock(t.Context(), c.account, c.change); !errors.As(err, &refused) ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an operator error with %q", c.name, err, c.want)
		}
	}
	if _, err := o.Clock(t.Context(), otherAccount); err == nil {
		t.Error("the clock of no account: got no error")
	}
}

// An account expires by its own clock: its callers and operators find it gone, and it is purged.
func TestAnAdvanceExpiresAnAccount(t *testing.T) {
	t.Parallel()
	s, now := clockedOperator(t, storetest.Pool(t))
	o := newOperator(s.store, service.Options{OnlyServer: true, Now: func() time.Time { return *now }})
	var keys []NewAccount
	for _, id := range []string{clockAccount, otherAccount} {
		created, err := o.CreateAccount(t.Context(), CreateAccountRequest{ID: id, ExpiresIn: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, created)
	}
	isExpired := func(account NewAccount) bool {
		identity, err := o.service.Identify(t.Context(), account.Keys[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		return identity.Expired
	}
	changeClock(t, o, clockAccount, advance(time.Hour-time.Microsecond))
	if isExpired(keys[0]) {
		t.Error("a microsecond before its end: got the account expired")
	}
	// A frozen account does not expire, however late it is.
	changeClock(t, o, otherAccount, freeze)
	changeClock(t, o, clockAccount, advance(time.Microsecond))
	if !isExpired(keys[0]) {
		t.Error("at its end: got the account alive")
	}
	var refused *Error
	if _, err := o.Clock(t.Context(), clockAccount); !errors.As(err, &refused) || !refused.Missing {
		t.Errorf("the clock of the expired account: got %v, want an error about a missing account", err)
	}
	if _, err := o.ChangeClock(t.Context(), clockAccount, reset); !errors.As(err, &refused) || !refused.Missing {
		t.Errorf("its reset: got %v, want an error about a missing account", err)
	}
	_, err := o.CreateAccessKey(t.Context(), CreateAccessKeyRequest{AccountID: clockAccount})
	if !errors.As(err, &refused) {
		t.Errorf("a key of it: got %v, want an error about a missing account", err)
	}
	if listed, err := o.AccessKeys(t.Context(), ""); err != nil || len(listed) != 1 {
		t.Errorf("got %v, %v; want the key of the other account alone", listed, err)
	}
	*now = now.Add(48 * time.Hour)
	accounts, err := o.Accounts(t.Context())
	if err != nil || len(accounts) != 1 || accounts[0].ID != otherAccount {
		t.Errorf("got %v, %v; want the frozen account alone", accounts, err)
	}
	if isExpired(keys[1]) {
		t.Error("got the frozen account expired, two days later")
	}
	var left int
	if err := o.store.InTx(t.Context(), func(tx *store.Tx) error {
		found, err := tx.LockAccount(t.Context(), clockAccount, *now)
		if found != nil {
			left = 1
		}
		return err
	}); err != nil || left != 0 {
		t.Errorf("got %d rows of the expired account, %v; want it purged", left, err)
	}
	// An account that is created in its place begins in real time.
	if _, err := o.CreateAccount(t.Context(), CreateAccountRequest{ID: clockAccount}); err != nil {
		t.Fatal(err)
	}
	if state, err := o.Clock(t.Context(), clockAccount); err != nil || !state.Now.Equal(*now) {
		t.Errorf("the new account: got %v, %v; want real time %v", state, err, *now)
	}
}

// transientWorld has an interface that is Attaching for an hour.
func transientWorld() *worldtest.World {
	w := worldtest.New(clockAccount)
	addTransient(w)
	w.Account(otherAccount)
	addTransient(w)
	return w
}

// transientFile returns that world as a file in which the account has a clock.
func transientFile(clock string) ScenarioFile {
	const id = `"` + clockAccount + `"`
	text := strings.Replace(transientWorld().String(), id, id+`, "clock": `+clock, 1)
	return ScenarioFile{Name: "world.yaml", Text: []byte(text)}
}

func addTransient(w *worldtest.World) {
	w.VPC("vpc-1", "10.0.0.0/8").VSwitch("vsw-1", "cn-hangzhou-h", "10.0.0.0/16").SecurityGroup("sg-1").
		Instance("i-1").
		NetworkInterface("eni-1", worldtest.AttachedTo("i-1"), worldtest.Set("status", "Attaching"),
			worldtest.Set("settles_in", "1h"))
}

// What operators read and write of an account follows its clock: exports, differences, scenarios and
// snapshots. An account beside it in the same scenario keeps real time.
func TestWorldsFollowTheClock(t *testing.T) {
	t.Parallel()
	o, now := worldWithClock(t, transientWorld(), service.Options{})
	export := func(account string) string {
		t.Helper()
		text, err := o.ExportAccount(t.Context(), account, true)
		if err != nil {
			t.Fatal(err)
		}
		_, content, _ := strings.Cut(string(text), "\n") // the heading has the time
		return content
	}
	has := func(when, account, want string) {
		t.Helper()
		if text := export(account); !strings.Contains(text, want) {
			t.Errorf("%s: got the export of %s\n%s, want %q in it", when, account, text, want)
		}
	}
	changeClock(t, o, clockAccount, freeze)
	saved, err := o.SaveSnapshot(t.Context(), clockAccount, "attaching")
	if err != nil || saved.Resources == 0 {
		t.Fatalf("got a snapshot %v, %v", saved, err)
	}
	frozen := export(clockAccount)
	*now = now.Add(365 * 24 * time.Hour)
	if later := export(clockAccount); later != frozen || !strings.Contains(later, "settles_in: 1h") {
		t.Errorf("a year later: got the export\n%s of the frozen account, want the same as before\n%s", later, frozen)
	}
	has("a year later", otherAccount, "attached_to: i-1")
	if text := export(otherAccount); strings.Contains(text, "settles_in") {
		t.Errorf("got the other account\n%s, want its interface settled", text)
	}
	// The file says that the account is frozen, at whatever time.
	file := transientFile(`{"freeze": true}`)
	// Applying the scenario again settles the other account alone, and keeps the due time of the frozen
	// one.
	differences, err := o.DiffScenario(t.Context(), file)
	if err != nil || len(differences) != 1 || differences[0].Account != otherAccount {
		t.Errorf("got the differences %v, %v; want that of the other account alone", differences, err)
	}
	changeClock(t, o, clockAccount, advance(20*time.Minute))
	if _, err := o.ApplyScenario(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	has("after the scenario", clockAccount, "settles_in: 40m")
	has("after the scenario", otherAccount, "settles_in: 1h")
	// A new transition begins at the account's time.
	if err := o.ResetAccount(t.Context(), clockAccount, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := o.ApplyScenario(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	has("after a reset and the scenario", clockAccount, "settles_in: 1h")
	if state, err := o.Clock(t.Context(), clockAccount); err != nil || !state.Frozen {
		t.Errorf("after a reset of the content: got the clock %v, %v; want it as it was", state, err)
	}
	// A restored transition is due at its time of the account.
	if _, err := o.RestoreSnapshot(t.Context(), clockAccount, "attaching"); err != nil {
		t.Fatal(err)
	}
	has("after the restore", clockAccount, "settles_in: 40m")
	changeClock(t, o, clockAccount, advance(40*time.Minute))
	if text := export(clockAccount); strings.Contains(text, "settles_in") {
		t.Errorf("at the due time: got\n%s, want the interface settled", text)
	}
	violations, err := o.Verify(t.Context())
	if err != nil || len(violations) > 0 {
		t.Errorf("got the violations %v, %v; want none", violations, err)
	}
}
