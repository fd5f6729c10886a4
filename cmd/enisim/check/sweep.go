package check

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

// sweep looks for an order of a piece's operations that explains all answers. It goes through the invokes and ends in the order of time and keeps the frontier: the
// ways in which the operations so far may have happened. It is lazy: an operation happens in a way only when its end has come, or when something that ends
// needs it; an operation that changes nothing happens as soon as it fits, because it never stands in another's way.
//
// What it finds is checked by others (certificate, porcupine), so that a mistake here costs an answer, not its truth.
type sweep struct {
	piece    *piece
	slots    []slot         // of operations under way, free ones among them
	unused   []int          // slots that are free
	active   []int          // slots that are not, the first to end first
	open     []int          // by home: how many operations of its episode have yet to end
	vacant   []int          // homes that are free
	homeOf   map[int]int    // by episode, of those under way
	slotOf   map[[2]int]int // by episode and operation, of those under way
	next     int            // event
	frontier []*way
	now      int64
	width    int  // how many ways are kept at most
	eager    bool // what is kept of too many: where most has happened, instead of least
	narrowed bool // more ways than that were met, and some given up
}

// slot is an operation under way.
type slot struct {
	*op
	home  int // where its episode's place stands in a way
	local int // where its instance stands in the piece; nowhere where it does not matter
	solo  bool
}

// way is one way in which all may have happened so far.
type way struct {
	at    []int32  // by home: the place of the interface
	held  []int32  // by instance of the piece
	done  []uint64 // by slot: what is under way and has happened
	trail *step
}

// step is an operation that happened, and what happened before.
type step struct {
	op     *op
	time   int64
	before *step
}

func (v *way) has(slot int) bool { return v.done[slot/64]&(1<<(slot%64)) != 0 }

func (v *way) clone() *way {
	c := *v
	c.at, c.held, c.done = slices.Clone(v.at), slices.Clone(v.held), slices.Clone(v.done)
	return &c
}

// key is the same for ways that have the same future.
func (v *way) key() string {
	b := make([]byte, 0, 4*len(v.at)+4*len(v.held)+8*len(v.done))
	for _, at := range v.at {
		b = binary.LittleEndian.AppendUint32(b, uint32(at))
	}
	for _, held := range v.held {
		b = binary.LittleEndian.AppendUint32(b, uint32(held))
	}
	for _, done := range v.done {
		b = binary.LittleEndian.AppendUint64(b, done)
	}
	return string(b)
}

// event is an invoke or an end.
type event struct {
	time    int64
	end     bool
	episode int
	op      int
}

