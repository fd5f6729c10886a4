package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// options are the command line.
type options struct {
	Length  time.Duration `default:"5s" help:"How long each cell is measured."`
	Clients []int         `default:"1,8,32,64,128,256" help:"Client counts of the first table."`
	Scale   []int         `default:"1000,100000,1000000" help:"Interfaces of the worlds of the second table."`
	Tables  []string      `default:"load,scale,reads,neighbours,overload" enum:"load,scale,reads,neighbours,overload" help:"Which tables to print."`

	Greed    string `hidden:"" help:"Play a greedy tenant of the table of neighbours, and nothing else."`
	Endpoint string `hidden:"" help:"The server of --greed."`
}

func main() {
	var o options
	kong.Parse(&o, kong.Description("Measures enisim beside pgbench, and prints tables."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	work := func() error { return run(ctx, o) }
	if o.Greed != "" {
		work = func() error { return beGreedy(ctx, o.Greed, o.Endpoint) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	b, err := newBench(ctx, o.Length)
	if err != nil {
		return err
	}
	defer func() {
		if closing := b.close(ctx); err == nil {
			err = closing
		}
	}()
	fmt.Printf("%s, %d cores, %s, load average before %s\n", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.Version(), loadAverage())
	for _, table := range o.Tables {
		var err error
		switch table {
		case "load":
			err = b.loadTable(ctx, o.Clients)
		case "scale":
			err = b.scaleTable(ctx, o.Scale)
		case "reads":
			err = b.readsTable(ctx)
		case "neighbours":
			err = b.neighboursTable(ctx)
		case "overload":
			err = b.overloadTable(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// loadAverage is how many processes wanted a core in the last minute: a measurement beside others is none.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// row prints a line of a table in Markdown, each as soon as it is known.
func row(cells ...string) { fmt.Println("| " + strings.Join(cells, " | ") + " |") }

// heading prints the first two lines of a table, and what it is about.
func heading(text string, columns ...string) {
	fmt.Println("\n" + text + "\n")
	row(columns...)
	fmt.Println("|" + strings.Repeat(" --- |", len(columns)))
}

func rate(r float64) string  { return fmt.Sprintf("%.0f", r) }
func ratio(r float64) string { return fmt.Sprintf("%.2f×", r) }

func ms(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000) }

func (p percentiles) String() string { return ms(p.p50) + " / " + ms(p.p99) + " / " + ms(p.p999) }
