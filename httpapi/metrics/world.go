package metrics

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"enisim.alt/service"
)

// pingTimeout is how long a scrape waits for the database to answer.
const pingTimeout = time.Second

// worldCollector collects what the database knows: whether it answers, and the resources of all
// accounts.
type worldCollector struct {
	service *service.Service
	usage   *Usage

	up, risk, accounts, interfaces, instances, slots, usedSlots, standbys, lag *prometheus.Desc
}

func newWorldCollector(s *service.Service, usage *Usage) *worldCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &worldCollector{
		service: s,
		usage:   usage,
		up:      desc("enisim_database_up", "1 if the database answers, otherwise 0."),
		risk: desc("enisim_durability_risk",
			"1 if an acknowledged write could be lost for this reason, otherwise 0.", "risk"),
		accounts:   desc("enisim_accounts", "Accounts that have not expired."),
		interfaces: desc("enisim_network_interfaces", "Network interfaces of all accounts.", "status"),
		instances:  desc("enisim_instances", "Instances of all accounts.", "status"),
		slots:      desc("enisim_slots", "Slots for interfaces that all instances in VPCs have."),
		usedSlots:  desc("enisim_slots_used", "Slots that have an interface."),
		standbys:   desc("enisim_standbys", "Standbys of the database whose progress the server may read."),
		lag: desc("enisim_replication_lag_seconds",
			"How long the last commit took until a standby replayed it.", "standby"),
	}
}

// Describe is of prometheus.Collector.
func (c *worldCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.up, c.risk, c.accounts, c.interfaces, c.instances, c.slots, c.usedSlots, c.standbys, c.lag,
	} {
		descs <- d
	}
}

// Collect is of prometheus.Collector.
func (c *worldCollector) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	risks, err := c.askRisks()
	if err != nil {
		gauge(c.up, 0)
		return
	}
	gauge(c.up, 1)
	for _, name := range service.DurabilityRiskNames {
		value := 0.0
		if slices.ContainsFunc(risks, func(r service.DurabilityRisk) bool { return r.Name == name }) {
			value = 1
		}
		gauge(c.risk, value, name)
	}
	u := c.usage.Latest(usageWait)
	if u == nil {
		return
	}
	gauge(c.accounts, float64(u.Accounts))
	for status, count := range u.NetworkInterfaces {
		gauge(c.interfaces, float64(count), status)
	}
	for status, count := range u.Instances {
		gauge(c.instances, float64(count), status)
	}
	gauge(c.slots, float64(u.Slots))
	gauge(c.usedSlots, float64(u.UsedSlots))
	gauge(c.standbys, float64(len(u.Standbys)))
	for _, s := range u.Standbys {
		gauge(c.lag, s.Lag.Seconds(), s.Name)
	}
}

// askRisks returns the risks of acknowledged writes, or an error if the database does not answer in time.
func (c *worldCollector) askRisks() ([]service.DurabilityRisk, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pingTimeout)
	defer cancel()
	return c.service.Ready(ctx)
}
