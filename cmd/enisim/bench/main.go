package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// options are the flags of the command line.
type options struct {
	Length  time.Duration `default:"5s" help:"How long each cell is measured."`
	Clients []int         `default:"1,8,32,64,128,256" help:"Client counts of the first table."`
	Scale   []int         `default:"1000,100000,1000000" help:"Interfaces of the worlds of the second table."`
	Tables  []string      `default:"load,scale,reads,life,lists,mixed,neighbours,overload,disturbed,observed" enum:"load,scale,reads,life,lists,mixed,neighbours,overload,disturbed,observed" help:"Which tables to print."`

	Interfaces int `default:"1000000" help:"Interfaces of the world of the table of lists; the mixed load has at most 100,000."`

	Noisy []string `default:"locked,applying,creators,readers,attachers" enum:"locked,applying,creators,readers,attachers" help:"Loads of the table of neighbours."`

	Before string `default:"${before}" help:"Build that attaches without rules are compared with in the table of rules: a commit of this git clone, or the path of a binary (with a slash). Empty: none."`

	Neighbour string `hidden:"" help:"Play a noisy neighbour of the table of neighbours, and nothing else."`
	Endpoint  string `hidden:"" help:"The server of --neighbour."`
}

func main() {
	var o options
	kong.Parse(&o, kong.Description("Measures enisim beside pgbench, and prints tables."),
		kong.Vars{"before": beforeRules})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	work := func() error { return run(ctx, o) }
	if o.Neighbour != "" {
		work = func() error { return runNoisy(ctx, o.Neighbour, o.Endpoint) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run prints the chosen tables, one after the other, and writes their figures to bench.json.
func run(ctx context.Context, o options) (err error) {
	b, err := newBench(ctx, o.Length, sizes{lifeClients: []int{1, 64, 400}, clients: 64,
		launched: 100, interfaces: o.Interfaces, delay: time.Second, rounds: 5})
	if err != nil {
		return err
	}
	defer func() {
		if closing := b.close(ctx); err == nil {
			err = closing
		}
	}()
	if slices.Contains(o.Tables, "disturbed") {
		if b.before, err = b.findEarlier(ctx, o.Before); err != nil {
			return err
		}
	}
	fmt.Printf("%s, %d cores, %s, load average before %s\n", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(),
		runtime.Version(), loadAverage())
	for _, table := range o.Tables {
		var err error
		switch table {
		case "load":
			err = b.loadTable(ctx, o.Clients)
		case "scale":
			err = b.scaleTable(ctx, o.Scale)
		case "reads":
			err = b.readsTable(ctx)
		case "life":
			err = b.lifeTables(ctx)
		case "lists":
			err = b.listsTables(ctx)
		case "mixed":
			err = b.mixedTable(ctx)
		case "neighbours":
			err = b.neighboursTable(ctx, o.Noisy)
		case "overload":
			err = b.overloadTable(ctx)
		case "disturbed":
			err = b.disturbedTables(ctx)
		case "observed":
			err = b.observedTable(ctx)
		}
		if err != nil {
			return err
		}
	}
	return b.writeResults(resultsFile)
}

// loadAverage returns the average number of processes that wanted a core in the last minute.
// Figures are valid only if nothing else ran.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// printRow prints a row of a table in Markdown as soon as it is known.
func printRow(cells ...string) { fmt.Println("| " + strings.Join(cells, " | ") + " |") }

// printHeading prints a text and the first two lines of its table.
func printHeading(text string, columns ...string) {
	fmt.Println("\n" + text + "\n")
	printRow(columns...)
	fmt.Println("|" + strings.Repeat(" --- |", len(columns)))
}

func formatRate(r float64) string  { return fmt.Sprintf("%.0f", r) }
func formatRatio(r float64) string { return fmt.Sprintf("%.2f×", r) }

func formatMilliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000)
}

func (p percentiles) String() string {
	return formatMilliseconds(p.p50) + " / " + formatMilliseconds(p.p99) + " / " + formatMilliseconds(p.p999)
}
