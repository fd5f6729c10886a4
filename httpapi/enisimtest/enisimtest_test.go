package enisimtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"

	"enisim.alt/httpapi/enisimtest"
	"enisim.alt/service"
)

func TestMain(m *testing.M) {
	_ = ecs.GetEndpointMap() // the SDK fills this table at the first client, without a lock
	os.Exit(enisimtest.Run(m))
}

// newClient returns a client of the vendor's Go SDK.
func newClient(t *testing.T, server *enisimtest.Server) *ecs.Client {
	t.Helper()
	client, err := ecs.NewClientWithAccessKey("cn-hangzhou", server.AccessKeyID, server.AccessKeySecret)
	if err != nil {
		t.Fatal(err)
	}
	client.Domain = server.Endpoint
	client.SetReadTimeout(time.Minute) // the default of 10 s is too short for a loaded machine
	return client
}

// attach attaches an interface to i-web.
func attach(t *testing.T, client *ecs.Client, eni string) {
	t.Helper()
	request := ecs.CreateAttachNetworkInterfaceRequest()
	request.InstanceId, request.NetworkInterfaceId = "i-web", eni
	if _, err := client.AttachNetworkInterface(request); err != nil {
		t.Fatal(err)
	}
}

// status returns the status of an interface.
func status(t *testing.T, client *ecs.Client, eni string) string {
	t.Helper()
	request := ecs.CreateDescribeNetworkInterfacesRequest()
	request.NetworkInterfaceId = &[]string{eni}
	response, err := client.DescribeNetworkInterfaces(request)
	if err != nil {
		t.Fatal(err)
	}
	found := response.NetworkInterfaceSets.NetworkInterfaceSet
	if len(found) != 1 {
		t.Fatalf("%s: got %d interfaces, want one", eni, len(found))
	}
	return found[0].Status
}

// Servers with the same world run in parallel, and each attaches the same interface.
func TestServersAreIndependent(t *testing.T) {
	t.Parallel()
	for n := range 8 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			client := newClient(t, enisimtest.Start(t)) // the quick-start world
			attach(t, client, "eni-free-1")
			if got := status(t, client, "eni-free-1"); got != "InUse" {
				t.Errorf("got %s, want InUse without a delay", got)
			}
		})
	}
}

// The clock of a server stands still until the test advances it.
func TestAdvance(t *testing.T) {
	t.Parallel()
	server := enisimtest.Start(t, enisimtest.Scenario("testdata/world.yaml"), enisimtest.Delay(time.Hour))
	client := newClient(t, server)
	attach(t, client, "eni-free")
	if got := status(t, client, "eni-free"); got != "Attaching" {
		t.Errorf("before the due time: got %s, want Attaching", got)
	}
	server.Advance(time.Hour)
	if got := status(t, client, "eni-free"); got != "InUse" {
		t.Errorf("an hour later: got %s, want InUse", got)
	}
}

// A frozen server lets nothing become due but by Advance. Resumed, its time goes on.
func TestFreeze(t *testing.T) {
	t.Parallel()
	const delay = 50 * time.Millisecond
	server := enisimtest.Start(t, enisimtest.Scenario("testdata/world.yaml"), enisimtest.Delay(delay))
	client := newClient(t, server)
	server.Freeze(t)
	attach(t, client, "eni-free")
	for frozen := time.Now(); time.Since(frozen) < 2*delay; {
		if got := status(t, client, "eni-free"); got != "Attaching" {
			t.Fatalf("frozen: got %s, want Attaching", got)
		}
	}
	server.Resume(t)
	for status(t, client, "eni-free") != "InUse" { // the test's timeout is the limit
	}
}

// A server stops at the end of its test, here of a subtest.
func TestServerStopsWithItsTest(t *testing.T) {
	t.Parallel()
	var server *enisimtest.Server
	t.Run("inner", func(t *testing.T) {
		server = enisimtest.Start(t, enisimtest.ScenarioText("enisim: 1\naccounts: [{id: \"1000000000000001\"}]\n"))
		if server.AccessKeyID != "" || server.AccessKeySecret != "" {
			t.Errorf("got the key %q, want none in a world without keys", server.AccessKeyID)
		}
		if got := accounts(t, server); !slices.Equal(got, []string{"1000000000000001"}) {
			t.Errorf("got the accounts %q, want that of the scenario", got)
		}
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
		t.Error("got an answer after the test, want the server stopped")
	}
}

// accounts lists the accounts through the control API.
func accounts(t *testing.T, server *enisimtest.Server) []string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/_enisim/accounts", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var list struct{ Accounts []struct{ ID string } }
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, a := range list.Accounts {
		ids = append(ids, a.ID)
	}
	return ids
}

