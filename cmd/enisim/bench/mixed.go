package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
	"enisim.alt/httpapi/signature"
)

// maxMixedSize limits the world of the mixed load: a larger one takes longer to apply.
const maxMixedSize = 100_000

// mixedTable measures attaches and detaches, alone and while others read pages without pause.
func (b *bench) mixedTable(ctx context.Context) (err error) {
	const attachers = 64
	world := newListsWorld(min(b.sizes.interfaces, maxMixedSize))
	s, _, err := b.serveApplied(ctx, "mixed", world.scenario())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	if err := execute(ctx, s.url, "VACUUM (ANALYZE)"); err != nil {
		return err
	}
	printHeading(fmt.Sprintf("Mixed: attach and detach in turn by %d clients, alone and beside %d clients that read "+
		"pages of 100 without pause, in a world of %d interfaces.", attachers, readers, world.interfaces()),
		"pages", "attaches and detaches a second alone", "beside", "**ratio**", "p50 / p99 / p99.9 ms alone", "beside",
		"p99 ratio", "failed", "pages a second alone", "beside", "ratio", "failed", "server MiB")
	// One plan for all runs: each continues where the last one ended, possibly before a detach.
	attaches := alternate(attachers, world.pairs(), 1, numberedID("i-node-"), numberedID("eni-free-"))
	for _, pages := range []struct {
		name string
		plan load.Plan
	}{
		{"by token, from the first to the last", walkPlan},
		{"by number, with TotalCount", readPlan(list{op: world.numberedPage})},
	} {
		// First measure both loads alone, and then beside each other.
		alone, err := b.measure(ctx, s, attachers, attaches)
		if err != nil {
			return err
		}
		pagesAlone, err := b.measure(ctx, s, readers, pages.plan)
		if err != nil {
			return err
		}
		var beside measurement
		summary, err := b.beside(ctx, s, readers, pages.plan, func() (err error) {
			beside, err = b.measure(ctx, s, attachers, attaches)
			return err
		})
		if err != nil {
			return err
		}
		// Then print the row.
		pagesBeside := newMeasurement(summary, summary.Total())
		memory, err := s.peakMemory()
		if err != nil {
			return err
		}
		if pages.name == "by token, from the first to the last" {
			b.recordRatio("readers-beside", "ops/s", beside.rate, beside.rate/alone.rate)
		}
		b.recordMemory(memory)
		printRow(pages.name, formatRate(alone.rate), formatRate(beside.rate),
			"**"+formatRatio(beside.rate/alone.rate)+"**", alone.latency.String(), beside.latency.String(),
			formatRatio(float64(beside.latency.p99)/float64(alone.latency.p99)),
			strconv.FormatInt(alone.failed+beside.failed, 10), formatRate(pagesAlone.rate),
			formatRate(pagesBeside.rate), formatRatio(pagesBeside.rate/pagesAlone.rate),
			strconv.FormatInt(pagesAlone.failed+pagesBeside.failed, 10), fmt.Sprintf("%.0f", memory))
	}
	return nil
}

// walkPlan is a plan in which each client reads all interfaces page by page, again and again.
func walkPlan(int) load.Next {
	return func(last load.Result) (load.Operation, bool) {
		if last.Outcome != history.OK {
			return pageAfter("", 100), true
		}
		return pageAfter(nextToken(last.Body), 100), true
	}
}

// numberedPage returns the operation that reads a page of 100 by its number. The number is that of
// the n-th read, and starts again after the last page.
func (l listsWorld) numberedPage(n int) load.Operation {
	lastPage := (l.interfaces()-1)/100 + 1
	return load.Operation{Action: history.Describe, Parameters: []signature.Parameter{
		{Name: "PageNumber", Value: strconv.Itoa(n%lastPage + 1)}, {Name: "PageSize", Value: "100"},
	}}
}
