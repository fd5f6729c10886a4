package scenario_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"enisim.alt/service/scenario"
	"enisim.alt/store/storetest"
)

// withClock returns a file of an account with a clock, and an interface that is Attaching for five seconds.
func withClock(clock string) string {
	if clock != "" {
		clock = "    clock: " + clock + "\n"
	}
	return "enisim: 1\naccounts:\n  - id: \"" + account + "\"\n" + clock + `    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]
            security_groups: [{id: sg-1}]
        instances: [{id: i-1, type: ecs.g7.2xlarge, vswitch: vsw-1, security_groups: [sg-1]}]
        network_interfaces:
          - {id: eni-1, vswitch: vsw-1, security_groups: [sg-1], attached_to: i-1, status: Attaching, settles_in: 5s}
`
}

// storedClock returns the clock of the account, or "none".
func (db target) storedClock(t testing.TB) string {
	t.Helper()
	return value[string](t, db, `
		SELECT coalesce((
		    SELECT to_char(account_base AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || ' rate ' || rate
		        || CASE WHEN frozen THEN ' frozen' ELSE '' END || CASE WHEN announced THEN '' ELSE ' unannounced' END
		    FROM account_clocks WHERE account_id = $1), 'none')`, account)
}

// The clock of a new account is that of its file. Applying the file or its export again, at that time or an
// hour later, changes nothing. Due times are of the account's time.
func TestClockOfAScenario(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ clock, stored, due string }{
		{`{advance: 90s}`, "2030-01-01 12:01:30.000000 rate 1", "2030-01-01 12:01:35"},
		{`{behind: 1h0m0.000001s}`, "2030-01-01 10:59:59.999999 rate 1", "2030-01-01 11:00:04.999999"},
		{`{freeze: true}`, "2030-01-01 12:00:00.000000 rate 1 frozen", "2030-01-01 12:00:05"},
		{`{advance: 1h, freeze: true, rate: 2.5}`, "2030-01-01 13:00:00.000000 rate 2.5 frozen", "2030-01-01 13:00:05"},
		{`{freeze: true, at: "2040-02-03T04:05:06.789Z"}`, "2040-02-03 04:05:06.789000 rate 1 frozen", "2040-02-03 04:05:11.789"},
		{`{rate: 10}`, "2030-01-01 12:00:00.000000 rate 10", "2030-01-01 12:00:05"},
		{`{advance: 0s}`, "none", "2030-01-01 12:00:05"},
	} {
		t.Run(c.clock, func(t *testing.T) {
			t.Parallel()
			db := newTarget(t)
			db.apply(t, withClock(c.clock), noon)
			due := value[string](t, db, `SELECT rtrim(rtrim(to_char(settles_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '0'), '.')
				FROM attachments`)
			if got := db.storedClock(t); got != c.stored || due != c.due {
				t.Fatalf("got the clock %s and the due time %s, want %s and %s", got, due, c.stored, c.due)
			}
			for what, file := range map[string]string{"the file": withClock(c.clock), "the export": db.export(t, noon)} {
				if diff := diffOf(t, db, file, noon); len(diff) > 0 {
					t.Errorf("%s: got the diff %v, want none", what, diff)
				}
				if again := db.apply(t, file, noon); again.String() != "nothing to change" {
					t.Errorf("applying %s again: got %v, want nothing to change, of\n%s", what, again, file)
				}
			}
			// An hour later the interface may have settled, but the clock is still the wanted one.
			for what, file := range map[string]string{"the file": withClock(c.clock), "the export": db.export(t, afternoon)} {
				db.apply(t, file, afternoon)
				if got := db.storedClock(t); got != c.stored {
					t.Errorf("after %s, an hour later: got the clock %s, want it unchanged %s", what, got, c.stored)
				}
			}
			// The export makes the same clock in another database, as it is then.
			other := newTarget(t)
			other.apply(t, db.export(t, afternoon), afternoon)
			for _, at := range []time.Time{afternoon, afternoon.Add(time.Minute)} {
				const now = `SELECT account_now($1, $2)::text`
				if got, want := value[string](t, other, now, account, at), value[string](t, db, now, account, at); got != want {
					t.Errorf("the time by the export: got %s, want %s", got, want)
				}
			}
			db.apply(t, withClock(""), afternoon)
			if got := db.storedClock(t); got != "none" {
				t.Errorf("after a file without the key: got the clock %s, want none", got)
			}
		})
	}
}

