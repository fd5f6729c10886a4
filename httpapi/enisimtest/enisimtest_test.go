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

	"enisim/httpapi/enisimtest"
)

func TestMain(m *testing.M) {
	_ = ecs.GetEndpointMap() // the SDK makes this table with its first client, without a lock, for all of them
	os.Exit(enisimtest.Run(m))
}

func newClient(t *testing.T, server *enisimtest.Server) *ecs.Client {
	t.Helper()
	client, err := ecs.NewClientWithAccessKey("cn-hangzhou", server.AccessKeyID, server.AccessKeySecret)
	if err != nil {
		t.Fatal(err)
	}
	client.Domain = server.Endpoint
	client.SetReadTimeout(time.Minute) // its default of 10 s is short for a test machine under load
	return client
}

func attach(t *testing.T, client *ecs.Client, instance, eni string) {
	t.Helper()
	request := ecs.CreateAttachNetworkInterfaceRequest()
	request.InstanceId, request.NetworkInterfaceId = instance, eni
	if _, err := client.AttachNetworkInterface(request); err != nil {
		t.Fatal(err)
	}
}

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

// TestServersAreWorldsOfTheirOwn starts many at once with the same world, and each attaches the same interface, which in one world only the first could.
func TestServersAreWorldsOfTheirOwn(t *testing.T) {
	t.Parallel()
	for n := range 8 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			client := newClient(t, enisimtest.Start(t)) // the quick-start world
			attach(t, client, "i-web", "eni-free-1")
			if got := status(t, client, "eni-free-1"); got != "InUse" {
				t.Errorf("got %s, want InUse at once", got)
			}
		})
	}
}

func TestTimeIsTheTests(t *testing.T) {
	t.Parallel()
	server := enisimtest.Start(t, enisimtest.Scenario("testdata/world.yaml"), enisimtest.Delay(time.Hour))
	client := newClient(t, server)
	attach(t, client, "i-web", "eni-free")
	if got := status(t, client, "eni-free"); got != "Attaching" {
		t.Errorf("at first: got %s, want Attaching", got)
	}
	server.Advance(time.Hour)
	if got := status(t, client, "eni-free"); got != "InUse" {
		t.Errorf("an hour later: got %s, want InUse", got)
	}
}

// TestEndOfATest runs a test within the test, and looks at what it left.
func TestEndOfATest(t *testing.T) {
	t.Parallel()
	var server *enisimtest.Server
	t.Run("inner", func(t *testing.T) {
		server = enisimtest.Start(t, enisimtest.ScenarioText("enisim: 1\naccounts: [{id: \"1000000000000001\"}]\n"))
		if server.AccessKeyID != "" || server.AccessKeySecret != "" {
			t.Errorf("got the key %q, want none of a world without keys", server.AccessKeyID)
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
		t.Error("the server still answers after its test")
	}
}

// accounts asks the control API.
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

// fatal is a test that notes the failure that ended it.
type fatal struct {
	testing.TB
	said string
}

func (f *fatal) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	panic(f)
}

func TestWhatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		with enisimtest.Option
		want string
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
				enisimtest.Start(f, c.with)
			}()
			if !strings.Contains(f.said, c.want) {
				t.Errorf("got %q, want it to say %q", f.said, c.want)
			}
		})
	}
}

// TestThePageShowsTheExample holds docs/testing.md to the test of its own that runs here.
func TestThePageShowsTheExample(t *testing.T) {
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
		t.Errorf("docs/testing.md does not have\n%s", function)
	}
}
