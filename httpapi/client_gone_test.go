package httpapi_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"enisim/httpapi"
	"enisim/service"
)

// A client that goes away is logged as that, and not as a failure of the server: for an action that changes something, one that reads, one in a lane,
// and for the control API.
func TestAClientThatGoesAwayIsNoFailure(t *testing.T) {
	t.Parallel()
	log := &safeBuffer{}
	s := serve(t, world(`
        instances: [{id: i-1, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}]
        network_interfaces: [{id: eni-1, vswitch: vsw-h, security_groups: [sg-main]}]
`), service.Options{}, func(o *httpapi.Options) {
		o.Log, o.Control.Open = slog.New(slog.NewTextHandler(log, nil)), true
	})
	s.mustCall(t, "DescribeInstances") // the key is known from here on, for a second

	tx, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), `LOCK TABLE accounts, instances, network_interfaces, access_keys IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	query := "?Version=2014-05-26&RegionId=cn-hangzhou&AccessKeyId=" + accessKey
	for _, target := range []string{
		"/" + query + "&Action=DescribeInstances",
		"/" + query + "&Action=DeleteInstance&InstanceId=i-1",
		"/" + query + "&Action=AttachNetworkInterface&InstanceId=i-1&NetworkInterfaceId=eni-1",
		"/_enisim/accounts",
		"/_enisim/verify",
	} {
		before := strings.Count(log.String(), "level=")
		ctx, cancel := context.WithCancel(t.Context())
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+target, nil)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			response, err := s.Client().Do(request)
			if err == nil {
				_ = response.Body.Close()
			}
		}()
		for waiting := 0; waiting == 0; { // for the locked table
			if err := s.pool.QueryRow(t.Context(), `
				SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting); err != nil {
				t.Fatal(err)
			}
		}
		cancel()
		<-done
		for strings.Count(log.String(), "level=") == before { // until the handler has seen it
			if t.Context().Err() != nil {
				t.Fatal("the request leaves no line in the log")
			}
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if last := lines[len(lines)-1]; !strings.Contains(last, "level=INFO") || !strings.Contains(last, "status=499") {
			t.Errorf("%s: got\n%s\nwant a line at INFO with status 499", target, last)
		}
	}
}
