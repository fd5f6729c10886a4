package load

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"
)

// percentiles are the percentiles in tables and reports.
var percentiles = []float64{50, 90, 99, 99.9, 100}

// Print writes a summary as tables: the actions, then the codes of what was not OK.
func (s *Summary) Print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "action\tcount\trate\tp50\tp90\tp99\tp99.9\tmax\tok\trefused\tunknown\t")
	for _, a := range s.rows() {
		fmt.Fprintf(table, "%s\t%d\t%.1f/s\t", cmp.Or(a.Action, "all"), a.Count(), s.Rate(a.Count()))
		for _, p := range percentiles {
			fmt.Fprintf(table, "%s\t", formatLatency(a.Percentile(p)))
		}
		fmt.Fprintf(table, "%d\t%d\t%d\t\n", a.OK, a.Refused, a.Unknown)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	table = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	codes := false
	for _, a := range s.Actions {
		for _, code := range a.codesByCount() {
			if !codes {
				codes = true
				fmt.Fprintln(table, "\naction\tcode\tcount")
			}
			fmt.Fprintf(table, "%s\t%s\t%d\n", a.Action, code, a.Codes[code])
		}
	}
	if s.Unsent > 0 {
		fmt.Fprintf(table, "\n%d requests were due and not sent: all clients were waiting for answers\n", s.Unsent)
	}
	return table.Flush()
}

// rows returns the actions, and their total if there are several.
func (s *Summary) rows() []Stats {
	if len(s.Actions) == 1 {
		return s.Actions
	}
	return append(slices.Clone(s.Actions), s.Total())
}

// codesByCount returns the codes, the most frequent first.
func (s *Stats) codesByCount() []string {
	return slices.SortedFunc(maps.Keys(s.Codes), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Codes[b], s.Codes[a]), cmp.Compare(a, b))
	})
}

// formatLatency returns a latency with three significant digits.
func formatLatency(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%.3gms", float64(d.Microseconds())/1000)
	default:
		return fmt.Sprintf("%.3gs", d.Seconds())
	}
}
