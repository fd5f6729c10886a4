package load

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress shows how far a run is: as a bar on a terminal, as a line now and then elsewhere.
type Progress struct {
	out      io.Writer
	bar      *progressbar.ProgressBar // nil where out is no terminal
	requests int64                    // that the run ends after, and the bar counts; 0: it counts seconds
	sum      Point                    // since the last line
	since    time.Duration            // when that was
	done     int64
}

// lineEvery is the time between lines.
const lineEvery = 10 * time.Second

// NewProgress shows a run that ends after a duration or a number of requests, of which one is not 0.
func NewProgress(out io.Writer, duration time.Duration, requests int64) *Progress {
	p := &Progress{out: out}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		length := int64(duration.Seconds())
		if length == 0 {
			length, p.requests = requests, requests
		}
		p.bar = progressbar.NewOptions64(length, progressbar.OptionSetWriter(out), progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth(),
			progressbar.OptionUseANSICodes(true), progressbar.OptionClearOnFinish(), progressbar.OptionShowDescriptionAtLineEnd())
	}
	return p
}

// Show is told what happened in each interval.
func (p *Progress) Show(i Interval) {
	var now Point
	for _, a := range i.Actions {
		now.add(a)
	}
	p.done += now.count()
	if p.bar == nil {
		p.sum.add(now)
		if i.At-p.since >= lineEvery {
			fmt.Fprintln(p.out, i.At.Round(time.Second), p.sum.spell(i.At-p.since))
			p.sum, p.since = Point{}, i.At
		}
		return
	}
	p.bar.Describe(now.spell(i.Length))
	at := int64(i.At.Seconds())
	if p.requests > 0 {
		at = p.done
	}
	_ = p.bar.Set64(min(at, p.bar.GetMax64()))
}

// End takes the bar away.
func (p *Progress) End() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

func (p *Point) count() int64 { return p.OK + p.Refused + p.Unknown }

// add adds the operations of another point. Of percentiles there is no sum: the larger says that nothing was worse.
func (p *Point) add(other Point) {
	p.OK, p.Refused, p.Unknown = p.OK+other.OK, p.Refused+other.Refused, p.Unknown+other.Unknown
	p.P99, p.Max = max(p.P99, other.P99), max(p.Max, other.Max)
}

func (p *Point) spell(over time.Duration) string {
	return fmt.Sprintf("%.0f/s, p99 up to %s, max %s, %d ok, %d refused, %d unknown",
		float64(p.count())/max(over.Seconds(), 0.001), spellLatency(p.P99), spellLatency(p.Max), p.OK, p.Refused, p.Unknown)
}
