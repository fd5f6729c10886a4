package load_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/cmd/enisim/load"
)

// Each client attaches its own interface to its own instance, and detaches it again.
func ExampleRun() {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()

	plan := func(client int) load.Next {
		op := load.Operation{Instance: fmt.Sprintf("i-%d", client+1), Interface: fmt.Sprintf("eni-%d", client+1)}
		return func(last load.Result) (load.Operation, bool) {
			op.Action = history.Attach
			if last.Action == history.Attach && last.Outcome == history.OK {
				op.Action = history.Detach
			}
			return op, true
		}
	}
	summary, err := load.Run{
		Targets: []load.Target{{Endpoint: server.URL, Region: "cn-hangzhou", AccessKeyID: "LTAIquickstart000001",
			AccessKeySecret: "quickstart-secret", Timeout: 10 * time.Second}},
		Clients:  10,
		Requests: 1000,
		Plan:     plan,
	}.Do(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	total := summary.Total()
	fmt.Println(total.OK, "done;", total.Percentile(99.9) < time.Minute)
	// Output: 1000 done; true
}
