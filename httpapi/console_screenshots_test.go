package httpapi_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"enisim.alt/httpapi"
	"enisim.alt/httpapi/metrics"
	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/service/worldtest"
	"enisim.alt/testdata/scenarios"
)

var (
	screenshots = flag.String("screenshots", "", "Directory to write screenshots of the console to.")
	allPictures = flag.Bool("all-pictures", false, "Also write the screenshots that docs/img does not have.")
	traffic     = flag.Duration("traffic", 2*time.Minute, "How long requests are sent before the screenshots.")
)

// picture is a page to take a screenshot of.
type picture struct {
	name, path string
	inDocs     bool // docs/img has it
	isBig      bool // of the big world
	isDark     bool
	isPhone    bool
	height     int64  // 0: of the whole page
	script     string // run before it, to fill in a form
}

// TestScreenshots writes screenshots of the console: of a small and a big world, after traffic, light and
// dark, on a screen and on a phone. `make screenshots` runs it.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("make screenshots runs it")
	}
	small := serveWithTraffic(t, scenarioText(scenarios.Quickstart))
	big := serveWithTraffic(t, bigConsoleWorld())
	var running sync.WaitGroup
	running.Go(func() { sendTraffic(t, small, "LTAIquickstart000001", smallCalls) })
	running.Go(func() { sendTraffic(t, big, accessKey, bigCalls) })
	running.Wait()

	// At last fill the only free slot of i-web, and let the next attach be refused for that reason.
	call := func(action string, k int) reply {
		t.Helper()
		got, _, err := small.callOnce(t.Context(), action, "AccessKeyId", "LTAIquickstart000001",
			"InstanceId", "i-web", "NetworkInterfaceId", fmt.Sprintf("eni-free-%d", 1+k%7))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for k := 0; call("AttachNetworkInterface", k).code() != ""; k++ {
		call("DetachNetworkInterface", k) // the slot is free in nine seconds
		time.Sleep(100 * time.Millisecond)
	}
	why := ""
	for k := 0; why == ""; k++ {
		if got := call("AttachNetworkInterface", k); got.code() == "EniPerInstanceLimitExceeded" {
			why = "/requests/" + got.requestID()
		}
	}
	const of = "/accounts/" + account
	explorer := "/explorer?account=" + account + "&action=Ecs:AttachNetworkInterface"
	const sendCall = `document.getElementById("f-p-InstanceId").value = "i-web";
		document.getElementById("f-p-NetworkInterfaceId").value = "eni-free-8";
		document.querySelector("form.rule button.main").click()`
	pictures := []picture{
		{name: "overview", inDocs: true, path: ""},
		{name: "overview-dark", inDocs: true, path: "", isDark: true},
		{name: "overview-phone", path: "", isPhone: true, height: 844},
		{name: "overview-big", path: "", isBig: true},
		{name: "account", path: of},
		{name: "topology", inDocs: true, path: of + "/vpcs/vpc-main"},
		{name: "topology-dark", path: of + "/vpcs/vpc-main", isDark: true},
		{name: "topology-phone", inDocs: true, path: of + "/vpcs/vpc-main", isPhone: true, height: 1400},
		{name: "topology-big", inDocs: true, path: of + "/vpcs/vpc-main", isBig: true, height: 1000},
		{name: "instance", inDocs: true, path: of + "/instances/i-web", height: 1000},
		{name: "instance-phone", path: of + "/instances/i-web", isPhone: true, isDark: true},
		{name: "interface", path: of + "/interfaces/eni-free-1", height: 1000},
		{name: "group", path: of + "/groups/sg-main"},
		{name: "contention", path: "/contention"},
		{name: "contention-big-dark", inDocs: true, path: "/contention", isBig: true, isDark: true},
		{name: "requests", path: "/requests", height: 1000},
		{name: "why", inDocs: true, path: why},
		{name: "why-dark", path: why, isDark: true},
		{name: "why-phone", inDocs: true, path: why, isPhone: true},
		{name: "faults", inDocs: true, path: "/faults?account=" + account},
		{name: "faults-dark", path: "/faults?account=" + account, isDark: true},
		{name: "faults-phone", path: "/faults?account=" + account, isPhone: true},
		{name: "lifecycles", path: "/lifecycles"},
		{name: "throttles", path: "/throttles"},
		{name: "stock", path: "/stock"},
		{name: "quotas", path: "/quotas?account=" + account},
		{name: "clock", path: "/clock?account=" + account},
		{name: "scenarios", inDocs: true, path: "/scenarios?account=" + account},
		{name: "snapshots", path: "/snapshots?account=" + account},
		{name: "explorer", inDocs: true, path: explorer, script: sendCall},
		{name: "explorer-dark", inDocs: true, path: explorer, script: sendCall, isDark: true},
		{name: "explorer-phone", path: explorer, isPhone: true},
		{name: "explorer-empty", path: "/explorer"},
		{name: "search", path: "/search?q=eni-", height: 900},
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	browsers := map[string]*browser{}
	for _, p := range pictures {
		if !p.inDocs && !*allPictures {
			continue
		}
		scheme, width := "light", int64(1280)
		if p.isDark {
			scheme = "dark"
		}
		if p.isPhone {
			width = 390
		}
		key := fmt.Sprint(scheme, width)
		if browsers[key] == nil {
			browsers[key] = newChromium(t, scheme, width, 900)
		}
		of := small
		if p.isBig {
			of = big
		}
		browsers[key].takePicture(t, of.URL+"/console"+p.path, p, width)
	}
}

// takePicture writes the screenshot of a page.
func (b *browser) takePicture(t *testing.T, address string, p picture, width int64) {
	t.Helper()
	b.do(t, chromedp.EmulateViewport(width, 900), chromedp.Navigate(address))
	b.waitFor(t, `document.readyState === "complete"`)
	if p.script != "" {
		b.do(t, chromedp.Evaluate[chromedp.Void](p.script+"; undefined"))
		b.waitForElement(t, "#answer")
	}
	height := p.height
	if height == 0 {
		full, err := evaluate[int64](b, `document.documentElement.scrollHeight`)
		if err != nil {
			t.Fatal(err)
		}
		height = full
	}
	b.do(t, chromedp.EmulateViewport(width, height))
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&small, picture); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, "console-"+p.name+".png"), small.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// serveWithTraffic serves a world with rules of each kind.
func serveWithTraffic(t *testing.T, w fmt.Stringer) *server {
	t.Helper()
	m := metrics.New(metrics.Build{Version: "v1.2.3"})
	s := serve(t, w, service.Options{
		AttachDelay: 4 * time.Second, DetachDelay: 4 * time.Second,
		Refusals: service.AllRefusals, Observe: m.Observer(),
	}, func(o *httpapi.Options) { o.Control.Open, o.Metrics = true, m })
	control := s.controlClient()
	probability, left := 0.08, 40
	fixed := disturbance.Duration(9 * time.Second)
	for _, fault := range []disturbance.Fault{
		{
			Account: account, Action: "AttachNetworkInterface",
			When: disturbance.When{Probability: &probability, Seed: 7}, Do: disturbance.Do{Answer: "Throttling"},
		},
		{
			Account: account, Action: "Describe*", When: disturbance.When{Every: 40},
			Do: disturbance.Do{Delay: disturbance.Duration(150 * time.Millisecond)},
		},
	} {
		if _, err := control.AddFault(t.Context(), fault); err != nil {
			t.Fatal(err)
		}
	}
	_, err := control.AddLifecycle(t.Context(), disturbance.Lifecycle{
		Account: account, Transition: "Detaching", Lasts: disturbance.Lasts{Fixed: &fixed},
	})
	if err == nil {
		_, err = control.SetThrottle(t.Context(), account, disturbance.Throttle{
			Limits: []disturbance.Limit{{Action: "DescribeInstances", PerSecond: 3, Answer: "Throttling.User"}},
		})
	}
	if err == nil {
		_, err = control.AddStock(t.Context(), disturbance.Stock{Account: "*", InstanceType: "ecs.g7.*", Left: &left})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// bigConsoleWorld is a world of 2,000 instances in four zones.
func bigConsoleWorld() fmt.Stringer {
	set := worldtest.Set
	return world(set("name", "big"), set("quotas", map[string]any{"network_interfaces_per_region": 100_000})).
		VSwitch("vsw-j", "cn-hangzhou-j", "10.2.0.0/16").
		VSwitch("vsw-k", "cn-hangzhou-k", "10.3.0.0/16").
		SecurityGroup("sg-workers", set("type", "enterprise")).
		Instance("i-h{n:04}", worldtest.Count(500), worldtest.In("vsw-h"), worldtest.Groups("sg-workers"),
			worldtest.Type("ecs.g6.2xlarge"), set("name", "worker h{n}")).
		Instance("i-i{n:04}", worldtest.Count(500), worldtest.In("vsw-i"), worldtest.Groups("sg-workers"),
			worldtest.Type("ecs.g6.xlarge"), set("name", "worker i{n}")).
		Instance("i-j{n:04}", worldtest.Count(500), worldtest.In("vsw-j"), worldtest.Groups("sg-workers"),
			worldtest.Type("ecs.g6.large"), set("name", "worker j{n}")).
		Instance("i-k{n:04}", worldtest.Count(500), worldtest.In("vsw-k"), worldtest.Groups("sg-workers"),
			worldtest.Type("ecs.g6.4xlarge")).
		NetworkInterface("eni-j{n:04}", worldtest.Count(400), worldtest.In("vsw-j"), worldtest.Groups("sg-workers"),
			worldtest.AttachedTo("i-j{n:04}")).
		NetworkInterface("eni-k{n:04}", worldtest.Count(500), worldtest.In("vsw-k"), worldtest.Groups("sg-workers"),
			worldtest.AttachedTo("i-k{n:04}")).
		NetworkInterface("eni-h{n:04}", worldtest.Count(1000), worldtest.In("vsw-h"), worldtest.Groups("sg-workers"))
}

// sendTraffic sends calls for a while, at a rate that rises and falls.
func sendTraffic(t *testing.T, s *server, key string, next func() []string) {
	started := time.Now()
	for {
		passed := time.Since(started)
		if passed > *traffic || t.Context().Err() != nil {
			return
		}
		call := next()
		pairs := append([]string{"AccessKeyId", key}, call[1:]...)
		_, _, err := s.callOnce(context.WithoutCancel(t.Context()), call[0], pairs...)
		if err != nil {
			t.Error(err)
			return
		}
		wave := 1 + passed.Seconds()/10 - float64(int(passed.Seconds()/10)) // of ten seconds
		time.Sleep(time.Duration(float64(40*time.Millisecond) * wave))
	}
}

// smallCalls returns a call to the quick start.
func smallCalls() []string {
	eni := fmt.Sprintf("eni-free-%d", 1+rand.IntN(7)) // the last one stays free
	instance := []string{"i-web", "i-web", "i-app", "i-db"}[rand.IntN(4)]
	switch rand.IntN(8) {
	case 0:
		return []string{"DescribeInstances"}
	case 1, 2:
		return []string{"DescribeNetworkInterfaces"}
	case 3:
		return []string{"DetachNetworkInterface", "InstanceId", instance, "NetworkInterfaceId", eni}
	}
	return []string{"AttachNetworkInterface", "InstanceId", instance, "NetworkInterfaceId", eni}
}

// bigCalls returns a call to the big world.
func bigCalls() []string {
	eni := fmt.Sprintf("eni-h%04d", rand.IntN(1000))
	instance := fmt.Sprintf("i-h%04d", min(rand.IntN(60), rand.IntN(60))/4)
	switch rand.IntN(8) {
	case 0, 1:
		return []string{"DescribeNetworkInterfaces", "PageSize", "20"}
	case 2:
		return []string{"DetachNetworkInterface", "InstanceId", instance, "NetworkInterfaceId", eni}
	}
	return []string{"AttachNetworkInterface", "InstanceId", instance, "NetworkInterfaceId", eni}
}
