package check

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/anishathalye/porcupine"

	"enisim.alt/cmd/enisim/history"
)

// operationText returns an operation and its answer as text.
func operationText(o *op) string { return callText(o.operation) + ": " + answerText(o.operation) }

// callText returns the request of an operation as text.
func callText(o *history.Operation) string {
	if o.Instance == nil {
		return fmt.Sprintf("%s %s", o.Action, qualifiedName(o.Interface.Account, o.Interface.ID))
	}
	preposition := "to"
	if o.Action == history.Detach {
		preposition = "from"
	}
	return fmt.Sprintf("%s %s %s %s", o.Action, qualifiedName(o.Interface.Account, o.Interface.ID), preposition,
		o.Instance.ID)
}

// answerText returns the answer of an operation as text.
func answerText(o *history.Operation) string {
	switch {
	case o.Outcome == history.Fail:
		return o.Code
	case o.Outcome == history.Unknown && o.Error != "":
		return "unknown, " + o.Error
	case o.Outcome == history.Unknown:
		return "unknown"
	case o.Action != history.Describe:
		return "ok"
	case o.Status == "":
		return "not listed"
	case o.On == "":
		return o.Status
	}
	return o.Status + " on " + o.On
}

// Write writes the contradiction as text: first the initial state, then the operations in the order
// of their invokes, then what the last operation would have needed.
func (c *Contradiction) Write(out io.Writer) {
	operations := c.piece.operations()
	slices.SortFunc(operations, func(a, b *op) int { return cmp.Compare(a.from, b.from) })
	fmt.Fprintf(out, "These answers contradict each other (%d of %d operations):\n\n", len(operations),
		len(c.world.history.Operations))
	for _, p := range c.piece.instances {
		if slices.ContainsFunc(operations, func(o *op) bool { return o.usesCount() && o.instance == p.instance }) {
			fmt.Fprintln(out, "  "+c.describeInstance(p))
		}
	}
	for _, e := range c.initialPlaces() {
		fmt.Fprintln(out, "  "+e)
	}
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  op\tline\tclient\tfrom\tto\tcall\tanswer")
	for _, o := range operations {
		to := "-"
		if o.operation.Outcome != history.Unknown {
			to = seconds(o.operation.Ended)
		}
		fmt.Fprintf(table, "  %d\t%d\t%d\t%s\t%s\t%s\t%s\n", o.operation.ID, o.operation.Line, o.operation.Client,
			seconds(o.operation.Invoked), to, callText(o.operation), answerText(o.operation))
	}
	table.Flush()
	fmt.Fprintf(out, "\nNo order of them explains op %d. %s\n", c.goal.operation.ID, c.requirement())
}

// seconds returns a time of the history as text.
func seconds(d time.Duration) string { return fmt.Sprintf("%.6fs", d.Seconds()) }

// describeInstance returns the state of an instance at the start of the contradiction: its limit,
// and the interfaces on it.
func (c *Contradiction) describeInstance(p instanceState) string {
	instance := c.world.history.Instances[p.instance]
	var taken []string
	if instance.Held > 0 {
		taken = append(taken, fmt.Sprintf("%d by interfaces that no operation moves", instance.Held))
	}
	left := p.held - instance.Held
	for _, h := range c.holders[p.instance] {
		if left--; left < 0 {
			break
		}
		taken = append(taken,
			"1 by "+c.world.interfaceName(h)+evidenceText(c.world.lastEvidence(h, p.instance, c.piece.firstInvoke())))
	}
	text := fmt.Sprintf("%s has %d places", c.world.instanceName(p.instance), p.limit)
	if len(taken) > 0 {
		text += ". When this begins, are taken: " + strings.Join(taken, "; ")
	}
	if p.others > 0 && slices.ContainsFunc(c.piece.operations(),
		func(o *op) bool { return o.kind == full && o.instance == p.instance }) {
		text += fmt.Sprintf("; not more than %d others may be on it", p.others)
	}
	return text + "."
}

// evidenceText names the operation that proves an initial state.
func evidenceText(o *history.Operation) string {
	if o == nil {
		return " (from the start)"
	}
	return fmt.Sprintf(" (op %d, line %d)", o.ID, o.Line)
}

// initialPlaces returns the initial states of the interfaces, where they are known.
func (c *Contradiction) initialPlaces() []string {
	var out []string
	met := map[int]bool{}
	for _, e := range c.piece.episodes {
		if met[e.eni] || e.start == anywhere {
			continue
		}
		met[e.eni] = true
		if c.piece.instanceState(e.start) != nil {
			continue // described with the instance
		}
		place := "free"
		if e.start != nowhere {
			place = "on " + c.world.instanceName(e.start)
		}
		out = append(out, fmt.Sprintf("%s is %s%s.", c.world.interfaceName(e.eni), place,
			evidenceText(c.world.lastEvidence(e.eni, e.start, c.piece.firstInvoke()))))
	}
	return out
}

// requirement returns what the operation at which all orders fail would have needed.
func (c *Contradiction) requirement() string {
	o := c.goal
	eni := c.world.interfaceName(o.eni)
	switch o.kind {
	case attach:
		return fmt.Sprintf("It would have needed %s free and a place on %s at one moment of its call.", eni,
			c.world.instanceName(o.instance))
	case full:
		return fmt.Sprintf("It would have needed %s free and %s full at one moment of its call.", eni,
			c.world.instanceName(o.instance))
	case detach, on:
		return fmt.Sprintf("It would have needed %s on %s at one moment of its call.", eni,
			c.world.instanceName(o.instance))
	case free:
		return fmt.Sprintf("It would have needed %s free at one moment of its call.", eni)
	case taken:
		return fmt.Sprintf("It would have needed %s on an instance at one moment of its call.", eni)
	case elsewhere:
		return fmt.Sprintf("It would have needed %s on another instance than %s at one moment of its call.", eni,
			c.world.instanceName(o.instance))
	case impossible:
	}
	return "Nothing of the world answers so."
}

// Draw writes porcupine's picture of the contradiction to a file, as an HTML page.
func (c *Contradiction) Draw(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := porcupine.Visualize(c.reference.model(), c.info, file); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return file.Close()
}
