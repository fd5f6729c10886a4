package load

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"enisim.alt/cmd/enisim/history"
)

// usualMix is the default of enisim load.
var usualMix = Mix{Attach: 45, Detach: 45, Describe: 10}

// testWorld returns a world of two places with instances, attached and free interfaces, and one
// interface in a place without instances.
func testWorld() World {
	var w World
	for n := range 20 {
		place := Place{VPC: "vpc-1", Zone: fmt.Sprintf("zone-%d", n%2)}
		w.Instances = append(w.Instances, Instance{ID: fmt.Sprintf("i-%02d", n), Place: place, Limit: 8, Held: 1})
		w.Interfaces = append(w.Interfaces,
			Interface{ID: fmt.Sprintf("eni-on-%02d", n), Place: place, Instance: fmt.Sprintf("i-%02d", n)})
	}
	for n := range 60 {
		w.Interfaces = append(w.Interfaces,
			Interface{ID: fmt.Sprintf("eni-%02d", n), Place: Place{VPC: "vpc-1", Zone: fmt.Sprintf("zone-%d", n%2)}})
	}
	w.Interfaces = append(w.Interfaces, Interface{ID: "eni-alone", Place: Place{VPC: "vpc-2", Zone: "zone-0"}})
	return w
}

// drawOperations returns the first n operations of a client, all of which have the given result.
func drawOperations(plan Plan, client, n int, result Result) []Operation {
	next := plan(client)
	list := make([]Operation, n)
	for k := range list {
		list[k], _ = next(result)
	}
	return list
}