// fatal is a test that records the message of Fatalf.
type fatal struct {
	testing.TB
	message string
}

func (f *fatal) Fatalf(format string, args ...any) {
	f.message = fmt.Sprintf(format, args...)
	panic(f)
}

// A server that cannot start ends its test with the reason.
func TestStartErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		option enisimtest.Option
		want   string
	}{
		{"no file", enisimtest.Scenario("testdata/nowhere.yaml"), "testdata/nowhere.yaml"},
		{"wrong scenario", enisimtest.ScenarioText("enisim: 1\nacounts: []\n"), `did you mean "accounts"?`},
		{"delay", enisimtest.Delay(-time.Second), "not negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := &fatal{TB: t}
			func() {
				defer func() { _ = recover() }()
				enisimtest.Start(f, c.option)
			}()
			if !strings.Contains(f.message, c.want) {
				t.Errorf("got %q, want %q in it", f.message, c.want)
			}
		})
	}
}

// docs/testing.md quotes the example test.
func TestPageShowsExample(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, function, _ := strings.Cut(string(example), "\n\nfunc ")
	if function = "```go\nfunc " + function + "```\n"; !strings.Contains(string(page), function) {
		t.Errorf("docs/testing.md: got no such example, want\n%s", function)
	}
}

// The answer of the attach is lost after its commit, once.
func TestFault(t *testing.T) {
	t.Parallel()
	server := enisimtest.Start(t, enisimtest.Scenario("testdata/world.yaml"))
	fault := server.Fault(t, enisimtest.Fault{
		Action: "AttachNetworkInterface",
		When:   enisimtest.FaultWhen{First: 1},
		Do:     enisimtest.FaultDo{Lose: "reset"},
	})
	client := newClient(t, server)
	request := ecs.CreateAttachNetworkInterfaceRequest()
	request.InstanceId, request.NetworkInterfaceId = "i-web", "eni-free"
	if _, err := client.AttachNetworkInterface(request); err == nil {
		t.Error("got an answer to the attach, want none")
	}
	if matched, struck := fault.Counts(t); matched != 1 || struck != 1 {
		t.Errorf("got %d calls matched and %d struck, want 1 and 1", matched, struck)
	}
	if got := status(t, client, "eni-free"); got != "InUse" {
		t.Errorf("got %s, want InUse, because the attach was committed", got)
	}
	fault.Remove(t)
	detach := ecs.CreateDetachNetworkInterfaceRequest()
	detach.InstanceId, detach.NetworkInterfaceId = "i-web", "eni-free"
	if _, err := client.DetachNetworkInterface(detach); err != nil {
		t.Fatal(err)
	}
	attach(t, client, "eni-free")
}

// A test orders a stuck attach and releases it, a throttle, and a zone that is sold out.
func TestOtherRules(t *testing.T) {
	t.Parallel()
	server := enisimtest.Start(t, enisimtest.Scenario("testdata/world.yaml"))
	client := newClient(t, server)
	server.Lifecycle(t, enisimtest.Lifecycle{Transition: "Attaching", Lasts: enisimtest.Lasts{Never: true}})
	attach(t, client, "eni-free")
	if got := status(t, client, "eni-free"); got != "Attaching" {
		t.Errorf("a stuck attach: got %s, want Attaching", got)
	}
	server.Release(t, "eni-free")
	if got := status(t, client, "eni-free"); got != "InUse" {
		t.Errorf("after the release: got %s, want InUse", got)
	}
	server.Stock(t, enisimtest.Stock{Zone: "*"})
	run := ecs.CreateRunInstancesRequest()
	run.InstanceType, run.ImageId = "ecs.g6.large", service.InstanceImageID
	run.SecurityGroupId, run.VSwitchId = "sg-main", "vsw-h"
	if _, err := client.RunInstances(run); err == nil || !strings.Contains(err.Error(), "OperationDenied.NoStock") {
		t.Errorf("a launch in a zone that is sold out: got %v, want OperationDenied.NoStock", err)
	}
	server.Throttle(t, enisimtest.Throttle{Limits: []enisimtest.Limit{{PerSecond: 0.001, Burst: 1}}})
	regions := ecs.CreateDescribeRegionsRequest()
	if _, err := client.DescribeRegions(regions); err != nil {
		t.Errorf("the first call: got %v, want no error", err)
	}
	if _, err := client.DescribeRegions(regions); err == nil || !strings.Contains(err.Error(), "Throttling") {
		t.Errorf("the second call: got %v, want Throttling", err)
	}
}
