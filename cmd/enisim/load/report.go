package load

import (
	"cmp"
	"compress/gzip"
	_ "embed" // the script and the page
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
)

// compressedScript is the script that draws the charts: Apache ECharts 5.6.0, the build with the common
// charts, from the npm package. It is compressed, because it is the largest file in the binary.
//
//go:embed echarts/echarts.common.min.js.gz
var compressedScript string

// script returns the script that draws the charts. Each report contains it, because the page must work
// without a network and for as long as it is kept.
var script = sync.OnceValues(func() (string, error) {
	reader, err := gzip.NewReader(strings.NewReader(compressedScript))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(reader)
	return string(text), err
})

//go:embed report.html.tmpl
var pageText string

var page = template.Must(template.New("report").Parse(pageText))

// Colours of outcomes, of actions, and of percentiles from the maximum to the median.
var (
	outcomeColours    = []string{"#2b7a78", "#e0a030", "#b3261e"}
	actionColours     = []string{"#2b5fa8", "#d17a22", "#6b8e23", "#7b4fa0", "#808080"}
	percentileColours = []string{"#f0a050", "#b3261e", "#14306b", "#5b9bd5", "#c4e0f5"}
)

// lineStyle returns the style of the n-th of several lines. Lines with equal values cover each
// other, so each line is thinner than the ones below it, which stay visible at its sides.
func lineStyle(n, lines int) []charts.SeriesOpts {
	return []charts.SeriesOpts{
		// The symbol shows a value without neighbours, which has no line.
		charts.WithLineChartOpts(opts.LineChart{ShowSymbol: opts.Bool(true), Symbol: "circle",
			SymbolSize: 2 + 2*(lines-n)}),
		charts.WithLineStyleOpts(opts.LineStyle{Width: float32(2 + 2*(lines-n-1))}),
	}
}

// About describes a run in its report, beside the measurements.
type About struct {
	Title    string
	Facts    [][2]string // name and value, such as the seed, in the order in which they are shown
	Verdicts []Verdict
}

// Report writes the charts of a run as one self-contained HTML page.
func Report(out io.Writer, about About, s *Summary) error {
	// First the table.
	rows := make([][]string, 0, len(s.Actions)+1)
	for _, a := range s.rows() {
		row := []string{cmp.Or(a.Action, "all"), fmt.Sprint(a.Count()), fmt.Sprintf("%.1f/s", s.Rate(a.Count()))}
		for _, p := range percentiles {
			row = append(row, formatLatency(a.Percentile(p)))
		}
		rows = append(rows, append(row, fmt.Sprint(a.OK), fmt.Sprint(a.Refused), fmt.Sprint(a.Unknown)))
	}
	// Then the options of the charts, which the page draws.
	shown := []chart{s.outcomes(), s.rates()}
	for _, a := range s.Actions {
		shown = append(shown, s.latencies(a.Action))
	}
	shown = append(shown, s.distribution(), s.codes())
	options := make([]map[string]any, len(shown))
	for n, c := range shown {
		c.Validate()
		options[n] = c.JSON()
	}
	drawing, err := script()
	if err != nil {
		return err
	}
	return page.Execute(out, map[string]any{
		"About":       about,
		"Started":     s.Started.UTC().Format(time.RFC3339),
		"Elapsed":     s.Elapsed.Round(time.Millisecond).String(),
		"Interrupted": s.Interrupted,
		"Unsent":      s.Unsent,
		"Rows":        rows,
		"Script":      template.JS(drawing),
		"Charts":      options,
	})
}

// chart is any chart of go-echarts. The page uses its options instead of the HTML that it
// generates, because in that HTML a code from an unknown endpoint could close the script.
type chart interface {
	Validate()
	JSON() map[string]any
}

// chartOptions returns the options that all charts share.
func chartOptions(title, unit string, colours []string) []charts.GlobalOpts {
	return []charts.GlobalOpts{
		charts.WithTitleOpts(opts.Title{Title: title, Left: "0"}),
		charts.WithLegendOpts(opts.Legend{Show: opts.Bool(true), Top: "30", Left: "0", Icon: "roundRect"}),
		charts.WithTooltipOpts(opts.Tooltip{Show: opts.Bool(true), Trigger: "axis"}),
		charts.WithGridOpts(opts.Grid{Left: "10", Right: "30", Top: "80", Bottom: "20", ContainLabel: opts.Bool(true)}),
		charts.WithYAxisOpts(opts.YAxis{Name: unit}),
		charts.WithColorsOpts(colours),
		charts.WithAnimation(false),
	}
}

// overTime returns a line chart over the time of the run.
func (s *Summary) overTime(title, unit string, colours []string) *charts.Line {
	line := charts.NewLine()
	line.SetGlobalOptions(chartOptions(title, unit, colours)...)
	times := make([]string, len(s.shownIntervals()))
	for n, i := range s.shownIntervals() {
		times[n] = i.At.Round(100 * time.Millisecond).String()
	}
	line.SetXAxis(times)
	return line
}

// shownIntervals returns the intervals, without a last one that is too short to be meaningful.
func (s *Summary) shownIntervals() []Interval {
	if last := len(s.Series) - 1; last > 0 && s.Series[last].Length < intervalLength/2 {
		return s.Series[:last]
	}
	return s.Series
}

