package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// judged is the state of the executable model that porcupine walks: the place of each interface and how many each instance holds, spelled so that equal
// states are equal strings.
type judged string

// judge is a piece as porcupine sees it.
type judge struct {
	world *world
	piece *piece
	homes map[int]int // by interface: where it stands in a state
}

func (w *world) judge(p *piece) *judge {
	j := &judge{w, p, map[int]int{}}
	for _, e := range p.episodes {
		if _, there := j.homes[e.eni]; !there {
			j.homes[e.eni] = len(j.homes)
		}
	}
	return j
}

// runes: a state has one per interface, then one per instance. Places begin at -2.
const firstRune = '0' + 2

func (j *judge) spell(at, held []int) judged {
	var b strings.Builder
	for _, a := range at {
		b.WriteRune(rune(firstRune + a))
	}
	for _, h := range held {
		b.WriteRune(rune(firstRune + h))
	}
	return judged(b.String())
}

func (j *judge) read(s judged) (at, held []int) {
	values := make([]int, 0, len(s))
	for _, r := range string(s) {
		values = append(values, int(r)-firstRune)
	}
	return values[:len(j.homes)], values[len(j.homes):]
}

// describe puts a state into words, for the picture.
func (j *judge) describe(s judged) string {
	at, held := j.read(s)
	var words []string
	for eni, home := range j.homes {
		switch place := at[home]; place {
		case nowhere:
			words = append(words, j.world.eni(eni)+" free")
		case unsure:
			words = append(words, j.world.eni(eni)+" anywhere")
		default:
			words = append(words, j.world.eni(eni)+" on "+j.world.instance(place))
		}
	}
	for i, p := range j.piece.instances {
		words = append(words, fmt.Sprintf("%s holds %d of %d", j.world.instance(p.instance), held[i], p.limit))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

// model is the executable model. An unknown operation is one that never ended: it changes what it can when its turn comes, and its turn may come after all
// that was seen, which is never.
func (j *judge) model() porcupine.Model {
	return porcupine.Model{
		Init: func() any {
			at, held := make([]int, len(j.homes)), make([]int, len(j.piece.instances))
			for _, e := range slices.Backward(j.piece.episodes) {
				at[j.homes[e.eni]] = e.start
			}
			for i, p := range j.piece.instances {
				held[i] = p.held
			}
			return j.spell(at, held)
		},
		Step: func(state, input, _ any) (bool, any) {
			o := input.(*op)
			at, held := j.read(state.(judged))
			home := j.homes[o.eni]
			count, others, limit, local := 0, 0, 0, 0
			if o.counts() {
				local = j.piece.index[o.instance]
				p := j.piece.instances[local]
				count, others, limit = held[local], p.others, p.limit
			}
			switch allowed := o.allows(at[home], count, others, limit); {
			case !allowed:
				return o.maybe, state
			case !o.changes():
				return true, state
			}
			to, more := o.move(at[home])
			at[home] = to
			held[local] += more
			return true, j.spell(at, held)
		},
		DescribeOperation: func(input, _ any) string { return describe(input.(*op)) },
		DescribeState:     func(state any) string { return j.describe(state.(judged)) },
	}
}

// ask lets porcupine decide about a piece.
func (j *judge) ask(ctx context.Context) (porcupine.CheckResult, porcupine.LinearizationInfo) {
	last := int64(0)
	for _, o := range j.piece.operations() {
		if last = max(last, o.from); o.to != endless {
			last = max(last, o.to)
		}
	}
	rows := map[int]int{} // of the picture, by client
	var operations []porcupine.Operation
	for _, o := range j.piece.operations() {
		if _, there := rows[o.operation.Client]; !there && o.to != endless {
			rows[o.operation.Client] = len(rows)
		}
	}
	lost := len(rows) // a call that has no end has a row of its own, since its client goes on
	for _, o := range j.piece.operations() {
		p := porcupine.Operation{ClientId: rows[o.operation.Client], Input: o, Call: o.from, Return: o.to}
		if o.to == endless {
			p.ClientId, p.Return = lost, last+1 // after all that was seen
			lost++
		}
		operations = append(operations, p)
	}
	timeout := time.Duration(0)
	if deadline, ok := ctx.Deadline(); ok {
		timeout = max(time.Until(deadline), time.Nanosecond)
	}
	return porcupine.CheckOperationsVerbose(j.model(), operations, timeout)
}
