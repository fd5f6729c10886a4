package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"enisim.alt/httpapi"
	"enisim.alt/httpapi/metrics"
	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// serveMeasured starts the API with metrics, open to this machine.
func serveMeasured(t testing.TB, w fmt.Stringer, options service.Options) *server {
	t.Helper()
	return serveMeasuredOn(t, storetest.Pool(t), w, options)
}

func serveMeasuredOn(
	t testing.TB, pool *pgxpool.Pool, w fmt.Stringer, options service.Options, change ...func(*httpapi.Options),
) *server {
	t.Helper()
	m := metrics.New(metrics.Build{Version: "v1.2.3", Commit: "abc", Schema: 7})
	options.Observe = m.Observer()
	return serveOn(t, pool, w, options, append([]func(*httpapi.Options){func(o *httpapi.Options) {
		o.Control.Open, o.Metrics = true, m
	}}, change...)...)
}

// scrapeWith sends a scrape with a header, and returns the response with its body.
func (s *server) scrapeWith(t testing.TB, header http.Header, host string) (status int, _ http.Header, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(request.Header, header)
	request.Host = host
	response, err := s.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}

// series are the values of all series of a scrape, as name{label="value"}. A histogram has its count
// as name_count and its sum as name_sum.
type series map[string]float64

// scrape returns what the server exposes.
func (s *server) scrape(t testing.TB) series {
	t.Helper()
	status, _, body := s.scrapeWith(t, nil, "")
	if status != http.StatusOK {
		t.Fatalf("got status %d, want 200: %s", status, body)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	found := series{}
	for name, family := range families {
		for _, m := range family.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			text := ""
			if labels != nil {
				text = "{" + strings.Join(labels, ",") + "}"
			}
			found[name+text] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
			if h := m.GetHistogram(); h != nil {
				delete(found, name+text)
				found[name+"_count"+text], found[name+"_sum"+text] = float64(h.GetSampleCount()), h.GetSampleSum()
			}
		}
	}
	return found
}

// sum returns the sum of all series of a name.
func (s series) sum(name string) (sum float64) {
	for key, value := range s {
		if labels, found := strings.CutPrefix(key, name); found && (labels == "" || labels[0] == '{') {
			sum += value
		}
	}
	return sum
}

// of returns the series of a name.
func (s series) of(name string) series {
	found := series{}
	for key, value := range s {
		if strings.HasPrefix(key, name+"{") || key == name {
			found[key] = value
		}
	}
	return found
}

