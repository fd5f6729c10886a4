package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// worthShowing is the least work that shows how far it is. Less is done before anybody looks.
const worthShowing = 100_000

// progress shows how far large work is: a bar on a terminal, and a line for each tenth elsewhere, where lines stay.
type progress struct {
	out    io.Writer
	what   string
	isTerm bool
	bar    *progressbar.ProgressBar // nil until the work turns out to be large, and on anything but a terminal
	tenths int64                    // that a line was written for
}

func newProgress(out io.Writer, what string) *progress {
	f, isFile := out.(*os.File)
	return &progress{out: out, what: what, isTerm: isFile && term.IsTerminal(int(f.Fd()))}
}

// set tells how much of the work is done.
func (p *progress) set(done, total int64) {
	switch {
	case total < worthShowing:
	case p.isTerm:
		p.draw(done, total)
	default:
		if tenths := 10 * done / total; tenths > p.tenths {
			p.tenths = tenths
			fmt.Fprintf(p.out, "%s: %d%%\n", p.what, 10*tenths)
		}
	}
}

func (p *progress) draw(done, total int64) {
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(p.out),
			progressbar.OptionSetDescription(p.what),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetElapsedTime(true),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionUseANSICodes(true),
			progressbar.OptionFullWidth(),
			progressbar.OptionClearOnFinish(),
		)
	}
	_ = p.bar.Set64(done) // a terminal that is gone stops nothing
}

// end takes the bar away, also when the work failed half-way, so that the next line starts at the margin.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
