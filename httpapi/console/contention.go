package console

import (
	"net/http"
	"time"

	"enisim.alt/httpapi/metrics"
	"enisim.alt/service/operator"
	"enisim.alt/store"
)

const (
	// contentionTime is the time over which the page looks for what is hot.
	contentionTime = 10 * time.Minute
	// hotShown and refusalRulesShown are the numbers of rows of the tables.
	hotShown          = 20
	refusalRulesShown = 50
)

// contentionData is what the page about contention shows.
type contentionData struct {
	operator.Contention
	Minutes  int
	Measured bool
	Waits    []metrics.Wait
	Refusals []metrics.RefusedBy
}

// hotRow is a hot resource with the address of its page.
type hotRow struct {
	store.HotResource
	Section string
}

// hotTable is a table of hot resources.
type hotTable struct {
	Caption, Kind, Of string
	Rows              []hotRow
}

// HotInstances returns the instances for the table.
func (d contentionData) HotInstances() []hotRow { return hotRows(d.Instances, "instances") }

// HotGroups returns the security groups for the table.
func (d contentionData) HotGroups() []hotRow { return hotRows(d.SecurityGroups, "groups") }

func hotRows(resources []store.HotResource, section string) []hotRow {
	rows := make([]hotRow, 0, len(resources))
	for _, r := range resources {
		rows = append(rows, hotRow{r, section})
	}
	return rows
}

// IsFull reports whether nothing is left.
func (r hotRow) IsFull() bool { return r.Used >= r.Available }

// contention shows for what requests compete, and what they wait for.
func (c *Console) contention(r *http.Request) (*page, error) {
	hot, err := c.operator.Contention(r.Context(), contentionTime, hotShown)
	if err != nil {
		return nil, err
	}
	d := contentionData{Contention: hot, Minutes: int(contentionTime.Minutes())}
	if c.metrics != nil {
		d.Measured, d.Waits, d.Refusals = true, c.metrics.Waits(), c.metrics.RefusalsByRule(refusalRulesShown)
	}
	return &page{template: "contention", title: "Contention", section: "contention", data: d}, nil
}
