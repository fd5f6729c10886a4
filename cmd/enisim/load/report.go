package load

import (
	"cmp"
	_ "embed" // the script and the page
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"time"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"
)

// script draws the charts. It is in each report, because the page is to work without a network, and for as long as somebody keeps it: Apache ECharts 5.6.0, the
// build with the common charts, as the npm package has it.
//
//go:embed echarts/echarts.common.min.js
var script string

//go:embed report.html.tmpl
var pageText string

var page = template.Must(template.New("report").Parse(pageText))

// Colours of outcomes, of actions, and of percentiles from the longest to the middle.
var (
	outcomeColours    = []string{"#2b7a78", "#e0a030", "#b3261e"}
	actionColours     = []string{"#2b5fa8", "#d17a22", "#6b8e23", "#7b4fa0", "#808080"}
	percentileColours = []string{"#f0a050", "#b3261e", "#14306b", "#5b9bd5", "#c4e0f5"}
)

// layered is how the n-th of several lines is drawn. Lines of equal values lie upon each other, so each is thinner than those below it, which show at
// its sides.
func layered(n, lines int) []charts.SeriesOpts {
	return []charts.SeriesOpts{
		charts.WithLineChartOpts(opts.LineChart{ShowSymbol: opts.Bool(true), Symbol: "circle", SymbolSize: 2 + 2*(lines-n)}), // a value without neighbours has no line
		charts.WithLineStyleOpts(opts.LineStyle{Width: float32(2 + 2*(lines-n-1))}),
	}
}

// About is what a report says of a run beside its figures.
type About struct {
	Title    string
	Facts    [][2]string // such as the seed, in the order in which they are shown
	Verdicts []Verdict
}

// Report writes charts of a run as one HTML page that needs nothing else.
func Report(out io.Writer, about About, s *Summary) error {
	rows := make([][]string, 0, len(s.Actions)+1)
	for _, a := range s.rows() {
		row := []string{cmp.Or(a.Action, "all"), fmt.Sprint(a.Count()), fmt.Sprintf("%.1f/s", s.Rate(a.Count()))}
		for _, p := range columns {
			row = append(row, spellLatency(a.Percentile(p)))
		}
		rows = append(rows, append(row, fmt.Sprint(a.OK), fmt.Sprint(a.Refused), fmt.Sprint(a.Unknown)))
	}
	drawn := []chart{s.outcomes(), s.rates()}
	for _, a := range s.Actions {
		drawn = append(drawn, s.latencies(a.Action))
	}
	drawn = append(drawn, s.distribution(), s.codes())
	options := make([]map[string]any, len(drawn))
	for n, c := range drawn {
		c.Validate()
		options[n] = c.JSON()
	}
	return page.Execute(out, map[string]any{
		"About":       about,
		"Started":     s.Started.UTC().Format(time.RFC3339),
		"Elapsed":     s.Elapsed.Round(time.Millisecond).String(),
		"Interrupted": s.Interrupted,
		"Unsent":      s.Unsent,
		"Rows":        rows,
		"Script":      template.JS(script),
		"Charts":      options,
	})
}

// chart is any of go-echarts'. The page takes its options rather than the HTML that it makes, in which a code of a strange endpoint could end the script.
type chart interface {
	Validate()
	JSON() map[string]any
}

// frame is what all charts share.
func frame(title, unit string, colours []string) []charts.GlobalOpts {
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

// overTime is a line chart on the time of the run.
func (s *Summary) overTime(title, unit string, colours []string) *charts.Line {
	line := charts.NewLine()
	line.SetGlobalOptions(frame(title, unit, colours)...)
	times := make([]string, len(s.drawn()))
	for n, i := range s.drawn() {
		times[n] = i.At.Round(100 * time.Millisecond).String()
	}
	line.SetXAxis(times)
	return line
}

// drawn are the intervals without a last one that is too short to say much.
func (s *Summary) drawn() []Interval {
	if last := len(s.Series) - 1; last > 0 && s.Series[last].Length < tick/2 {
		return s.Series[:last]
	}
	return s.Series
}

// series are the values of all intervals.
func (s *Summary) series(value func(Interval) (float64, bool)) []opts.LineData {
	data := make([]opts.LineData, len(s.drawn()))
	for n, i := range s.drawn() {
		if v, there := value(i); there {
			data[n].Value = math.Round(v*1000) / 1000
		} else {
			data[n].Value = "-" // ECharts' gap
		}
	}
	return data
}

// aSecond is a number of operations of an interval as a rate.
func aSecond(n int64, i Interval) float64 { return float64(n) / max(i.Length.Seconds(), 0.001) }

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
		line.AddSeries(of.name, s.series(func(i Interval) (float64, bool) {
			var n int64
			for _, a := range i.Actions {
				n += of.count(a)
			}
			return aSecond(n, i), true
		}), charts.WithLineChartOpts(opts.LineChart{Stack: "all", ShowSymbol: opts.Bool(false)}),
			charts.WithLineStyleOpts(opts.LineStyle{Opacity: opts.Float(0)}), // of an outcome that never came it would lie upon the one below
			charts.WithAreaStyleOpts(opts.AreaStyle{Opacity: opts.Float(0.8)}))
	}
	return line
}

func (s *Summary) rates() chart {
	line := s.overTime("Answers a second, by action", "1/s", actionColours)
	for n, a := range s.Actions {
		line.AddSeries(a.Action, s.series(func(i Interval) (float64, bool) {
			p, _ := i.of(a.Action)
			return aSecond(p.count(), i), true
		}), layered(n, len(s.Actions))...)
	}
	return line
}

// latencies are drawn to a logarithmic scale: the longest is often a hundred times the middle.
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
		line.AddSeries(p.name, s.series(func(i Interval) (float64, bool) {
			point, there := i.of(action)
			return milliseconds(p.value(point)), there && point.count() > 0
		}), layered(n, len(percentileColours))...)
	}
	return line
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// of is an action's point.
func (i Interval) of(action string) (Point, bool) {
	for _, a := range i.Actions {
		if a.Action == action {
			return a, true
		}
	}
	return Point{}, false
}

func (s *Summary) distribution() chart {
	percents := []float64{50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 100}
	line := charts.NewLine()
	line.SetGlobalOptions(append(frame("Latency of the whole run, by percentile", "ms", actionColours), charts.WithYAxisOpts(opts.YAxis{Name: "ms", Type: "log"}))...)
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
		line.AddSeries(a.Action, data, layered(n, len(s.Actions))...)
	}
	return line
}

func (s *Summary) codes() chart {
	bar := charts.NewBar()
	bar.SetGlobalOptions(frame("What was not ok, by code", "", actionColours)...)
	total := s.Total()
	codes := total.byCount()
	slices.Reverse(codes) // ECharts begins at the bottom
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
