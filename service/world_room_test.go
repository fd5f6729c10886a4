package service

import (
	"context"
	"errors"
	"strings"
	"testing"

	"enisim/service/scenario"
	"enisim/store/storetest"
)

// Small worlds have room side by side, as many as there is room for. A large one has it alone.
func TestWorldRoom(t *testing.T) {
	t.Parallel()
	s, _ := clockedService(t, storetest.Pool(t))
	var leave []chan struct{}
	left := make(chan error, worldRoom)
	enter := func() {
		entered, leaves := make(chan struct{}), make(chan struct{})
		leave = append(leave, leaves)
		go func() {
			left <- s.withWorldRoom(t.Context(), func(limits scenario.Limits) error {
				if limits != smallWorld {
					return errors.New("a small world does not fit into the room for one")
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
		t.Error("there is room for one more small world")
	}

	// One that turns out to be large waits until all have left, and is then alone.
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
		t.Errorf("a large world: got %v, want it alone and without an error", err)
	}
}

// A caller that gives up while there is no room is not kept.
func TestWorldRoomIsNotAwaitedForACallerThatIsGone(t *testing.T) {
	t.Parallel()
	s, _ := clockedService(t, storetest.Pool(t))
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

// What is more than a server reads for a request is refused with what to do: a file that describes it, and an account that has it.
func TestWorldsThatAreTooLargeForARequest(t *testing.T) {
	t.Parallel()
	s, _ := clockedService(t, storetest.Pool(t))
	const text = `
enisim: 1
accounts:
  - id: "1000000000000001"
    quotas: {network_interfaces_per_region: 100000}
    regions:
      - id: cn-hangzhou
        vpcs: [{id: vpc-1, cidr_block: 10.0.0.0/8, vswitches: [{id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}], security_groups: [{id: sg-1, type: enterprise}]}]
        network_interfaces: [{id: "eni-{n}", count: COUNT, vswitch: vsw-1, security_groups: [sg-1]}]
`
	over := func(count string) ScenarioFile {
		return ScenarioFile{Name: "s.yaml", Text: []byte(strings.Replace(text, "COUNT", count, 1)), OverHTTP: true}
	}
	if differences, err := s.DiffScenario(t.Context(), over("3000")); err != nil || len(differences) != 3004 {
		t.Errorf("more than a small world: got %d differences and %v, want 3004", len(differences), err)
	}
	var refusal *OperatorError
	if _, err := s.DiffScenario(t.Context(), over("50001")); !errors.As(err, &refusal) || !strings.Contains(err.Error(), "50000 are the most") {
		t.Errorf("more than a large world: got %v, want how many may be", err)
	}
	if _, err := s.ApplyScenario(t.Context(), over("3")); err != nil {
		t.Fatal(err)
	}
	for command, limited := range map[string]func(scenario.Limits) error{
		"enisim scenario export": func(limits scenario.Limits) error {
			_, err := s.exportWithin(t.Context(), "1000000000000001", false, limits)
			return err
		},
		"enisim scenario diff": func(limits scenario.Limits) error {
			return s.checkWorldSize(t.Context(), []string{"1000000000000001"}, limits, "enisim scenario diff")
		},
	} {
		if err := limited(scenario.Limits{Resources: 3}); err != nil {
			t.Errorf("%s of as many as there may be: %v", command, err)
		}
		err := explainScenarioError(limited(scenario.Limits{Resources: 2}))
		if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "has 3 instances") || !strings.Contains(err.Error(), command) {
			t.Errorf("%s of more: got %v, want an operator's error with the number and the command", command, err)
		}
	}
}
