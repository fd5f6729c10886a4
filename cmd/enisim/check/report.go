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

	"enisim/cmd/enisim/history"
)

// describe puts an operation and its answer into words.
func describe(o *op) string { return call(o.operation) + ": " + answer(o.operation) }

func call(o *history.Operation) string {
	if o.Instance == nil {
		return fmt.Sprintf("%s %s", o.Action, named(o.Interface.Account, o.Interface.ID))
	}
	preposition := "to"
	if o.Action == history.Detach {
		preposition = "from"
	}
	return fmt.Sprintf("%s %s %s %s", o.Action, named(o.Interface.Account, o.Interface.ID), preposition, o.Instance.ID)
}

func answer(o *history.Operation) string {
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

// Write tells the contradiction in plain lines.
func (c *Contradiction) Write(out io.Writer) {
	operations := c.piece.operations()
	slices.SortFunc(operations, func(a, b *op) int { return cmp.Compare(a.from, b.from) })
	fmt.Fprintf(out, "These answers contradict each other (%d of %d operations):\n\n", len(operations), len(c.world.history.Operations))
	for _, p := range c.piece.instances {
		if slices.ContainsFunc(operations, func(o *op) bool { return o.counts() && o.instance == p.instance }) {
			fmt.Fprintln(out, "  "+c.describePlace(p))
		}
	}
	for _, e := range c.starts() {
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
		fmt.Fprintf(table, "  %d\t%d\t%d\t%s\t%s\t%s\t%s\n", o.operation.ID, o.operation.Line, o.operation.Client, seconds(o.operation.Invoked), to, call(o.operation), answer(o.operation))
	}
	table.Flush()
	fmt.Fprintf(out, "\nNo order of them explains op %d. %s\n", c.goal.operation.ID, c.why())
}

// seconds spells a time of the history.
func seconds(d time.Duration) string { return fmt.Sprintf("%.6fs", d.Seconds()) }

// describePlace tells how an instance stands when the contradiction begins.
func (c *Contradiction) describePlace(p place) string {
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
		taken = append(taken, "1 by "+c.world.eni(h)+since(c.world.sight(h, p.instance, c.piece.begin())))
	}
	text := fmt.Sprintf("%s has %d places", c.world.instance(p.instance), p.limit)
	if len(taken) > 0 {
		text += ". When this begins, are taken: " + strings.Join(taken, "; ")
	}
	if p.others > 0 && slices.ContainsFunc(c.piece.operations(), func(o *op) bool { return o.kind == full && o.instance == p.instance }) {
		text += fmt.Sprintf("; not more than %d others may be on it", p.others)
	}
	return text + "."
}

// since tells what put an interface where it is.
func since(o *history.Operation) string {
	if o == nil {
		return " (from the start)"
	}
	return fmt.Sprintf(" (op %d, line %d)", o.ID, o.Line)
}

// starts tells where the interfaces of the contradiction are when it begins, where that is known.
func (c *Contradiction) starts() []string {
	var out []string
	met := map[int]bool{}
	for _, e := range c.piece.episodes {
		if met[e.eni] || e.start == unsure {
			continue
		}
		met[e.eni] = true
		if c.piece.place(e.start) != nil {
			continue // told with the instance
		}
		place := "free"
		if e.start != nowhere {
			place = "on " + c.world.instance(e.start)
		}
		out = append(out, fmt.Sprintf("%s is %s%s.", c.world.eni(e.eni), place, since(c.world.sight(e.eni, e.start, c.piece.begin()))))
	}
	return out
}

// why says what the operation at which all orders fail would have needed.
func (c *Contradiction) why() string {
	o := c.goal
	eni := c.world.eni(o.eni)
	switch o.kind {
	case attach:
		return fmt.Sprintf("It would have needed %s free and a place on %s at one moment of its call.", eni, c.world.instance(o.instance))
	case full:
		return fmt.Sprintf("It would have needed %s free and %s full at one moment of its call.", eni, c.world.instance(o.instance))
	case detach, on:
		return fmt.Sprintf("It would have needed %s on %s at one moment of its call.", eni, c.world.instance(o.instance))
	case free:
		return fmt.Sprintf("It would have needed %s free at one moment of its call.", eni)
	case taken:
		return fmt.Sprintf("It would have needed %s on an instance at one moment of its call.", eni)
	case elsewhere:
		return fmt.Sprintf("It would have needed %s on another instance than %s at one moment of its call.", eni, c.world.instance(o.instance))
	}
	return "Nothing of the world answers so."
}

// Draw writes porcupine's picture of the contradiction to a file, an HTML page.
func (c *Contradiction) Draw(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := porcupine.Visualize(c.judge.model(), c.info, file); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return file.Close()
}
