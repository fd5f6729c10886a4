package httpapi_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/store/storetest"
)

// logLines receives the lines of a log. Each request writes one.
type logLines chan string

func (l logLines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

func (l logLines) next(t *testing.T) string {
	t.Helper()
	select {
	case line := <-l:
		return line
	case <-time.After(time.Minute):
		t.Fatal("got no line of the request in the log within a minute")
		return ""
	}
}

// A disconnected client is logged with status 499, not as an error of the server. This holds for an
// action that writes, one that reads, one in a lane, and for the control API.
func TestDisconnectedClientIsNotLoggedAsError(t *testing.T) {
	t.Parallel()
	lines := make(logLines, 100)
	s := serveOn(t, patient(t, storetest.Pool(t)), world().
		Instance("i-1").
		NetworkInterface("eni-1"), service.Options{}, func(o *httpapi.Options) {
		o.Log, o.Control.Open = slog.New(slog.NewTextHandler(lines, nil)), true
	})

	query := "?Version=2014-05-26&RegionId=cn-hangzhou&AccessKeyId=" + accessKey
	// The lookup of a key continues without its caller, so the table of access keys stays unlocked.
	// For the actions the table of accounts stays unlocked too.
	for target, tables := range map[string]string{
		"/" + query + "&Action=DescribeInstances":             "instances",
		"/" + query + "&Action=DeleteInstance&InstanceId=i-1": "instances",
		"/" + query + "&Action=AttachNetworkInterface&InstanceId=i-1&NetworkInterfaceId=eni-1": "instances, " +
			"network_interfaces",
		"/_enisim/accounts": "accounts",
		"/_enisim/verify":   "instances",
	} {
		holder, err := s.pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = holder.Rollback(context.WithoutCancel(t.Context())) }()
		if _, err := holder.Exec(t.Context(), `LOCK TABLE `+tables+` IN ACCESS EXCLUSIVE MODE`); err != nil {
			t.Fatal(err)
		}
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
		storetest.AwaitLockWaits(t, s.pool, 1) // for the locked table
		cancel()
		<-done
		// The session waits for its lock until Postgres notices the disconnect. It must not be
		// taken for the session of the next request.
		storetest.AwaitNoLockWaits(t, s.pool)
		if line := lines.next(t); !strings.Contains(line, "level=INFO") || !strings.Contains(line, "status=499") {
			t.Errorf("%s: got\n%s\nwant level INFO and status 499", target, line)
		}
		if err := holder.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