// A clock of an account that exists becomes that of the file, which a difference shows.
func TestChangedClockOfAScenario(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	change := func(clock, diff, applied, stored string) {
		t.Helper()
		file := withClock(clock)
		got := fmt.Sprint(diffOf(t, db, file, noon))
		if !strings.Contains(got, diff) {
			t.Errorf("%s: got the diff %s, want %q in it", clock, got, diff)
		}
		changes := db.apply(t, file, noon).String()
		if !strings.Contains(changes, "account_clocks: "+applied) {
			t.Errorf("%s: got the changes %s, want %q for the clocks", clock, changes, applied)
		}
		if got := db.storedClock(t); got != stored {
			t.Errorf("%s: got the clock %s, want %s", clock, got, stored)
		}
	}
	db.apply(t, withClock(""), noon)
	// Half a second is within the tolerance only of a clock that is ahead already. The announcement
	// takes a second, after which the clock begins.
	change(`{advance: 500ms}`, `clock none -> {advance: 500ms}`, "1 new, 0 changed, 0 gone", "2030-01-01 12:00:01.500000 rate 1")
	change(`{advance: 90s}`, `clock {advance: 500ms} -> {advance: 1m30s}`, "0 new, 1 changed, 0 gone", "2030-01-01 12:01:30.000000 rate 1")
	if again := db.apply(t, withClock(`{advance: 91s}`), noon); again.String() != "nothing to change" {
		t.Errorf("a second of difference: got %v, want nothing to change", again)
	}
	change(`{advance: 91s1us}`, `clock {advance: 1m30s} -> {advance: 1m31.000001s}`, "0 new, 1 changed", "2030-01-01 12:01:31.000001 rate 1")
	change(`{freeze: true, at: "2040-01-01T00:00:00Z"}`, `-> {freeze: true, at: 2040-01-01T00:00:00Z}`, "0 new, 1 changed",
		"2040-01-01 00:00:00.000000 rate 1 frozen")
	if again := db.apply(t, withClock(`{freeze: true}`), noon); again.String() != "nothing to change" {
		t.Errorf("any frozen clock: got %v, want nothing to change", again)
	}
	change(`{freeze: true, at: "2040-01-01T00:00:01Z"}`, `at: 2040-01-01T00:00:00Z} -> {freeze: true, at: 2040-01-01T00:00:01Z}`,
		"0 new, 1 changed", "2040-01-01 00:00:01.000000 rate 1 frozen")
	change(`{rate: 10}`, `-> {rate: 10}`, "0 new, 1 changed", "2030-01-01 12:00:00.000000 rate 10")
	change(``, `clock {rate: 10} -> none`, "0 new, 0 changed, 1 gone", "none")
}

// A world whose clock is set back has rows that were due settled, and their transitions begin anew.
func TestAScenarioSetsAClockBack(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	const due = `SELECT (settles_at AT TIME ZONE 'UTC')::text FROM attachments`
	file := withClock(`{freeze: true, at: "2040-01-01T00:00:00Z"}`)
	db.apply(t, file, noon)
	for _, advance := range []string{"00:00:02", "00:00:10"} {
		if _, err := db.pool.Exec(t.Context(), `UPDATE account_clocks SET account_base = '2040-01-01T`+advance+`Z'`); err != nil {
			t.Fatal(err)
		}
		db.apply(t, file, noon)
		if got := value[string](t, db, due); got != "2040-01-01 00:00:05" {
			t.Errorf("set back from %s: got the due time %s, want that of the file", advance, got)
		}
	}
	if _, err := db.pool.Exec(t.Context(), `UPDATE account_clocks SET account_base = '2040-01-01T00:00:10Z'`); err != nil {
		t.Fatal(err)
	}
	db.apply(t, withClock(``), noon)
	if got := value[string](t, db, due); got != "2030-01-01 12:00:05" {
		t.Errorf("set back to real time: got the due time %s, want five seconds after it", got)
	}
}

// A wrong clock is reported at its place, with a hint.
func TestWrongClocksOfAScenario(t *testing.T) {
	t.Parallel()
	for clock, want := range map[string]string{
		`{advanse: 90s}`:                             `did you mean "advance"?`,
		`{advance: -90s}`:                            `behind says`,
		`{behind: -90s}`:                             `advance says`,
		`{advance: soon}`:                            `s.yaml:4:22: advance is a time span`,
		`{advance: 1s, behind: 1s}`:                  `clock has advance, behind: give one of them`,
		`{at: "2030-01-01T00:00:00Z"}`:               `add freeze`,
		`{at: "2030-01-01T00:00:00Z", freeze: no}`:   ``,
		`{at: "9999-01-01T00:00:00Z", freeze: true}`: `9899-12-31`,
		`{rate: 0}`:                                  `rate is more than 0`,
		`{rate: 10001}`:                              `at most 10000`,
		`[freeze]`:                                   `mapping`,
	} {
		_, err := scenario.Parse("s.yaml", []byte(withClock(clock)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", clock, err, want)
		}
	}
}

// A clock that changes after a file's clock was compared with it, and before the account is locked, is
// compared anew.
func TestAClockThatChangesMeanwhile(t *testing.T) {
	t.Parallel()
	db := newTarget(t)
	db.apply(t, withClock(`{advance: 90s}`), noon)
	tx, err := db.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), `SELECT FROM accounts FOR KEY SHARE`); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := db.tryApply(t.Context(), withClock(`{advance: 90s}`), noon)
		done <- err
	}()
	storetest.AwaitLockWaits(t, db.pool, 1)
	if _, err := tx.Exec(t.Context(), `UPDATE account_clocks SET account_base = account_base + interval '1 hour'`); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got, want := db.storedClock(t), "2030-01-01 12:01:30.000000 rate 1"; got != want {
		t.Errorf("got the clock %s, want that of the file %s", got, want)
	}
}
