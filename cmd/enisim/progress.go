package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// minShownWork is the minimum amount of work whose progress is shown. Less is done within a moment.
const minShownWork = 100_000

// progress shows the progress of long work: a bar on a terminal, otherwise a line for each tenth.
type progress struct {
	out    io.Writer
	label  string
	isTerm bool
	// nil until the work turns out to be large; always nil without a terminal
	bar    *progressbar.ProgressBar
	tenths int64 // tenths that were printed
}

// newProgress returns the progress of work with a label.
func newProgress(out io.Writer, what string) *progress {
	f, isFile := out.(*os.File)
	return &progress{out: out, label: what, isTerm: isFile && term.IsTerminal(int(f.Fd()))}
}

// set shows that done of total is done.
func (p *progress) set(done, total int64) {
	switch {
	case total < minShownWork:
	case p.isTerm:
		p.draw(done, total)
	default:
		if tenths := 10 * done / total; tenths > p.tenths {
			p.tenths = tenths
			fmt.Fprintf(p.out, "%s: %d%%\n", p.label, 10*tenths)
		}
	}
}

// draw updates the bar.
func (p *progress) draw(done, total int64) {
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(p.out),
			progressbar.OptionSetDescription(p.label),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetElapsedTime(true),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionUseANSICodes(true),
			progressbar.OptionFullWidth(),
			progressbar.OptionClearOnFinish(),
		)
	}
	_ = p.bar.Set64(done) // an error means that the terminal is gone; the work continues
}

// end removes the bar, so that the next line starts at the margin. It is called also when the work
// has failed.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
