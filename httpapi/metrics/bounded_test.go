package metrics

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// However many faults come and go, the series are bounded and their sum is the number of calls.
func TestSeriesOfFaultsAreBounded(t *testing.T) {
	t.Parallel()
	c := newBoundedCounter("enisim_faults_total", "", "fault")
	const faults = 3 * maxBoundedSeries
	for n := range faults {
		c.add(boundedKey{"1", fmt.Sprint("f-", n)})
		c.add(boundedKey{"1", "f-always"})
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var sum, always, other float64
	for _, m := range families[0].Metric {
		value := m.GetCounter().GetValue()
		sum += value
		switch labelOf(m, "fault") {
		case "f-always":
			always = value
		case Other:
			other = value
		}
	}
	if got, want := len(families[0].Metric), maxBoundedSeries+1; got != want {
		t.Errorf("series: got %d, want %d", got, want)
	}
	if sum != 2*faults || always != faults || other != faults-maxBoundedSeries+1 {
		t.Errorf("got a sum of %v, with %v of one fault and %v of others, want %v, %v and %v",
			sum, always, other, 2*faults, faults, faults-maxBoundedSeries+1)
	}
}

// labelOf returns the value of a label.
func labelOf(m *dto.Metric, name string) string {
	for _, l := range m.Label {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}
