package load

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress shows the progress of a run: as a bar on a terminal, otherwise as a line every ten
// seconds.
type Progress struct {
	out io.Writer
	bar *progressbar.ProgressBar // nil if out is not a terminal
	// The number of requests at which the run ends, which the bar counts. If 0, the bar counts
	// seconds.
	requests int64
	total    Point // since the last line
	lastLine time.Duration
	done     int64
}

// lineInterval is the time between lines.
const lineInterval = 10 * time.Second

// NewProgress returns the progress of a run that ends after a duration or a number of requests. At
// least one of them is not 0.
func NewProgress(out io.Writer, duration time.Duration, requests int64) *Progress {
	p := &Progress{out: out}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		length := int64(duration.Seconds())
		if length == 0 {
			length, p.requests = requests, requests
		}
		p.bar = progressbar.NewOptions64(length, progressbar.OptionSetWriter(out),
			progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth(),
			progressbar.OptionUseANSICodes(true), progressbar.OptionClearOnFinish(),
			progressbar.OptionShowDescriptionAtLineEnd())
	}
	return p
}

// Show adds the result of an interval and updates the bar, or prints a line if one is due.
func (p *Progress) Show(i Interval) {
	var now Point
	for _, a := range i.Actions {
		now.add(a)
	}
	p.done += now.count()
	if p.bar == nil {
		p.total.add(now)
		if i.At-p.lastLine >= lineInterval {
			fmt.Fprintln(p.out, i.At.Round(time.Second), p.total.format(i.At-p.lastLine))
			p.total, p.lastLine = Point{}, i.At
		}
		return
	}
	p.bar.Describe(now.format(i.Length))
	at := int64(i.At.Seconds())
	if p.requests > 0 {
		at = p.done
	}
	_ = p.bar.Set64(min(at, p.bar.GetMax64()))
}

// End removes the bar.
func (p *Progress) End() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

// count returns the number of operations.
func (p *Point) count() int64 { return p.OK + p.Refused + p.Unknown }

// add adds the operations of another point. Percentiles cannot be added, so the larger one is kept
// as an upper bound.
func (p *Point) add(other Point) {
	p.OK, p.Refused, p.Unknown = p.OK+other.OK, p.Refused+other.Refused, p.Unknown+other.Unknown
	p.P99, p.Max = max(p.P99, other.P99), max(p.Max, other.Max)
}

// format returns a point over some time as text.
func (p *Point) format(over time.Duration) string {
	return fmt.Sprintf("%.0f/s, p99 up to %s, max %s, %d ok, %d refused, %d unknown",
		float64(p.count())/max(over.Seconds(), 0.001), formatLatency(p.P99), formatLatency(p.Max), p.OK, p.Refused,
		p.Unknown)
}