// What the metrics count agrees with what the clients count, for each action and code, while many
// clients send requests with many outcomes.
func TestMetricsAgreeWithTheClients(t *testing.T) {
	t.Parallel()
	const clients, rounds = 32, 12
	s := serveMeasured(t, world().
		Instance("i-{n}", worldtest.Count(clients)).
		NetworkInterface("eni-{n}", worldtest.Count(clients)), service.Options{})
	var (
		mu       sync.Mutex
		requests = series{}
		refusals = series{}
		took     = map[string]float64{} // by action
		batched  float64
	)
	call := func(k int, product, label, action string, pairs ...string) {
		began := time.Now()
		r, _, err := s.callOnce(t.Context(), action, pairs...)
		if err != nil {
			t.Errorf("client %d, %s: %v", k, action, err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		took[label] += time.Since(began).Seconds()
		code := r.code()
		if code == "" {
			code = "OK"
		} else {
			refusals[fmt.Sprintf("enisim_refusals_total{action=%q,rule=%q}", label, code)]++
		}
		requests[fmt.Sprintf("enisim_requests_total{action=%q,code=%q,product=%q}", label, code, product)]++
		if label == "AttachNetworkInterface" || label == "DetachNetworkInterface" {
			batched++
		}
	}
	var work sync.WaitGroup
	for k := 1; k <= clients; k++ {
		work.Go(func() {
			own := []string{"InstanceId", fmt.Sprint("i-", k), "NetworkInterfaceId", fmt.Sprint("eni-", k)}
			missing := []string{"InstanceId", fmt.Sprint("i-", k), "NetworkInterfaceId", "eni-none"}
			for range rounds {
				call(k, "ecs", "AttachNetworkInterface", "AttachNetworkInterface", own...)
				call(k, "ecs", "AttachNetworkInterface", "AttachNetworkInterface", missing...)
				call(k, "ecs", "DescribeInstances", "DescribeInstances", "PageSize", fmt.Sprint(10*(k%2)))
				call(k, "vpc", "DescribeVpcAttribute", "DescribeVpcAttribute", "VpcId", "vpc-main")
				call(k, "vpc", "DescribeVpcs", "DescribeVpcs", "AccessKeyId", "LTAInone")
				call(k, "ecs", "DescribeVpcs", "DescribeVpcs", "Version", "2014-05-26")
				call(k, "ecs", "other", fmt.Sprint("Made", "Up", k))
				call(k, "other", "other", "DescribeInstances", "Version", "1999-01-01")
				call(k, "ecs", "DetachNetworkInterface", "DetachNetworkInterface", own...)
			}
		})
	}
	work.Wait()
	got := s.scrape(t)
	if got := got.of("enisim_requests_total"); !maps.Equal(got, requests) {
		t.Errorf("requests: got %v, want %v", got, requests)
	}
	if got := got.of("enisim_refusals_total"); !maps.Equal(got, refusals) {
		t.Errorf("refusals: got %v, want %v", got, refusals)
	}
	for action, took := range took {
		label := fmt.Sprintf("{action=%q}", action)
		var want float64
		for key, n := range requests {
			if strings.Contains(key, label[:len(label)-1]+",") {
				want += n
			}
		}
		if n := got["enisim_request_duration_seconds_count"+label]; n != want {
			t.Errorf("%s, durations: got %v, want %v", action, n, want)
		}
		if sum := got["enisim_request_duration_seconds_sum"+label]; sum <= 0 || sum > took {
			t.Errorf("%s, sum of durations: got %v s, want at most the %v s that the clients have waited",
				action, sum, took)
		}
	}
	if sum, waits := got["enisim_batch_size_sum"], got["enisim_queue_wait_seconds_count"]; sum != batched ||
		waits != batched {
		t.Errorf("got %v requests in batches and %v waits for them, want %v attaches and detaches", sum, waits, batched)
	}
	batches := got["enisim_batch_size_count"]
	if locks := got["enisim_lock_wait_seconds_count"]; locks < batches {
		t.Errorf("got %v round trips with locks, want at least one for each of %v batches", locks, batches)
	}
	if commits := got["enisim_commit_duration_seconds_count"]; commits == 0 || commits > batches {
		t.Errorf("got %v commits, want some, and at most one for each of %v batches", commits, batches)
	}
	if n := got["enisim_queue_length"]; n != 0 {
		t.Errorf("the queue afterwards: got %v, want 0", n)
	}
}

// Whatever clients send, the number of series is bounded, and nothing of it is shown.
func TestMetricLabelsAreBounded(t *testing.T) {
	t.Parallel()
	s := serveMeasured(t, world(), service.Options{})
	for _, action := range []string{"Hostile", "Hostile\xff"} { // the second one is no text
		s.mustCall(t, action)
		s.mustCall(t, action, "Version", "hostile")
	}
	before := s.scrape(t)
	for n := range 300 {
		for _, text := range []string{"Hostile%d", "hostile%d\"} 1\n", "Attach\xffHostile%d", "%%s{hostile%d}", " %d"} {
			action := fmt.Sprintf(text, n)
			s.mustCall(t, action)
			s.mustCall(t, action, "Version", fmt.Sprintf("hostile-%d", n))
		}
	}
	after := s.scrape(t)
	for _, name := range []string{
		"enisim_requests_total", "enisim_request_duration_seconds_count", "enisim_refusals_total",
		"enisim_faults_total", "enisim_throttled_total",
	} {
		got, want := slices.Sorted(maps.Keys(after.of(name))), slices.Sorted(maps.Keys(before.of(name)))
		if !slices.Equal(got, want) {
			t.Errorf("%s: got the series %v, want %v", name, got, want)
		}
	}
	if got, want := after.sum("enisim_requests_total"), 3004.0; got != want {
		t.Errorf("requests: got %v, want %v", got, want)
	}
	if _, _, body := s.scrapeWith(t, nil, ""); strings.Contains(strings.ToLower(body), "hostile") {
		t.Errorf("got what clients sent among the metrics: %s", body)
	}
}

// A call that a fault touches is counted for the fault, and one that a throttle refuses for its action.
// What the fault answers is no refusal of a rule, and what a rule answers after a delay is one.
func TestFaultsAndThrottlesAreCounted(t *testing.T) {
	t.Parallel()
	s := serveMeasured(t, world(), service.Options{})
	add := func(body string) string {
		t.Helper()
		status, reply, _ := s.control(t, controlRequest{method: "POST", path: "/faults", body: body})
		if status != http.StatusCreated {
			t.Fatalf("got %d %s, want 201", status, reply)
		}
		return decodeJSON(t, reply)["id"].(string)
	}
	answers := add(`{"account": "` + account + `", "action": "DescribeVpcs", "do": {"answer": "Throttling"}}`)
	delays := add(`{"account": "` + account + `", "action": "DescribeVpcAttribute", "do": {"delay": "1ms"}}`)
	loses := add(`{"account": "` + account + `", "action": "DescribeVSwitches", "do": {"lose": "reset"}}`)
	if status, reply, _ := s.control(t, controlRequest{method: "PUT", path: "/accounts/" + account + "/throttle",
		body: `{"limits": [{"action": "DescribeRegions", "region": "*", "per_second": 0.001, "burst": 2,
			"answer": "Throttling.User"}]}`}); status != http.StatusOK {
		t.Fatalf("got %d %s, want 200", status, reply)
	}
	for range 3 {
		s.mustCall(t, "DescribeVpcs")
		s.mustCall(t, "DescribeRegions")
	}
	s.mustCall(t, "DescribeVpcAttribute", "VpcId", "vpc-none")
	if _, _, err := s.callOnce(t.Context(), "DescribeVSwitches"); err == nil {
		t.Error("a lost answer: got one, want a broken connection")
	}
	got := s.scrape(t)
	faults := series{}
	for id, n := range map[string]float64{answers: 3, delays: 1, loses: 1} {
		faults[fmt.Sprintf("enisim_faults_total{account=%q,fault=%q}", account, id)] = n
	}
	if got := got.of("enisim_faults_total"); !maps.Equal(got, faults) {
		t.Errorf("faults: got %v, want %v", got, faults)
	}
	if n := got[`enisim_requests_total{action="DescribeVpcs",code="Throttling",product="vpc"}`]; n != 3 {
		t.Errorf("requests with the code of the fault: got %v, want 3", n)
	}
	if n := got[`enisim_requests_total{action="DescribeVSwitches",code="AnswerLost",product="vpc"}`]; n != 1 {
		t.Errorf("requests whose answer is lost: got %v, want 1", n)
	}
	throttled := series{fmt.Sprintf("enisim_throttled_total{account=%q,action=%q}", account, "DescribeRegions"): 1}
	if got := got.of("enisim_throttled_total"); !maps.Equal(got, throttled) {
		t.Errorf("throttled: got %v, want %v", got, throttled)
	}
	refusals := series{
		`enisim_refusals_total{action="DescribeVpcAttribute",rule="InvalidVpcId.NotFound"}`: 1,
		`enisim_refusals_total{action="DescribeRegions",rule="Throttling.User"}`:            1,
	}
	if got := got.of("enisim_refusals_total"); !maps.Equal(got, refusals) {
		t.Errorf("refusals: got %v, want %v", got, refusals)
	}
}

// Scrapes have the access rule of the control API, and requests to that API are not counted.
func TestMetricsAccess(t *testing.T) {
	t.Parallel()
	bearer := func(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }
	token := func(o *httpapi.Options) { o.Control = httpapi.Control{Token: controlToken, Open: true} }
	off := func(o *httpapi.Options) { o.Control = httpapi.Control{} }
	pool := storetest.Pool(t)
	for _, c := range []struct {
		name   string
		change func(*httpapi.Options)
		header http.Header
		host   string
		want   int
	}{
		{"open", nil, nil, "", 200},
		{"open, another name", nil, nil, "enisim.example", 403},
		{"open, a page of another site", nil, http.Header{"Origin": {"https://evil.example"}}, "", 403},
		{"token", token, bearer(controlToken), "", 200},
		{"token, another name", token, bearer(controlToken), "enisim.example", 200},
		{"token, missing", token, nil, "", 401},
		{"token, wrong", token, bearer("a-token-of-somebody-else"), "", 401},
		{"off", off, nil, "", 404},
		{"off, a token", off, bearer(controlToken), "", 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			changes := []func(*httpapi.Options){}
			if c.change != nil {
				changes = append(changes, c.change)
			}
			s := serveMeasuredOn(t, pool, nil, service.Options{}, changes...)
			status, _, body := s.scrapeWith(t, c.header, c.host)
			if status != c.want {
				t.Errorf("got status %d, want %d", status, c.want)
			}
			if shows := strings.Contains(body, "enisim_build_info"); shows != (c.want == 200) {
				t.Errorf("got metrics %t, want %t: %s", shows, c.want == 200, body)
			}
			if strings.Contains(body, "enisim_requests_total{") {
				t.Errorf("got the scrape itself counted: %s", body)
			}
		})
	}
}

// switchedPool returns a pool whose database can be taken away, and the switch.
func switchedPool(t *testing.T) (*pgxpool.Pool, *atomic.Bool) {
	t.Helper()
	config, err := store.Config(storetest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	down, dial := &atomic.Bool{}, config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if down.Load() {
			return nil, errors.New("the database is down")
		}
		return dial(ctx, network, address)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, down
}

// While the database is down, a scrape answers and says so.
func TestMetricsWithoutDatabase(t *testing.T) {
	t.Parallel()
	pool, down := switchedPool(t)
	s := serveMeasuredOn(t, pool, world(), service.Options{})
	s.mustCall(t, "DescribeVpcs")
	expect := func(when string, up float64, knowsAccounts bool) {
		t.Helper()
		got := s.scrape(t)
		if got["enisim_database_up"] != up {
			t.Errorf("%s: got enisim_database_up %v, want %v", when, got["enisim_database_up"], up)
		}
		if accounts, known := got["enisim_accounts"]; known != knowsAccounts || known && accounts != 1 {
			t.Errorf("%s: got %v accounts, known: %t, want them known: %t", when, accounts, known, knowsAccounts)
		}
		if got.sum("enisim_requests_total") == 0 {
			t.Errorf("%s: got no requests, want those before", when)
		}
	}
	expect("at first", 1, true)
	risks := s.scrape(t)
	for risk, want := range map[string]float64{"fsync_off": 1, "synchronous_commit_off": 0} { // Postgres of tests
		if got := risks[`enisim_durability_risk{risk="`+risk+`"}`]; got != want {
			t.Errorf("risk %s: got %v, want %v", risk, got, want)
		}
	}
	down.Store(true)
	pool.Reset()
	expect("down", 0, false)
	down.Store(false)
	expect("up again", 1, true)
}

// The gauges of the world are those of the tables, each row as it stands by the clock of its account.
func TestMetricsOfTheWorld(t *testing.T) {
	t.Parallel()
	s := serveMeasured(t, world().
		Instance("i-{n}", worldtest.Count(4), worldtest.Type("ecs.four.slots")).
		NetworkInterface("eni-{n}", worldtest.Count(9)).
		InstanceType("ecs.four.slots", 4), service.Options{
		AttachDelay: time.Minute, DetachDelay: time.Minute, DeleteDelay: time.Minute,
		StartDelay: time.Minute, StopDelay: time.Minute, OnlyServer: true,
	})
	clock := func(body string) {
		t.Helper()
		if status, reply, _ := s.control(t, controlRequest{
			method: "POST", path: "/accounts/" + account + "/clock", body: body,
		}); status != http.StatusOK {
			t.Fatalf("got %d %s, want 200", status, reply)
		}
	}
	attach := func(action string, instance, eni int) {
		t.Helper()
		if r := s.mustCall(t, action, "InstanceId", fmt.Sprint("i-", instance), "NetworkInterfaceId",
			fmt.Sprint("eni-", eni)); r.status != http.StatusOK {
			t.Fatalf("%s: got %d %v", action, r.status, r.body)
		}
	}
	expect := func(when string, want map[string]float64) {
		t.Helper()
		var got series
		for deadline := time.Now().Add(time.Minute); ; { // the counts may be those of a moment ago
			got = s.scrape(t)
			matches := true
			for key, value := range want {
				matches = matches && got[key] == value
			}
			if matches || time.Now().After(deadline) {
				break
			}
		}
		for key, value := range want {
			if got[key] != value {
				t.Errorf("%s: got %s %v, want %v", when, key, got[key], value)
			}
		}
		if sum := got.sum("enisim_instances"); sum != 4 {
			t.Errorf("%s: got %v instances, want 4", when, sum)
		}
	}
	interfaces := func(available, attaching, inUse, detaching, deleting float64) map[string]float64 {
		return map[string]float64{
			`enisim_network_interfaces{status="Available"}`: available,
			`enisim_network_interfaces{status="Attaching"}`: attaching,
			`enisim_network_interfaces{status="InUse"}`:     inUse,
			`enisim_network_interfaces{status="Detaching"}`: detaching,
			`enisim_network_interfaces{status="Deleting"}`:  deleting,
			"enisim_slots":      16,
			"enisim_slots_used": attaching + inUse + detaching,
			"enisim_accounts":   1,
			"enisim_standbys":   0,
		}
	}
	clock(`{"freeze": true}`)
	expect("at first", interfaces(9, 0, 4, 0, 0))
	attach("AttachNetworkInterface", 1, 1)
	attach("AttachNetworkInterface", 1, 2)
	expect("two are attaching", interfaces(7, 2, 4, 0, 0))
	clock(`{"advance": "61s"}`)
	expect("two are attached", interfaces(7, 0, 6, 0, 0))
	attach("DetachNetworkInterface", 1, 1)
	for _, eni := range []string{"eni-3", "eni-4", "eni-5"} {
		if r := s.mustCall(t, "DeleteNetworkInterface", "NetworkInterfaceId", eni); r.status != http.StatusOK {
			t.Fatalf("got %d %v", r.status, r.body)
		}
	}
	if r := s.mustCall(t, "StopInstance", "InstanceId", "i-4"); r.status != http.StatusOK {
		t.Fatalf("got %d %v", r.status, r.body)
	}
	want := interfaces(4, 0, 5, 1, 3)
	want[`enisim_instances{status="Stopping"}`], want[`enisim_instances{status="Running"}`] = 1, 3
	expect("one is detaching and three are deleting", want)
	clock(`{"advance": "61s"}`)
	want = interfaces(5, 0, 5, 0, 0)
	want[`enisim_instances{status="Stopped"}`], want[`enisim_instances{status="Running"}`] = 1, 3
	expect("all is done", want)
}

// Durations are native histograms for a scraper that reads them, and their sizes are bounded.
func TestMetricsHaveNativeHistograms(t *testing.T) {
	t.Parallel()
	s := serveMeasured(t, world(), service.Options{})
	s.mustCall(t, "DescribeVpcs")
	accept := http.Header{"Accept": {string(expfmt.NewFormat(expfmt.TypeProtoDelim))}}
	_, header, body := s.scrapeWith(t, accept, "")
	decoder := expfmt.NewDecoder(strings.NewReader(body), expfmt.ResponseFormat(header))
	native := map[string]bool{}
	for {
		var family dto.MetricFamily
		err := decoder.Decode(&family)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h := family.Metric[0].GetHistogram(); h != nil && h.Schema != nil && len(h.Bucket) > 0 {
			native[family.GetName()] = true
		}
	}
	for _, name := range []string{"enisim_request_duration_seconds", "enisim_batch_size", "enisim_queue_wait_seconds",
		"enisim_lock_wait_seconds", "enisim_commit_duration_seconds"} {
		if !native[name] {
			t.Errorf("%s: got no histogram that is native and classic, want one", name)
		}
	}
}

// Two servers of one process count for themselves.
func TestServersMeasureForThemselves(t *testing.T) {
	t.Parallel()
	first, second := serveMeasured(t, world(), service.Options{}), serveMeasured(t, world(), service.Options{})
	first.mustCall(t, "DescribeVpcs")
	if got := second.scrape(t).sum("enisim_requests_total"); got != 0 {
		t.Errorf("the other server: got %v requests, want 0", got)
	}
	if got := first.scrape(t).sum("enisim_requests_total"); got != 1 {
		t.Errorf("got %v requests, want 1", got)
	}
}

// onlyWithStandby are the metrics that a database without a standby does not have.
var onlyWithStandby = []string{"enisim_replication_lag_seconds"}

// The dashboard and the alerts use metrics that exist, and docs/metrics.md describes each metric of
// enisim.
func TestMetricNames(t *testing.T) {
	t.Parallel()
	s := serveMeasured(t, world().Instance("i-1").NetworkInterface("eni-1"), service.Options{})
	s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
	s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
	if status, body, _ := s.control(t, controlRequest{method: "POST", path: "/faults", body: `{"account": "` + account +
		`", "action": "DescribeVpcs", "do": {"answer": "Throttling"}}`}); status != http.StatusCreated {
		t.Fatalf("got %d %s, want 201", status, body)
	}
	if status, body, _ := s.control(t, controlRequest{
		method: "PUT", path: "/accounts/" + account + "/throttle",
		body: `{"limits": [{"action": "DescribeRegions", "per_second": 0.001, "burst": 1}]}`,
	}); status != http.StatusOK {
		t.Fatalf("got %d %s, want 200", status, body)
	}
	s.mustCall(t, "DescribeRegions")
	s.mustCall(t, "DescribeRegions")
	s.mustCall(t, "DescribeVpcs")
	exposed := map[string]bool{}
	for key := range s.scrape(t) {
		name, _, _ := strings.Cut(key, "{")
		exposed[strings.TrimSuffix(strings.TrimSuffix(name, "_sum"), "_count")] = true
		exposed[name] = true
	}
	for _, name := range onlyWithStandby {
		exposed[name] = true
	}
	names := regexp.MustCompile(`\b(enisim|pgxpool|go|process)_[a-z0-9_]+`)
	for _, file := range []string{"deploy/grafana-dashboard.json", "deploy/alerts.yaml", "metrics.md"} {
		text, err := os.ReadFile("../docs/" + file)
		if err != nil {
			t.Fatal(err)
		}
		used := names.FindAllString(string(text), -1)
		if len(used) < 10 {
			t.Errorf("%s: got %d metrics, want at least 10", file, len(used))
		}
		for _, name := range used {
			if !exposed[name] && !exposed[strings.TrimSuffix(name, "_bucket")] {
				t.Errorf("%s: got %s, want a metric that a server has", file, name)
			}
		}
		if file != "metrics.md" {
			continue
		}
		for name := range exposed {
			row := "| `" + name
			described := strings.Contains(string(text), row+"`") || strings.Contains(string(text), row+"{")
			isPart := strings.HasSuffix(name, "_sum") || strings.HasSuffix(name, "_count")
			if strings.HasPrefix(name, "enisim_") && !described && !isPart {
				t.Errorf("metrics.md: got no row for %s, want one", name)
			}
		}
	}
}

// A request of which no metrics are asked for is answered as before.
func TestServerWithoutMetrics(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{}, func(o *httpapi.Options) { o.Control.Open = true })
	if r := s.mustCall(t, "DescribeVpcs"); r.status != http.StatusOK {
		t.Errorf("got %d %v, want 200", r.status, r.body)
	}
	recorded := httptest.NewRecorder()
	s.Config.Handler.ServeHTTP(recorded, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if recorded.Code != http.StatusNotFound {
		t.Errorf("got status %d, want 404", recorded.Code)
	}
}