// A client's sequence depends only on the seed, not on the results of its operations or on other
// clients.
func TestPlanIsDeterministic(t *testing.T) {
	t.Parallel()
	plan := func(seed uint64) Plan {
		p, err := NewPlan(testWorld(), PlanOptions{Clients: 4, Mix: usualMix, Zipf: 0.8, Cell: 4, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for client := range 4 {
		first := drawOperations(plan(7), client, 1000, Result{})
		again := plan(7)
		drawOperations(again, (client+1)%4, 500, Result{})
		if second := drawOperations(again, client, 1000,
			Result{Outcome: history.Fail, Code: "EniPerInstanceLimitExceeded"}); !reflect.DeepEqual(first, second) {
			t.Errorf("client %d: got another sequence for the same seed", client)
		}
		if reflect.DeepEqual(first, drawOperations(plan(8), client, 1000, Result{})) {
			t.Errorf("client %d: got the same sequence for another seed", client)
		}
		if reflect.DeepEqual(first, drawOperations(plan(7), (client+1)%4, 1000, Result{})) {
			t.Errorf("client %d: got the sequence of the next client, want another", client)
		}
	}
}

// A deck has each action as often as the mix says, so complete decks make the mix exact.
func TestMixIsExact(t *testing.T) {
	t.Parallel()
	for _, mix := range []Mix{
		usualMix, {Attach: 90, Detach: 10}, {Describe: 1},
		{Attach: 1, Detach: 3, Describe: 2}, {Detach: 1},
	} {
		plan, err := NewPlan(testWorld(), PlanOptions{Clients: 2, Mix: mix, Cell: 4, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		const decks = 40
		got := map[string]int{}
		for _, op := range drawOperations(plan, 1, decks*(mix.Attach+mix.Detach+mix.Describe), Result{}) {
			got[op.Action]++
		}
		for action, share := range map[string]int{history.Attach: mix.Attach, history.Detach: mix.Detach,
			history.Describe: mix.Describe} {
			if got[action] != decks*share {
				t.Errorf("%s: got %d of %s, want %d", mix, got[action], action, decks*share)
			}
		}
	}
}

// An interface is used only with instances of its place, and at most the four of its cell. A
// history can be split into small parts, because no operation has an interface and an instance of
// different cells.
func TestOperationsStayInTheirCell(t *testing.T) {
	t.Parallel()
	world := testWorld()
	const cell = 4
	plan, err := NewPlan(world, PlanOptions{Clients: 3, Mix: usualMix, Cell: cell, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]Place{}
	for _, i := range world.Instances {
		places[i.ID] = i.Place
	}
	for _, n := range world.Interfaces {
		places[n.ID] = n.Place
	}
	used := map[string]map[string]bool{} // by interface: its instances
	for client := range 3 {
		for _, op := range drawOperations(plan, client, 20000, Result{}) {
			if op.Interface == "eni-alone" {
				t.Fatal("got an operation on an interface that no instance can take")
			}
			if op.Action == history.Describe {
				continue
			}
			if places[op.Interface] != places[op.Instance] {
				t.Fatalf("got %+v, want an instance in the interface's place", op)
			}
			if used[op.Interface] == nil {
				used[op.Interface] = map[string]bool{}
			}
			used[op.Interface][op.Instance] = true
		}
	}
	if len(used) != len(world.Interfaces)-1 {
		t.Errorf("got %d used interfaces, want %d", len(used), len(world.Interfaces)-1)
	}
	for _, n := range world.Interfaces {
		if len(used[n.ID]) > cell {
			t.Errorf("%s: got %d instances, want at most %d", n.ID, len(used[n.ID]), cell)
		}
		if n.Instance != "" && !used[n.ID][n.Instance] {
			t.Errorf("%s: got no operation with %s, its instance at the start", n.ID, n.Instance)
		}
	}
}

// Most operations of a single client succeed, because its interfaces are where the plan expects
// them. The number of attached interfaces does not grow.
func TestPlanMostlySucceeds(t *testing.T) {
	t.Parallel()
	plan, err := NewPlan(testWorld(), PlanOptions{Clients: 20, Mix: usualMix, Cell: 4, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	on := map[string]string{}
	for _, n := range testWorld().Interfaces {
		on[n.ID] = n.Instance
	}
	succeeded, sent, maxAttached := 0, 0, 0
	for _, op := range drawOperations(plan, 0, 100000, Result{}) {
		switch {
		case op.Action == history.Describe:
			continue
		case op.Action == history.Attach && on[op.Interface] == "":
			on[op.Interface] = op.Instance
			succeeded++
		case op.Action == history.Detach && on[op.Interface] == op.Instance:
			on[op.Interface] = ""
			succeeded++
		}
		sent++
		attached := 0
		for _, instance := range on {
			if instance != "" {
				attached++
			}
		}
		maxAttached = max(maxAttached, attached)
	}
	if succeeded < sent*7/10 || maxAttached > 30 {
		t.Errorf("got %d of %d successful, and at most %d attached; want at least 70%%, and about the 20 of the start",
			succeeded, sent, maxAttached)
	}
}

// Each rank is drawn with the frequency of Zipf's law.
func TestZipf(t *testing.T) {
	t.Parallel()
	const ranks, draws = 5, 200000
	for _, s := range []float64{0, 0.5, 1, 2} {
		z := newZipf(ranks, s)
		r := rand.New(rand.NewPCG(1, 2))
		var got [ranks]int
		for range draws {
			got[z.draw(r)]++
		}
		sum := 0.0
		for k := range ranks {
			sum += math.Pow(float64(k+1), -s)
		}
		for k := range ranks {
			want := draws * math.Pow(float64(k+1), -s) / sum
			if math.Abs(float64(got[k])-want) > 5*math.Sqrt(want) {
				t.Errorf("s=%g: got rank %d %d times, want about %.0f", s, k, got[k], want)
			}
		}
	}
}

// A world without instances or interfaces has no plan, and the error says which ones it lacks.
func TestNewPlanRefusesUnusableWorld(t *testing.T) {
	t.Parallel()
	_, err := NewPlan(World{Instances: testWorld().Instances},
		PlanOptions{Clients: 1, Mix: Mix{Attach: 1, Detach: 1, Describe: 1}})
	if err == nil || !strings.Contains(err.Error(), "20 instances and 0 secondary interfaces") {
		t.Errorf("got %v, want the missing resources named", err)
	}
}

// A mix is parsed from its weights, and the error of an invalid one shows the form.
func TestMixUnmarshal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Mix{
		"attach=45,detach=45,describe=10":       usualMix,
		"describe=1":                            {Describe: 1},
		"attach=1, detach=2":                    {Attach: 1, Detach: 2},
		"create=4,delete=3,assign=2,unassign=1": {Create: 4, Delete: 3, Assign: 2, Unassign: 1},
	} {
		var got Mix
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "attach", "attach=x", "attach=-1", "attach=1,attach=2", "reboot=1", "attach=0",
		"attach=99999"} {
		if err := new(Mix).UnmarshalText([]byte(text)); err == nil ||
			!strings.Contains(err.Error(), "attach=45,detach=45,describe=10") {
			t.Errorf("%q: got %v, want an example of a mix", text, err)
		}
	}
}