// lineData returns the values of all intervals as the points of a line.
func (s *Summary) lineData(value func(Interval) (float64, bool)) []opts.LineData {
	data := make([]opts.LineData, len(s.shownIntervals()))
	for n, i := range s.shownIntervals() {
		if v, there := value(i); there {
			data[n].Value = math.Round(v*1000) / 1000
		} else {
			data[n].Value = "-" // a gap in ECharts
		}
	}
	return data
}

// perSecond returns a number of operations of an interval as a rate.
func perSecond(n int64, i Interval) float64 { return float64(n) / max(i.Length.Seconds(), 0.001) }

// outcomes returns the chart of the rates by outcome, as stacked areas.
func (s *Summary) outcomes() chart {
	line := s.overTime("Answers a second, by outcome", "1/s", outcomeColours)
	for _, of := range []struct {
		name  string
		count func(Point) int64
	}{
		{"ok", func(p Point) int64 { return p.OK }},
		{"refused", func(p Point) int64 { return p.Refused }},
		{"unknown", func(p Point) int64 { return p.Unknown }},
	} {
		line.AddSeries(of.name, s.lineData(func(i Interval) (float64, bool) {
			var n int64
			for _, a := range i.Actions {
				n += of.count(a)
			}
			return perSecond(n, i), true
		}), charts.WithLineChartOpts(opts.LineChart{Stack: "all", ShowSymbol: opts.Bool(false)}),
			// Without a line, because that of an outcome without operations would cover the one
			// below.
			charts.WithLineStyleOpts(opts.LineStyle{Opacity: opts.Float(0)}),
			charts.WithAreaStyleOpts(opts.AreaStyle{Opacity: opts.Float(0.8)}))
	}
	return line
}

// rates returns the chart of the rates by action.
func (s *Summary) rates() chart {
	line := s.overTime("Answers a second, by action", "1/s", actionColours)
	for n, a := range s.Actions {
		line.AddSeries(a.Action, s.lineData(func(i Interval) (float64, bool) {
			p, _ := i.point(a.Action)
			return perSecond(p.count(), i), true
		}), lineStyle(n, len(s.Actions))...)
	}
	return line
}

// latencies returns the chart of an action's latencies. Its scale is logarithmic, because the
// maximum is often a hundred times the median.
func (s *Summary) latencies(action string) chart {
	line := s.overTime("Latency of "+action, "ms", percentileColours)
	line.SetGlobalOptions(charts.WithYAxisOpts(opts.YAxis{Name: "ms", Type: "log"}))
	for n, p := range []struct {
		name  string
		value func(Point) time.Duration
	}{
		{"max", func(p Point) time.Duration { return p.Max }},
		{"p99.9", func(p Point) time.Duration { return p.P999 }},
		{"p99", func(p Point) time.Duration { return p.P99 }},
		{"p90", func(p Point) time.Duration { return p.P90 }},
		{"p50", func(p Point) time.Duration { return p.P50 }},
	} {
		line.AddSeries(p.name, s.lineData(func(i Interval) (float64, bool) {
			point, there := i.point(action)
			return milliseconds(p.value(point)), there && point.count() > 0
		}), lineStyle(n, len(percentileColours))...)
	}
	return line
}

// milliseconds returns a duration in milliseconds.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// point returns an action's point, and whether there is one.
func (i Interval) point(action string) (Point, bool) {
	for _, a := range i.Actions {
		if a.Action == action {
			return a, true
		}
	}
	return Point{}, false
}

// distribution returns the chart of the latencies of the whole run by percentile.
func (s *Summary) distribution() chart {
	percents := []float64{50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 100}
	line := charts.NewLine()
	line.SetGlobalOptions(append(chartOptions("Latency of the whole run, by percentile", "ms", actionColours),
		charts.WithYAxisOpts(opts.YAxis{Name: "ms", Type: "log"}))...)
	names := make([]string, len(percents))
	for n, p := range percents {
		names[n] = fmt.Sprintf("p%g", p)
	}
	line.SetXAxis(names)
	for n, a := range s.Actions {
		data := make([]opts.LineData, len(percents))
		for n, p := range percents {
			data[n].Value = milliseconds(a.Percentile(p))
		}
		line.AddSeries(a.Action, data, lineStyle(n, len(s.Actions))...)
	}
	return line
}

// codes returns the chart of the codes of what was not OK.
func (s *Summary) codes() chart {
	bar := charts.NewBar()
	bar.SetGlobalOptions(chartOptions("What was not ok, by code", "", actionColours)...)
	total := s.Total()
	codes := total.codesByCount()
	slices.Reverse(codes) // ECharts starts at the bottom
	bar.SetXAxis(codes)
	for _, a := range s.Actions {
		data := make([]opts.BarData, len(codes))
		for n, code := range codes {
			data[n].Value = a.Codes[code]
		}
		bar.AddSeries(a.Action, data, charts.WithBarChartOpts(opts.BarChart{Stack: "all"}))
	}
	bar.XYReversal()
	return bar
}
