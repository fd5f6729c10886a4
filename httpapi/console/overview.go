package console

import (
	"net/http"
	"time"

	"enisim.alt/service"
	"enisim.alt/store"
)

const (
	// accountsPerPage is the number of accounts on a page of the overview.
	accountsPerPage = 50
	// usageWait is how long the overview waits until the resources of a large world are counted. After
	// that it shows earlier counts, and updates itself.
	usageWait = 50 * time.Millisecond
)

// statusCount is the number of resources with a status.
type statusCount struct {
	Status string
	Count  int64
}

// overviewData is what the overview shows.
type overviewData struct {
	Usage      *service.Usage // nil: not counted yet
	Interfaces []statusCount
	Instances  []statusCount
	FreeSlots  int64
	Accounts   store.List[store.AccountUsage]
	After      string // the id before the accounts of this page
	Next       string // the id after which the next page begins; "": there is none
	Recent     recentView
	Rules      []ruleRow
	RuleTotal  int
}

// overview shows all accounts.
func (c *Console) overview(r *http.Request) (*page, error) {
	d := overviewData{After: r.URL.Query().Get("after")}
	accounts, err := c.operator.PageOfAccounts(r.Context(), d.After, accountsPerPage)
	if err != nil {
		return nil, err
	}
	rules, err := c.operator.NewestRules(r.Context(), "", maxRulesShown)
	if err != nil {
		return nil, err
	}
	d.Accounts, d.Rules, d.RuleTotal = accounts, ruleRows(rules.Newest), rules.Total
	d.Next = nextAfter(accounts, func(a store.AccountUsage) string { return a.ID })
	if d.Usage = c.usage.Latest(usageWait); d.Usage != nil {
		d.Interfaces = statusCounts(d.Usage.NetworkInterfaces, interfaceStatuses)
		d.Instances = statusCounts(d.Usage.Instances, instanceStatuses)
		d.FreeSlots = d.Usage.Slots - d.Usage.UsedSlots
	}
	if c.metrics != nil {
		d.Recent = newRecentView(c.metrics.Recent(time.Now()))
	}
	return &page{template: "overview", title: "Overview", section: "overview", data: d}, nil
}

// nextAfter returns the id after which the next page of a list begins, or "".
func nextAfter[T any](list store.List[T], id func(T) string) string {
	if !list.More || len(list.Rows) == 0 {
		return ""
	}
	return id(list.Rows[len(list.Rows)-1])
}

// statusCounts returns counts in an order.
func statusCounts(counts map[string]int64, order []string) []statusCount {
	all := make([]statusCount, 0, len(order))
	for _, status := range order {
		all = append(all, statusCount{status, counts[status]})
	}
	return all
}
