package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"enisim/service"
)

const (
	// pingTimeout is how long a scrape waits for the database to answer.
	pingTimeout = time.Second
	// usageWait is how long a scrape waits until the resources are counted. After that it shows the
	// counts of the time before.
	usageWait = 250 * time.Millisecond
	// usageTimeout is how long counting may take.
	usageTimeout = 10 * time.Second
	// usagePause is how long no count begins after one, as a multiple of the time that it took. So
	// counting uses at most a twentieth of a core, however large the world is and however many scrape,
	// and the counts of a small world are as good as new.
	usagePause = 19
)

// worldCollector collects what the database knows: whether it answers, and the resources of all
// accounts.
type worldCollector struct {
	service *service.Service

	up, accounts, interfaces, instances, slots, usedSlots, standbys, lag *prometheus.Desc

	mu       sync.Mutex
	usage    *service.Usage // the last count; nil if there is none
	counting chan struct{}  // closed when the count in progress ends; nil without one
	notSoon  time.Time      // no count begins before
}

func newWorldCollector(s *service.Service) *worldCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &worldCollector{
		service:    s,
		up:         desc("enisim_database_up", "1 if the database answers, otherwise 0."),
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
		c.up, c.accounts, c.interfaces, c.instances, c.slots, c.usedSlots, c.standbys, c.lag,
	} {
		descs <- d
	}
}

// Collect is of prometheus.Collector.
func (c *worldCollector) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	if !c.answers() {
		gauge(c.up, 0)
		return
	}
	gauge(c.up, 1)
	u := c.latest()
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

// answers reports whether the database answers.
func (c *worldCollector) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), pingTimeout)
	defer cancel()
	return c.service.Ready(ctx) == nil
}

// latest returns the resources as they were last counted. It counts them anew if that may begin, and
// waits for the result for a limited time. It returns nil if they are not known.
func (c *worldCollector) latest() *service.Usage {
	if counting := c.begin(time.Now()); counting != nil {
		timer := time.NewTimer(usageWait)
		defer timer.Stop()
		select {
		case <-counting:
		case <-timer.C:
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.usage
}

// begin begins a count if none is in progress and the last one is long enough ago. It returns the
// channel of the count in progress, or nil.
func (c *worldCollector) begin(now time.Time) chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counting == nil && !now.Before(c.notSoon) {
		c.counting = make(chan struct{})
		go c.count()
	}
	return c.counting
}

// count counts the resources. A failure is no news: the scrape says whether the database answers, and
// has no counts.
func (c *worldCollector) count() {
	ctx, cancel := context.WithTimeout(context.Background(), usageTimeout)
	defer cancel()
	started := time.Now()
	usage, err := c.service.Usage(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.usage = &usage
	if err != nil {
		c.usage = nil
	}
	c.notSoon = time.Now().Add(usagePause * time.Since(started))
	close(c.counting)
	c.counting = nil
}
