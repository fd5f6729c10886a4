package load

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"enisim.alt/cmd/enisim/history"
)

// PlanOptions are the options of NewPlan.
type PlanOptions struct {
	Clients int
	Mix     Mix
	// Skew: the k-th interface, and the k-th instance of a cell, are used in proportion to
	// 1/k^Zipf. With 0 all are used equally.
	Zipf float64
	Cell int // number of instances in a cell; 0: all of a place
	// The same seed on the same world gives the same sequence of operations for each client.
	Seed uint64
}

// cell is a part of a world: some instances of one place, and interfaces that are attached only to
// these. Operations in different cells are independent, so a long history can be checked quickly.
// Every client works on all cells.
type cell struct {
	instances []string
	skew      zipf
}

// planInterface is an interface and its cell.
type planInterface struct {
	id    string
	cell  *cell
	start string // the instance that it was attached to at the start; "" if it was free
}

// NewPlan returns the plan of enisim load. A client does not depend on other clients or on the
// results of its operations, so the seed determines its sequence:
//
//   - The mix is a deck of cards, one card for each action. The deck is shuffled, played to its end
//     and shuffled again, so the shares are exact.
//   - An attach takes any interface, free or not, and any instance of its cell, full or not.
//   - A detach takes the interface that the client attached the longest time ago. At the start, the
//     interfaces that are attached already are distributed over the clients. A client keeps few
//     interfaces attached: from preferDetach on it plays a detach instead of an attach, and with
//     none an attach instead of a detach, as long as the deck has such a card.
//   - One detach in strayInterval takes any interface. For each of these a later attach takes an
//     interface that the client has attached already, so that their number does not grow.
//   - A describe takes any interface.
//
// Actions that create or delete interfaces or change their addresses work on interfaces that the
// plan itself creates, so their sequence depends on answers. See changePlan.
func NewPlan(w World, o PlanOptions) (Plan, error) {
	var targets []planInterface
	if o.Mix.moves() {
		var err error
		if targets, err = newCells(w, o); err != nil {
			return nil, err
		}
	}
	pool, err := newChangePool(w.VSwitches, o.Mix)
	if err != nil {
		return nil, err
	}
	skew := newZipf(len(targets), o.Zipf)
	dealt := make([][]attachment, o.Clients)
	count := 0
	for n := range targets {
		if t := &targets[n]; t.start != "" {
			dealt[count%o.Clients] = append(dealt[count%o.Clients], attachment{t, t.start})
			count++
		}
	}
	trunkOf := map[string]string{}
	for _, i := range w.Instances {
		if i.TrunkOf != "" {
			trunkOf[i.ID] = i.TrunkOf
		}
	}
	return func(client int) Next {
		c := &clientPlan{targets: targets, trunkOf: trunkOf, skew: skew, mix: o.Mix.reduced(),
			random: rand.New(rand.NewPCG(o.Seed, uint64(client))), attached: slices.Clone(dealt[client])}
		if !o.Mix.Changes() {
			return func(Result) (Operation, bool) { return c.next(), true }
		}
		c.changes = &changePlan{pool: pool, client: client, random: c.random}
		return func(last Result) (Operation, bool) {
			if again := c.changes.learn(last); again {
				return last.Operation, true
			}
			return c.next(), true
		}
	}, nil
}

// newCells splits a world into cells and returns its interfaces, cell by cell, so that the most
// used interfaces share cells. An attached interface belongs to the cell of its instance. The free
// interfaces of a place are distributed over its cells in turn. An interface in a place without
// instances is left out.
func newCells(w World, o PlanOptions) ([]planInterface, error) {
	// First fill the cells of each place with instances.
	places := map[Place][]*cell{}
	cellOf := map[string]*cell{} // by instance
	var allCells []*cell
	for _, i := range w.Instances {
		placeCells := places[i.Place]
		if len(placeCells) == 0 || o.Cell > 0 && len(placeCells[len(placeCells)-1].instances) == o.Cell {
			placeCells = append(placeCells, &cell{})
			places[i.Place] = placeCells
			allCells = append(allCells, placeCells[len(placeCells)-1])
		}
		last := placeCells[len(placeCells)-1]
		last.instances = append(last.instances, i.ID)
		cellOf[i.ID] = last
	}
	// Then assign the interfaces.
	members := map[*cell][]planInterface{}
	dealt := map[Place]int{}
	for _, n := range w.Interfaces {
		c := cellOf[n.Instance]
		if placeCells := places[n.Place]; c == nil && len(placeCells) > 0 {
			c = placeCells[dealt[n.Place]%len(placeCells)]
			dealt[n.Place]++
		}
		if c != nil {
			members[c] = append(members[c], planInterface{n.ID, c, n.Instance})
		}
	}
	// Last, list the interfaces cell by cell.
	var targets []planInterface
	for _, c := range allCells {
		c.skew = newZipf(len(c.instances), o.Zipf)
		targets = append(targets, members[c]...)
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("the world has %d instances and %d secondary interfaces, and none of them in the "+
			"same VPC and zone: there is nothing to attach", len(w.Instances), len(w.Interfaces))
	}
	return targets, nil
}

