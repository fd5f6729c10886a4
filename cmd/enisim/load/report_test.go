package load

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// externalResource matches HTML that makes a browser fetch something.
var externalResource = regexp.MustCompile(`(?i)<(?:script|link|img|iframe|object|embed)\b` +
	`[^>]*\b(?:src|href|data)\s*=|@import|url\(\s*['"]?https?:`)

// A report is self-contained: it uses no script, style, font or picture from elsewhere.
func TestReportIsOneFile(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	var broken Threshold
	if err := broken.UnmarshalText([]byte("attach.max>1h")); err != nil {
		t.Fatal(err)
	}
	if err := Report(&out, About{
		Title: "127.0.0.1:8080 </title><b>", Facts: [][2]string{{"scenario", "cluster.yaml"}, {"seed", "4711"}},
		Verdicts: []Verdict{NoUnknown.Judge(testSummary()), broken.Judge(testSummary())},
	}, testSummary()); err != nil {
		t.Fatal(err)
	}
	drawing, err := script()
	if err != nil || !strings.Contains(drawing, "Apache Software Foundation") {
		t.Fatalf("got a script of %d bytes, %v; want that of Apache ECharts", len(drawing), err)
	}
	if found := externalResource.FindString(strings.Replace(out.String(), drawing, "", 1)); found != "" {
		t.Errorf("got %s in the page, want nothing that is fetched", found)
	}
	if !strings.Contains(out.String(), drawing) {
		t.Error("got a page without the script, want it in the page")
	}
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(strings.Replace(out.String(), drawing, "", 1), " ")
	for _, want := range []string{"scenario cluster.yaml", "seed 4711", "unknown&gt;0 failed it was 1 of 200",
		"attach.max&gt;1h passed it was 100ms"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("got a page without %q", want)
		}
	}
	for _, want := range []string{"AttachNetworkInterface", "EniPerInstanceLimitExceeded",
		"Latency of DetachNetworkInterface"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got a page without %s", want)
		}
	}
	for _, unsafe := range []string{"</title><b>", "</script><b>"} {
		if strings.Contains(out.String(), unsafe) {
			t.Errorf("got %s in the page, want it escaped", unsafe)
		}
	}
}

// Lines with equal values cover each other, so each line of a chart is thinner than those below it.
// Stacked areas have no lines.
func TestReportLinesDoNotHideEachOther(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := Report(&out, About{}, testSummary()); err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(out.String(), "const options = ")
	var charts []struct {
		Title  struct{ Text string }
		Series []struct {
			Type, Stack string
			LineStyle   struct {
				Width   float64
				Opacity *float64
			}
		}
	}
	if err := json.NewDecoder(strings.NewReader(after)).Decode(&charts); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, c := range charts {
		for n, series := range c.Series {
			switch {
			case series.Type != "line":
			case series.Stack != "":
				if series.LineStyle.Opacity == nil || *series.LineStyle.Opacity != 0 {
					t.Errorf("%s: got a line on area %d, want none", c.Title.Text, n)
				}
			case series.LineStyle.Width < 1 || n > 0 && series.LineStyle.Width >= c.Series[n-1].LineStyle.Width:
				t.Errorf("%s: got line %d with the width %g above one of %g, want it thinner", c.Title.Text, n,
					series.LineStyle.Width, c.Series[max(0, n-1)].LineStyle.Width)
			default:
				lines++
			}
		}
	}
	if lines < 10 {
		t.Errorf("got %d lines, want those of rates and percentiles", lines)
	}
}
