package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// encodedState is the state of the model for porcupine: the instance of each interface and the
// interface count of each instance. Equal states are equal strings.
type encodedState string

// referenceChecker checks a piece with porcupine.
type referenceChecker struct {
	world   *world
	piece   *piece
	indexOf map[int]int // by interface: its index in a state
}

// newReferenceChecker returns the checker of a piece.
func (w *world) newReferenceChecker(p *piece) *referenceChecker {
	j := &referenceChecker{w, p, map[int]int{}}
	for _, e := range p.episodes {
		if _, there := j.indexOf[e.eni]; !there {
			j.indexOf[e.eni] = len(j.indexOf)
		}
	}
	return j
}

// firstRune encodes 0. A state has one rune for each interface, then one for each instance. The
// lowest value is anywhere, -2.
const firstRune = '0' + 2

// encode returns the encoded state.
func (j *referenceChecker) encode(at, held []int) encodedState {
	var b strings.Builder
	for _, a := range at {
		b.WriteRune(rune(firstRune + a))
	}
	for _, h := range held {
		b.WriteRune(rune(firstRune + h))
	}
	return encodedState(b.String())
}

// decode returns the instances of the interfaces, and the interface counts of the instances.
func (j *referenceChecker) decode(s encodedState) (at, held []int) {
	values := make([]int, 0, len(s))
	for _, r := range string(s) {
		values = append(values, int(r)-firstRune)
	}
	return values[:len(j.indexOf)], values[len(j.indexOf):]
}

// describe returns a state as text for the picture.
func (j *referenceChecker) describe(s encodedState) string {
	at, held := j.decode(s)
	var words []string
	for eni, index := range j.indexOf {
		switch place := at[index]; place {
		case nowhere:
			words = append(words, j.world.interfaceName(eni)+" free")
		case anywhere:
			words = append(words, j.world.interfaceName(eni)+" anywhere")
		default:
			words = append(words, j.world.interfaceName(eni)+" on "+j.world.instanceName(place))
		}
	}
	for i, p := range j.piece.instances {
		words = append(words, fmt.Sprintf("%s holds %d of %d", j.world.instanceName(p.instance), held[i], p.limit))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

// model returns the model that porcupine executes. An operation of unknown outcome never ends for
// porcupine: if it cannot happen, it has no effect, and porcupine may order it after everything
// else.
func (j *referenceChecker) model() porcupine.Model {
	return porcupine.Model{
		Init: func() any {
			at, held := make([]int, len(j.indexOf)), make([]int, len(j.piece.instances))
			for _, e := range slices.Backward(j.piece.episodes) {
				at[j.indexOf[e.eni]] = e.start
			}
			for i, p := range j.piece.instances {
				held[i] = p.held
			}
			return j.encode(at, held)
		},
		Step: func(state, input, _ any) (bool, any) {
			o := input.(*op)
			at, held := j.decode(state.(encodedState))
			index := j.indexOf[o.eni]
			count, others, limit, local := 0, 0, 0, 0
			if o.usesCount() {
				local = j.piece.index[o.instance]
				p := j.piece.instances[local]
				count, others, limit = held[local], p.others, p.limit
			}
			switch allowed := o.allows(at[index], count, others, limit); {
			case !allowed:
				return o.uncertain, state
			case !o.changesState():
				return true, state
			}
			to, more := o.apply(at[index])
			at[index] = to
			held[local] += more
			return true, j.encode(at, held)
		},
		DescribeOperation: func(input, _ any) string { return operationText(input.(*op)) },
		DescribeState:     func(state any) string { return j.describe(state.(encodedState)) },
	}
}

// check runs porcupine on the piece until it has a result or the deadline of ctx passes.
func (j *referenceChecker) check(ctx context.Context) (porcupine.CheckResult, porcupine.LinearizationInfo) {
	// First find the last time of the piece.
	last := int64(0)
	for _, o := range j.piece.operations() {
		if last = max(last, o.from); o.to != endless {
			last = max(last, o.to)
		}
	}
	// Then give each client a row of the picture.
	rows := map[int]int{} // by client
	var operations []porcupine.Operation
	for _, o := range j.piece.operations() {
		if _, there := rows[o.operation.Client]; !there && o.to != endless {
			rows[o.operation.Client] = len(rows)
		}
	}
	// Then convert the operations. One that never ends gets its own row, because its client goes
	// on, and an end after all other times.
	lost := len(rows)
	for _, o := range j.piece.operations() {
		p := porcupine.Operation{ClientId: rows[o.operation.Client], Input: o, Call: o.from, Return: o.to}
		if o.to == endless {
			p.ClientId, p.Return = lost, last+1
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