// events lists the invokes and ends of a piece in the order of time. At one time invokes come first: a closed interval overlaps what it touches.
func (p *piece) events() []event {
	var out []event
	for k, e := range p.episodes {
		for j, o := range e.ops {
			out = append(out, event{o.from, false, k, j})
			if o.to != endless {
				out = append(out, event{o.to, true, k, j})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b event) int {
		if c := cmp.Compare(a.time, b.time); c != 0 {
			return c
		}
		switch {
		case a.end == b.end:
			return 0
		case b.end:
			return -1
		}
		return 1
	})
	return out
}

// errStuck says that no way leads past the end of an operation.
type errStuck struct {
	op       *op
	narrowed bool // ways were given up before: another one might have led on
}

func (errStuck) Error() string { return "no order explains all answers" }

// errTime says that there was no more time.
var errTime = errors.New("out of time")

// The sweep follows few ways at first. Where it is stuck it goes back, further each time, and passes the place with more.
const (
	fewWays    = 8
	moreWays   = 6  // times as many, each time
	stride     = 64 // events from one saved sweep to the next
	stridesOff = 64 // how many saved sweeps are kept
)

// order finds an order of the piece's operations, the last step of which it returns, or says where it is stuck.
func (p *piece) order(ctx context.Context, width int) (*step, error) {
	s := &sweep{piece: p, width: fewWays, frontier: []*way{{held: make([]int32, len(p.instances))}}, homeOf: map[int]int{}, slotOf: map[[2]int]int{}}
	for i, place := range p.instances {
		s.frontier[0].held[i] = int32(place.held)
	}
	events := p.events()
	var saved []*sweep // the latest last
	back, passed := 1, -1
	for s.next < len(events) {
		if s.next%stride == 0 {
			if ctx.Err() != nil {
				return nil, errTime
			}
			if saved = append(saved, s.save()); len(saved) > stridesOff {
				saved = saved[1:]
			}
		}
		if s.next > passed+stride {
			s.width, s.eager, back = fewWays, false, 1
		}
		err := s.take(ctx, events[s.next])
		if err == nil {
			s.next++
			continue
		}
		stuck := errStuck{}
		if !errors.As(err, &stuck) || !s.narrowed || s.width >= width {
			return nil, err
		}
		wider, eager := s.width, !s.eager
		if !eager {
			wider = min(moreWays*s.width, width)
			back *= 2
		}
		passed = max(passed, s.next)
		saved = saved[:max(1, len(saved)-back)]
		s, saved = saved[len(saved)-1], saved[:len(saved)-1]
		s.width, s.eager = wider, eager
	}
	return s.frontier[0].trail, nil
}

// save keeps a sweep as it is.
func (s *sweep) save() *sweep {
	c := *s
	c.slots, c.unused, c.active, c.vacant = slices.Clone(s.slots), slices.Clone(s.unused), slices.Clone(s.active), slices.Clone(s.vacant)
	c.open, c.homeOf, c.slotOf = slices.Clone(s.open), maps.Clone(s.homeOf), maps.Clone(s.slotOf)
	c.frontier = make([]*way, len(s.frontier))
	for i, v := range s.frontier {
		c.frontier[i] = v.clone()
	}
	return &c
}

// take lets an event happen.
func (s *sweep) take(ctx context.Context, e event) error {
	s.now = e.time
	episode := &s.piece.episodes[e.episode]
	id := [2]int{e.episode, e.op}
	home, under := s.homeOf[e.episode]
	if !e.end {
		if !under {
			home = s.enter(episode)
			s.homeOf[e.episode] = home
		}
		s.slotOf[id] = s.invoke(&episode.ops[e.op], home, episode.solo())
		return nil
	}
	if err := s.finish(ctx, s.slotOf[id]); err != nil {
		return err
	}
	delete(s.slotOf, id)
	if s.open[home]--; s.open[home] == 0 {
		delete(s.homeOf, e.episode)
		s.leave(home)
	}
	return nil
}

// enter makes room for the place of an episode's interface.
func (s *sweep) enter(e *episode) (home int) {
	if n := len(s.vacant); n > 0 {
		home, s.vacant = s.vacant[n-1], s.vacant[:n-1]
	} else {
		home, s.open = len(s.open), append(s.open, 0)
		for _, v := range s.frontier {
			v.at = append(v.at, nowhere)
		}
	}
	s.open[home] = len(e.ops)
	for _, v := range s.frontier {
		v.at[home] = int32(e.start)
	}
	return home
}

// leave forgets the place of an episode that is over.
func (s *sweep) leave(home int) {
	for _, v := range s.frontier {
		v.at[home] = nowhere
	}
	s.vacant = append(s.vacant, home)
}

// invoke begins an operation.
func (s *sweep) invoke(o *op, home int, solo bool) int {
	var n int
	if k := len(s.unused); k > 0 {
		n, s.unused = s.unused[k-1], s.unused[:k-1]
	} else {
		n = len(s.slots)
		s.slots = append(s.slots, slot{})
		if n%64 == 0 {
			for _, v := range s.frontier {
				v.done = append(v.done, 0)
			}
		}
	}
	local := nowhere
	if o.counts() {
		local = s.piece.index[o.instance]
	}
	s.slots[n] = slot{op: o, home: home, local: local, solo: solo}
	at, _ := slices.BinarySearchFunc(s.active, o.to, func(k int, to int64) int { return cmp.Compare(s.slots[k].to, to) })
	s.active = slices.Insert(s.active, at, n)
	if !o.changes() {
		for _, v := range s.frontier {
			if s.fits(v, n) {
				s.happen(v, n)
			}
		}
	}
	return n
}

// finish ends an operation: only ways in which it has happened go on.
func (s *sweep) finish(ctx context.Context, n int) error {
	ways, maybe := s.frontier, s.slots[n].maybe
	if !maybe {
		ways = nil
		for _, v := range s.frontier {
			if v.has(n) {
				ways = append(ways, v)
				continue
			}
			if ctx.Err() != nil {
				return errTime
			}
			ways = append(ways, s.reach(v, n)...)
		}
		if len(ways) == 0 {
			return errStuck{s.slots[n].op, s.narrowed}
		}
	}
	for _, v := range ways {
		v.done[n/64] &^= 1 << (n % 64)
	}
	s.unused = append(s.unused, n)
	s.active = slices.DeleteFunc(s.active, func(k int) bool { return k == n })
	s.frontier = s.keep(ways)
	return nil
}

// keep leaves out ways that have the same future as another one, and the busiest of too many.
func (s *sweep) keep(ways []*way) []*way {
	if len(ways) == 1 {
		return ways
	}
	seen := make(map[string]bool, len(ways))
	ways = slices.DeleteFunc(ways, func(v *way) bool {
		k := v.key()
		if seen[k] {
			return true
		}
		seen[k] = true
		return false
	})
	if len(ways) > s.width {
		s.narrowed = true
		slices.SortStableFunc(ways, func(a, b *way) int { return cmp.Compare(s.rank(a), s.rank(b)) })
		ways = ways[:s.width]
	}
	return ways
}

// rank orders ways by how little has happened, or by how much.
func (s *sweep) rank(v *way) (n int) {
	for _, k := range s.active {
		if v.has(k) != s.eager && (s.eager || s.slots[k].changes()) {
			n++
		}
	}
	return n
}

// fits tells whether an operation may happen next.
func (s *sweep) fits(v *way, n int) bool {
	o := &s.slots[n]
	held, others, limit := 0, 0, 0
	if o.local >= 0 {
		place := &s.piece.instances[o.local]
		held, others, limit = int(v.held[o.local]), place.others, place.limit
	}
	return o.allows(int(v.at[o.home]), held, others, limit)
}

// happen lets an operation happen, and then all that changes nothing and fits.
func (s *sweep) happen(v *way, n int) {
	o := &s.slots[n]
	v.done[n/64] |= 1 << (n % 64)
	v.trail = &step{o.op, s.now, v.trail}
	if !o.changes() {
		return
	}
	to, more := o.move(int(v.at[o.home]))
	v.at[o.home] = int32(to)
	v.held[o.local] += int32(more)
	for _, k := range s.active {
		if watcher := &s.slots[k]; !watcher.changes() && (watcher.home == o.home || watcher.local == o.local) && !v.has(k) && s.fits(v, k) {
			v.done[k/64] |= 1 << (k % 64)
			v.trail = &step{watcher.op, s.now, v.trail}
		}
	}
}
