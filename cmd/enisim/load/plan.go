package load

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"enisim/cmd/enisim/history"
)

// PlanOptions choose a plan of NewPlan.
type PlanOptions struct {
	Clients int
	Mix     Mix
	Zipf    float64 // skew: the k-th interface, and the k-th instance of a cell, are asked for in proportion to 1/k^Zipf; 0: all alike
	Cell    int     // instances of a cell; 0: all of a place
	Seed    uint64  // the same seed on the same world is the same sequence of operations for each client
}

// cell is a part of a world that operations do not leave: some instances of one place, and interfaces that go to those only. What happens in different cells is
// independent, which is what makes a long history quick to check. Clients work on all cells.
type cell struct {
	instances []string
	skew      zipf
}

// target is an interface with its cell.
type target struct {
	id    string
	cell  *cell
	start string // the instance that it was on at the start; "" if it was free
}

// NewPlan is the plan of enisim load. A client knows nothing of the others, and does not look at how its operations end, so its sequence is given by the seed:
//
//   - The mix is a deck of cards that is shuffled, played to its end and shuffled anew, so that shares are exact.
//   - An attach takes any interface, free or not, and any instance of its cell, full or not.
//   - A detach aims at where the client itself put an interface last, the oldest first (at the start, at interfaces that were attached already, which are dealt to the
//     clients). A client keeps few in hand: with a handful it plays a detach rather than an attach, and with none an attach rather than a detach, as long as the deck
//     has one left.
//   - One detach in straying aims anywhere, and an attach later at an interface that the client has in hand, so that the hand does not grow.
//   - A describe asks for any interface.
func NewPlan(w World, o PlanOptions) (Plan, error) {
	targets, err := cells(w, o)
	if err != nil {
		return nil, err
	}
	hot := newZipf(len(targets), o.Zipf)
	dealt := make([][]held, o.Clients)
	attached := 0
	for n := range targets {
		if t := &targets[n]; t.start != "" {
			dealt[attached%o.Clients] = append(dealt[attached%o.Clients], held{t, t.start})
			attached++
		}
	}
	return func(client int) Next {
		c := &player{targets: targets, hot: hot, mix: o.Mix.reduced(), random: rand.New(rand.NewPCG(o.Seed, uint64(client))), hand: slices.Clone(dealt[client])}
		return func(Result) (Operation, bool) { return c.next(), true }
	}, nil
}

// cells parts a world, and lists its interfaces cell by cell, so that the hot ones are in hot cells. Interfaces that are attached are in their instance's
// cell; the free ones of a place are dealt to its cells in turn. An interface in whose place there is no instance is left out.
func cells(w World, o PlanOptions) ([]target, error) {
	places := map[Place][]*cell{}
	of := map[string]*cell{} // by instance
	var all []*cell
	for _, i := range w.Instances {
		here := places[i.Place]
		if len(here) == 0 || o.Cell > 0 && len(here[len(here)-1].instances) == o.Cell {
			here = append(here, &cell{})
			places[i.Place] = here
			all = append(all, here[len(here)-1])
		}
		last := here[len(here)-1]
		last.instances = append(last.instances, i.ID)
		of[i.ID] = last
	}
	members := map[*cell][]target{}
	dealt := map[Place]int{}
	for _, n := range w.Interfaces {
		c := of[n.Instance]
		if here := places[n.Place]; c == nil && len(here) > 0 {
			c = here[dealt[n.Place]%len(here)]
			dealt[n.Place]++
		}
		if c != nil {
			members[c] = append(members[c], target{n.ID, c, n.Instance})
		}
	}
	var targets []target
	for _, c := range all {
		c.skew = newZipf(len(c.instances), o.Zipf)
		targets = append(targets, members[c]...)
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("the world has %d instances and %d secondary interfaces, and none of them in the same VPC and zone: there is nothing to attach", len(w.Instances), len(w.Interfaces))
	}
	return targets, nil
}

// A client's habits.
const (
	handful  = 2    // interfaces in hand from which on it would rather detach
	most     = 4096 // interfaces in hand, after which the oldest is forgotten: the mix has more attaches than detaches
	straying = 20   // one detach in so many aims anywhere
)

// held is an interface, and the instance where the client put it.
type held struct {
	target   *target
	instance string
}

// player is a client's part of a plan.
type player struct {
	targets []target
	hot     zipf
	mix     Mix
	left    Mix // cards of the deck
	random  *rand.Rand
	hand    []held // the oldest first
	strayed int    // detaches that took nothing from the hand, for which no attach has put nothing into it yet
}

func (p *player) next() Operation {
	switch p.card() {
	case history.Attach:
		return p.attach()
	case history.Detach:
		return p.detach()
	default:
		return Operation{Action: history.Describe, Interface: p.anyInterface().id}
	}
}

func (p *player) attach() Operation {
	if p.strayed > 0 && len(p.hand) > 0 {
		p.strayed--
		t := p.hand[p.random.IntN(len(p.hand))].target
		return Operation{Action: history.Attach, Interface: t.id, Instance: p.anyInstance(t)}
	}
	t := p.anyInterface()
	to := p.anyInstance(t)
	if len(p.hand) == most {
		p.hand = p.hand[1:]
	}
	p.hand = append(p.hand, held{t, to})
	return Operation{Action: history.Attach, Interface: t.id, Instance: to}
}

func (p *player) detach() Operation {
	if len(p.hand) == 0 || p.random.IntN(straying) == 0 {
		p.strayed++
		t := p.anyInterface()
		return Operation{Action: history.Detach, Interface: t.id, Instance: p.anyInstance(t)}
	}
	h := p.hand[0]
	p.hand = p.hand[1:]
	return Operation{Action: history.Detach, Interface: h.target.id, Instance: h.instance}
}

func (p *player) anyInterface() *target { return &p.targets[p.hot.draw(p.random)] }

func (p *player) anyInstance(t *target) string {
	return t.cell.instances[t.cell.skew.draw(p.random)]
}

// card takes a card from the deck.
func (p *player) card() string {
	if p.left == (Mix{}) {
		p.left = p.mix
	}
	n := p.random.IntN(p.left.Attach + p.left.Detach + p.left.Describe)
	attach, detach := n < p.left.Attach, n >= p.left.Attach && n < p.left.Attach+p.left.Detach
	switch {
	case attach && len(p.hand) >= handful && p.left.Detach > 0:
		attach, detach = false, true
	case detach && len(p.hand) == 0 && p.left.Attach > 0:
		attach, detach = true, false
	}
	switch {
	case attach:
		p.left.Attach--
		return history.Attach
	case detach:
		p.left.Detach--
		return history.Detach
	default:
		p.left.Describe--
		return history.Describe
	}
}
