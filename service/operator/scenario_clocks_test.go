package operator

import (
	"strings"
	"sync"
	"testing"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

// clockFile returns a scenario of the account with a clock, or without one if it is "".
func clockFile(clock string) ScenarioFile {
	text := "enisim: 1\naccounts:\n  - id: \"" + clockAccount + "\"\n    access_keys: [{id: LTAIclock, secret: s}]\n"
	if clock != "" {
		text += "    clock: " + clock + "\n"
	}
	return ScenarioFile{Name: "clock.yaml", Text: []byte(text)}
}

// The clock of a file is that of an account that is created, reset or replaced by it. A file without
// the key returns the account to real time. Another account keeps its clock.
func TestClocksOfScenarios(t *testing.T) {
	t.Parallel()
	o, now := worldWithClock(t, worldtest.New(clockAccount), service.Options{})
	const inTheFuture = `{freeze: true, at: "2030-01-01T00:00:00Z"}`
	future := time.Date(2030, time.January, 1, 0, 0, 0, 0, time.UTC)
	// An account that is created with the file lives for its lifetime by its clock.
	file := clockFile(inTheFuture)
	created, err := o.CreateAccount(t.Context(),
		CreateAccountRequest{ID: otherAccount, ExpiresIn: time.Hour, Scenario: &file})
	if err != nil || created.ExpiresAt == nil || !created.ExpiresAt.Equal(future.Add(time.Hour)) {
		t.Fatalf("got %v, %v; want an account that lasts until an hour after its time %v", created, err, future)
	}
	shows := func(when, account string, want time.Time) {
		t.Helper()
		if state, err := o.Clock(t.Context(), account); err != nil || !state.Now.Equal(want) {
			t.Errorf("%s: got the time %v of %s, %v; want %v", when, state.Now, account, err, want)
		}
	}
	shows("created", otherAccount, future)
	*now = now.Add(time.Hour)
	apply := func(file ScenarioFile) error {
		_, err := o.ApplyScenario(t.Context(), file)
		return err
	}
	replace := func(file ScenarioFile) error { return o.ResetAccount(t.Context(), clockAccount, &file) }
	for _, c := range []struct {
		when  string
		apply func(ScenarioFile) error
		clock string
		want  time.Time
	}{
		{"applied", apply, `{advance: 90s}`, now.Add(90 * time.Second)},
		{"applied again", apply, `{advance: 90s}`, now.Add(90 * time.Second)},
		{"reset", replace, inTheFuture, future},
		{"reset to a frozen clock", replace, `{freeze: true}`, future},
		{"reset without the key", replace, ``, *now},
		{"applied to an account in real time", apply, inTheFuture, future},
		{"applied without the key", apply, ``, *now},
	} {
		if err := c.apply(clockFile(c.clock)); err != nil {
			t.Fatalf("%s: %v", c.when, err)
		}
		shows(c.when, clockAccount, c.want)
		shows(c.when, otherAccount, future)
		// The server itself follows at once.
		identity, err := o.service.Identify(t.Context(), "LTAIclock")
		if strings.HasPrefix(c.when, "applied") && (err != nil || !identity.Clock.At(*now).Equal(c.want)) {
			t.Errorf("%s: got a caller at %v, %v; want %v", c.when, identity.Clock.At(*now), err, c.want)
		}
	}
}

// Every server follows the clock of a scenario when its application returns, even one that has remembered
// until then that the account has none. At no time do two requests, one after the other, see the clock and then
// none.
func TestServersFollowTheClockOfAScenario(t *testing.T) {
	t.Parallel()
	here, _ := clockedOperator(t, storetest.Pool(t))
	there := newOperator(here.store, service.Options{})
	if _, err := here.ApplyScenario(t.Context(), clockFile("")); err != nil {
		t.Fatal(err)
	}
	isFrozen := func(o *Operator) bool {
		identity, err := o.service.Identify(t.Context(), "LTAIclock")
		if err != nil {
			t.Error(err)
		}
		return identity.Clock != nil && identity.Clock.Frozen
	}
	for round := range 2 {
		if isFrozen(here) || isFrozen(there) {
			t.Fatalf("round %d: got a frozen caller before the file", round)
		}
		done := make(chan struct{})
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
					}
					if isFrozen(here) && !isFrozen(there) || isFrozen(there) && !isFrozen(here) {
						t.Error("got two servers that differ")
						return
					}
				}
			})
		}
		if _, err := here.ApplyScenario(t.Context(), clockFile(`{freeze: true}`)); err != nil {
			t.Fatal(err)
		}
		if !isFrozen(here) || !isFrozen(there) {
			t.Errorf("round %d: got a caller in real time after the file, want both servers frozen", round)
		}
		close(done)
		group.Wait()
		if _, err := there.ApplyScenario(t.Context(), clockFile(``)); err != nil {
			t.Fatal(err)
		}
	}
}

// Files that are applied concurrently with changes of the clock end with one of the wanted clocks, and
// the world of a file has the due times of its clock.
func TestScenariosBesideChangesOfTheClock(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s, now := clockedOperator(t, pool)
	worldtest.Apply(t, s.store, *now, transientWorld().String())
	o := newOperator(s.store, service.Options{OnlyServer: true, Now: func() time.Time { return *now }})
	withoutClock := ScenarioFile{Name: "none.yaml", Text: []byte(transientWorld().String())}
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			for range 10 {
				var err error
				switch n {
				case 0:
					_, err = o.ApplyScenario(t.Context(),
						transientFile(`{"freeze": true, "at": "2030-01-01T00:00:00Z"}`))
				case 1:
					_, err = o.ApplyScenario(t.Context(), withoutClock)
				case 2:
					_, err = o.ChangeClock(t.Context(), clockAccount, reset)
				default:
					_, err = o.ChangeClock(t.Context(), clockAccount, advance(time.Second))
				}
				if err != nil {
					t.Errorf("%d: %v", n, err)
				}
			}
		})
	}
	group.Wait()
	last := transientFile(`{"freeze": true, "at": "2031-01-01T00:00:00Z"}`)
	if _, err := o.ApplyScenario(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	if differences, err := o.DiffScenario(t.Context(), last); err != nil || len(differences) > 0 {
		t.Errorf("got the differences %v, %v; want none", differences, err)
	}
	var deadlocks int
	err := pool.QueryRow(t.Context(), `
		SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks)
	if err != nil || deadlocks > 0 {
		t.Errorf("got %d deadlocks, %v; want none", deadlocks, err)
	}
}
