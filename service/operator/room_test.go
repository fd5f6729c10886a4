package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"enisim.alt/service/scenario"
	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

// Several small worlds are in memory at a time, up to a limit. A large one is there alone.
func TestRoomForSeveralSmallWorldsOrOneLargeWorld(t *testing.T) {
	t.Parallel()
	s, _ := clockedOperator(t, storetest.Pool(t))
	var leave []chan struct{}
	left := make(chan error, worldRoom)
	enter := func() {
		entered, leaves := make(chan struct{}), make(chan struct{})
		leave = append(leave, leaves)
		go func() {
			left <- s.withWorldRoom(t.Context(), func(limits scenario.Limits) error {
				if limits != smallWorld {
					return errors.New("got other limits than those of a small world")
				}
				close(entered)
				<-leaves
				return nil
			})
		}()
		<-entered
	}
	for range worldRoom {
		enter()
	}
	if s.worlds.TryAcquire(1) {
		t.Error("got room for one more small world, want none")
	}

	// A world that turns out to be large waits until the small ones are done, and is then alone.
	for _, leaves := range leave[1:] {
		close(leaves)
		if err := <-left; err != nil {
			t.Error(err)
		}
	}
	alone := make(chan bool, 1)
	tried := make(chan struct{}, 2)
	large := make(chan error, 1)
	go func() {
		large <- s.withWorldRoom(t.Context(), func(limits scenario.Limits) error {
			tried <- struct{}{}
			if limits == smallWorld {
				return scenario.ErrBeyondLimits
			}
			alone <- !s.worlds.TryAcquire(1)
			return nil
		})
	}()
	<-tried
	close(leave[0])
	if err := errors.Join(<-left, <-large); err != nil || !<-alone {
		t.Errorf("a large world: got %v, want no error, and no other world in memory", err)
	}
}

// A caller that disconnects while there is no room does not wait.
func TestADisconnectedCallerDoesNotWaitForRoom(t *testing.T) {
	t.Parallel()
	s, _ := clockedOperator(t, storetest.Pool(t))
	ctx, cancel := context.WithCancel(t.Context())
	if err := s.worlds.Acquire(t.Context(), worldRoom); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.withWorldRoom(ctx, func(scenario.Limits) error { return errors.New("used") }) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// A world that is too large for a request is refused with advice: as a file, and as the content of
// an account.
func TestWorldsThatAreTooLargeForARequest(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	s, _ := clockedOperator(t, pool)
	const accountID = "1000000000000001"
	overHTTP := func(interfaces int) ScenarioFile {
		w := worldtest.New(accountID, worldtest.Set("quotas",
			map[string]any{"network_interfaces_per_region": 100_000})).
			VPC("vpc-1", "10.0.0.0/8").
			VSwitch("vsw-1", "cn-hangzhou-h", "10.0.0.0/16").
			SecurityGroup("sg-1", worldtest.Set("type", "enterprise")).
			NetworkInterface("eni-{n}", worldtest.Count(interfaces))
		return ScenarioFile{Name: "s.yaml", Text: []byte(w.String()), OverHTTP: true}
	}
	if differences, err := s.DiffScenario(t.Context(), overHTTP(3000)); err != nil || len(differences) != 3004 {
		t.Errorf("more than a small world: got %d differences and %v, want 3004", len(differences), err)
	}
	var refusal *Error
	if _, err := s.DiffScenario(t.Context(), overHTTP(50_001)); !errors.As(err, &refusal) ||
		!strings.Contains(err.Error(), "50000 are the most") {
		t.Errorf("more than a large world: got %v, want the maximum", err)
	}
	if _, err := s.ApplyScenario(t.Context(), overHTTP(3)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		limits scenario.Limits
		want   string // "" if the account is within the limits
	}{
		{scenario.Limits{Resources: 3, Parts: 6, Bytes: 1}, ""},
		{
			scenario.Limits{Resources: 2, Parts: 6, Bytes: 1},
			"has 3 instances and network interfaces, and a server reads 2",
		},
		{
			scenario.Limits{Resources: 3, Parts: 5, Bytes: 1},
			"has 6 addresses, memberships and rules, and a server reads 5",
		},
	} {
		err := s.checkWorldSize(t.Context(), []string{accountID}, c.limits, "")
		if (err == nil) != (c.want == "") || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%+v: got %v, want %q", c.limits, err, c.want)
		}
	}
	if text, err := s.ExportAccountOverHTTP(t.Context(), accountID, false); err != nil ||
		!strings.Contains(string(text), "eni-") {
		t.Fatalf("export: got %q, %v, want the interfaces", text, err)
	}
	for change, want := range map[string]string{
		`description = repeat('x', 9000000)`:                          "bytes as a scenario",
		`attributes = jsonb_build_object('x', repeat('x', 40000000))`: "bytes of user data, tags and other attributes",
	} {
		if _, err := pool.Exec(t.Context(), `UPDATE network_interfaces SET `+change+` WHERE id = 'eni-1'`); err != nil {
			t.Fatal(err)
		}
		_, err := s.ExportAccountOverHTTP(t.Context(), accountID, false)
		if !errors.As(err, &refusal) || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), exportCommand) {
			t.Errorf("got %v, want an operator error with %q and the command", err, want)
		}
		if text, err := s.ExportAccount(t.Context(), accountID, false); err != nil || len(text) == 0 {
			t.Errorf("without a server: got %d bytes and %v, want the scenario", len(text), err)
		}
		if _, err := pool.Exec(t.Context(), `
			UPDATE network_interfaces SET description = '', attributes = '{}' WHERE id = 'eni-1'`); err != nil {
			t.Fatal(err)
		}
	}
}
