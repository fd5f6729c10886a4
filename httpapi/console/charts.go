package console

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"enisim.alt/httpapi/metrics"
)

// The size of a chart, in the units of its SVG.
const (
	chartWidth  = 720
	chartHeight = 140
)

// bar is a bar of a chart.
type bar struct {
	Class               string
	X, Y, Width, Height string
}

// line is a line of a chart.
type line struct {
	Class, Points string
}

// chart is a chart of the last minutes. It is drawn as plain SVG: bars and lines from numbers.
type chart struct {
	Title, Unit string
	Max         string // the value at the top
	Text        string // what the chart says, for readers that do not see it
	Bars        []bar
	Lines       []line
	Legend      []legend
}

// legend names a colour of a chart.
type legend struct {
	Class, Name, Value string
}

// recentView is what the overview says about the requests of the last minutes.
type recentView struct {
	Measured          bool
	Rate, Latency     chart
	Codes             []codeCount
	Total             int64
	Start, End        time.Time
	Steps             []metrics.Recent // with requests, newest first, for the table
	Minute            metrics.Recent   // the last minute
	RateNow           string           // its requests a second
	UnsuccessfulShare string
}

// codeCount is how often a code was answered.
type codeCount struct {
	Code  string
	Count int64
	Share string
}

// newRecentView returns what the overview shows of the steps of the last minutes, oldest first.
func newRecentView(steps []metrics.Recent) recentView {
	v := recentView{Measured: true, Start: steps[0].Start, End: steps[len(steps)-1].Start.Add(metrics.RecentStep)}
	codes, maxRequests, maxLatency, unhappy := map[string]int64{}, int64(0), time.Duration(0), int64(0)
	for _, s := range steps {
		v.Total += s.Requests
		unhappy += s.Refusals + s.Failures
		maxRequests, maxLatency = max(maxRequests, s.Requests), max(maxLatency, s.P99)
		for code, count := range s.Codes {
			codes[code] += count
		}
		if s.Requests > 0 {
			v.Steps = append(v.Steps, s)
		}
	}
	slices.Reverse(v.Steps)
	v.addCodes(codes, v.Total-unhappy)
	v.Minute = metrics.Merged(steps[len(steps)-int(time.Minute/metrics.RecentStep):])
	v.RateNow = strconv.FormatFloat(float64(v.Minute.Requests)/time.Minute.Seconds(), 'f', 1, 64)
	v.UnsuccessfulShare = percent(v.Minute.Refusals+v.Minute.Failures, v.Minute.Requests)
	v.Rate = newRateChart(steps, maxRequests)
	v.Latency = newLatencyChart(steps, maxLatency)
	return v
}

// addCodes adds the answers, the most frequent first.
func (v *recentView) addCodes(codes map[string]int64, successes int64) {
	if successes > 0 {
		codes[metrics.OK] = successes
	}
	for code, count := range codes {
		v.Codes = append(v.Codes, codeCount{code, count, percent(count, v.Total)})
	}
	slices.SortFunc(v.Codes, func(a, b codeCount) int {
		if a.Count != b.Count {
			return int(b.Count - a.Count)
		}
		return strings.Compare(a.Code, b.Code)
	})
}

func percent(part, whole int64) string {
	if whole == 0 {
		return "0 %"
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 1, 64) + " %"
}

// newRateChart draws the requests of each step as a bar: the successful ones below the others.
func newRateChart(steps []metrics.Recent, maxRequests int64) chart {
	seconds := metrics.RecentStep.Seconds()
	top := niceTop(float64(maxRequests) / seconds)
	c := chart{
		Title: "Requests", Unit: "a second", Max: strconv.FormatFloat(top, 'g', 4, 64),
		Legend: []legend{{"ok", "successful", ""}, {"refused", "refused by a rule", ""}, {"failed", "failed", ""}},
	}
	width := float64(chartWidth) / float64(len(steps))
	for k, s := range steps {
		base := 0.0
		for _, part := range []struct {
			class string
			count int64
		}{{"ok", s.Requests - s.Refusals - s.Failures}, {"refused", s.Refusals}, {"failed", s.Failures}} {
			if part.count <= 0 {
				continue
			}
			height := float64(part.count) / seconds / top * chartHeight
			c.Bars = append(c.Bars, bar{
				part.class, coordinate(float64(k)*width + 0.5), coordinate(chartHeight - base - height),
				coordinate(width - 1), coordinate(height),
			})
			base += height
		}
	}
	c.Text = fmt.Sprintf("At most %s requests a second in the last ten minutes.",
		strconv.FormatFloat(float64(maxRequests)/seconds, 'f', 1, 64))
	return c
}

// newLatencyChart draws the median and the 99th percentile as lines. Steps without requests are gaps.
func newLatencyChart(steps []metrics.Recent, maxLatency time.Duration) chart {
	top := niceTop(float64(maxLatency) / float64(time.Millisecond))
	c := chart{
		Title: "Latency", Unit: "ms", Max: strconv.FormatFloat(top, 'g', 4, 64),
		Text:   fmt.Sprintf("The slowest 99th percentile of a step was %s.", formatDuration(maxLatency)),
		Legend: []legend{{"p99", "99th percentile", ""}, {"median", "median", ""}},
	}
	width := float64(chartWidth) / float64(len(steps))
	for _, shown := range []struct {
		class string
		value func(metrics.Recent) time.Duration
	}{
		{"p99", func(s metrics.Recent) time.Duration { return s.P99 }},
		{"median", func(s metrics.Recent) time.Duration { return s.Median }},
	} {
		var points []string
		end := func() {
			if len(points) > 0 {
				c.Lines = append(c.Lines, line{shown.class, strings.Join(points, " ")})
			}
			points = nil
		}
		for k, s := range steps {
			if s.Requests == 0 {
				end()
				continue
			}
			y := chartHeight - float64(shown.value(s))/float64(time.Millisecond)/top*chartHeight
			points = append(points, coordinate((float64(k)+0.2)*width)+","+coordinate(y),
				coordinate((float64(k)+0.8)*width)+","+coordinate(y))
		}
		end()
	}
	return c
}

func coordinate(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// niceTop returns a round number that is not less than x, and hardly more.
func niceTop(x float64) float64 {
	if x <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, factor := range []float64{1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10} {
		if top := factor * power; top >= x {
			return top
		}
	}
	return 10 * power
}