// Constants of a client's sequence (see NewPlan).
const (
	preferDetach = 2 // number of attached interfaces from which on a client prefers a detach
	// The number of attached interfaces after which a client forgets the oldest. This happens if
	// the mix has more attaches than detaches.
	maxAttached   = 4096
	strayInterval = 20 // one detach in this many takes any interface
)

// attachment is an interface and the instance to which the client attached it.
type attachment struct {
	target   *planInterface
	instance string
}

// clientPlan is the state of one client's sequence.
type clientPlan struct {
	targets  []planInterface
	trunkOf  map[string]string // by trunk: its instance
	skew     zipf
	mix      Mix
	deck     Mix // cards that are left
	random   *rand.Rand
	attached []attachment // the oldest first
	// The number of detaches that took any interface, for which no attach has compensated yet.
	pendingStrays int
	changes       *changePlan // nil if the mix has no changes
}

// next returns the next operation.
func (p *clientPlan) next() Operation {
	switch action := p.nextAction(); action {
	case history.Attach:
		return p.namingTrunk(p.attach())
	case history.Detach:
		return p.namingTrunk(p.detach())
	case history.Describe:
		return Operation{Action: history.Describe, Interface: p.anyInterface().id}
	default:
		return p.changes.next(action)
	}
}

// namingTrunk returns an operation on a trunk as one on its instance that names the trunk.
func (p *clientPlan) namingTrunk(op Operation) Operation {
	if on := p.trunkOf[op.Instance]; on != "" {
		op.Trunk, op.Instance = op.Instance, on
	}
	return op
}

// attach returns an attach, and remembers it unless it compensates for a stray detach.
func (p *clientPlan) attach() Operation {
	if p.pendingStrays > 0 && len(p.attached) > 0 {
		p.pendingStrays--
		t := p.attached[p.random.IntN(len(p.attached))].target
		return Operation{Action: history.Attach, Interface: t.id, Instance: p.anyInstance(t)}
	}
	t := p.anyInterface()
	to := p.anyInstance(t)
	if len(p.attached) == maxAttached {
		p.attached = p.attached[1:]
	}
	p.attached = append(p.attached, attachment{t, to})
	return Operation{Action: history.Attach, Interface: t.id, Instance: to}
}

// detach returns a detach of the oldest attached interface, or sometimes of any interface.
func (p *clientPlan) detach() Operation {
	if len(p.attached) == 0 || p.random.IntN(strayInterval) == 0 {
		p.pendingStrays++
		t := p.anyInterface()
		return Operation{Action: history.Detach, Interface: t.id, Instance: p.anyInstance(t)}
	}
	h := p.attached[0]
	p.attached = p.attached[1:]
	return Operation{Action: history.Detach, Interface: h.target.id, Instance: h.instance}
}

// anyInterface returns a random interface, by the skew.
func (p *clientPlan) anyInterface() *planInterface { return &p.targets[p.skew.draw(p.random)] }

// anyInstance returns a random instance of an interface's cell, by the skew.
func (p *clientPlan) anyInstance(t *planInterface) string {
	return t.cell.instances[t.cell.skew.draw(p.random)]
}

// nextAction takes a card from the deck and returns its action.
func (p *clientPlan) nextAction() string {
	if p.deck == (Mix{}) {
		p.deck = p.mix
	}
	// First draw a card.
	n := p.random.IntN(p.deck.size())
	k := 0
	shares := sharesOf(&p.deck)
	for ; n >= *shares[k]; k++ {
		n -= *shares[k]
	}
	// Then swap an attach and a detach if there are too many or no attached interfaces.
	switch name := mixNames[k]; {
	case name == "attach" && len(p.attached) >= preferDetach && p.deck.Detach > 0:
		k = slices.Index(mixNames, "detach")
	case name == "detach" && len(p.attached) == 0 && p.deck.Attach > 0:
		k = slices.Index(mixNames, "attach")
	}
	*shares[k]--
	return shortNames[mixNames[k]]
}
