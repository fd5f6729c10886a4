package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/httpapi/signature"
)

func run(t *testing.T, r Run) *Summary {
	t.Helper()
	summary, err := r.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return summary
}

// Each request is signed, by V1 or V3, has its own nonce, and is sent once.
func TestRequestsAreSignedAndSentOnce(t *testing.T) {
	t.Parallel()
	for _, v3 := range []bool{false, true} {
		var mu sync.Mutex
		nonces := map[string]bool{}
		target := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
			query := r.URL.Query()
			nonce, sent, want := query.Get("SignatureNonce"), query.Get("Signature"),
				signature.V1(r.Method, query, "testsecret")
			if v3 {
				a, err := signature.ParseAuthorization(r.Header.Get("Authorization"))
				if err != nil || !a.Covers(r.Header) {
					t.Errorf("got %v, %v, want all headers signed", r.Header, err)
				}
				nonce, sent = r.Header.Get(signature.HeaderNonce), a.Signature
				want = signature.SignV3(signature.RequestV3{Method: r.Method, Host: r.Host, Query: query,
					Header: r.Header}.StringToSign(a.SignedHeaders), "testsecret")
			}
			mu.Lock()
			defer mu.Unlock()
			if sent != want || nonces[nonce] {
				t.Errorf("v3=%v: got signature %s and nonce %s, want %s and a new nonce", v3, sent, nonce, want)
			}
			nonces[nonce] = true
			if query.Get("InstanceId") != "i-1" || query.Get("NetworkInterfaceId") != "eni-1" ||
				query.Get("RegionId") != "cn-hangzhou" {
				t.Errorf("got %v, want the parameters of the operation", query)
			}
		})
		target.SignatureV3 = v3
		summary := run(t, Run{Targets: []Target{target}, Clients: 8, Requests: 500, Plan: attachPlan})
		if total := summary.Total(); total.OK != 500 || len(nonces) != 500 {
			t.Errorf("v3=%v: got %d ok of %d requests, want 500", v3, total.OK, len(nonces))
		}
	}
}

// A plan gets the body of its client's last answer, and nothing before the first operation.
func TestPlanGetsTheAnswer(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	target := serveHTTP(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"Number":%d}`, served.Add(1))
	})
	var got []string
	plan := func(int) Next {
		return func(last Result) (Operation, bool) {
			got = append(got, string(last.Body))
			return Operation{Action: history.Attach, Instance: "i-1", Interface: "eni-1"}, len(got) < 3
		}
	}
	run(t, Run{Targets: []Target{target}, Clients: 1, Plan: plan})
	if want := []string{"", `{"Number":1}`, `{"Number":2}`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// In an open load, a stall of the server is counted for every request that was due during the
// stall, not only for those in progress.
func TestLatencyCountsFromDueTime(t *testing.T) {
	t.Parallel()
	const rate, stall = 200, 500 * time.Millisecond
	var arrived atomic.Int64
	var once sync.Once
	stalled := make(chan struct{})
	target := serveHTTP(t, func(http.ResponseWriter, *http.Request) {
		if arrived.Add(1) == 20 {
			once.Do(func() { time.AfterFunc(stall, func() { close(stalled) }) })
		}
		if arrived.Load() >= 20 {
			<-stalled
		}
	})
	summary := run(t, Run{Targets: []Target{target}, Clients: 4, Rate: rate, Requests: 200, Plan: attachPlan})
	total := summary.Total()
	if total.OK != 200 {
		t.Fatalf("got %d ok, want 200", total.OK)
	}
	// Of the 100 that were due in the stall, those of its first 400 ms waited for at least 100 ms.
	waited := int64(0)
	for _, bar := range total.Latency.Distribution() {
		if bar.From >= (100 * time.Millisecond).Microseconds() {
			waited += bar.Count
		}
	}
	if want := int64(rate * 0.4); waited < want-2 {
		t.Errorf("got %d requests that waited, want all %d that were due, not only 4 for the clients", waited, want)
	}
}

// A run ends after its requests, its duration or the end of its plan.
func TestRunEnds(t *testing.T) {
	t.Parallel()
	var got atomic.Int64
	target := serveHTTP(t, func(http.ResponseWriter, *http.Request) { got.Add(1) })
	three := func(client int) Next {
		left := 3
		return func(Result) (Operation, bool) {
			left--
			return Operation{Action: history.Attach, Instance: "i-1", Interface: "eni-1"}, left >= 0
		}
	}
	for _, c := range []struct {
		name string
		run  Run
		want int64
	}{
		{"requests", Run{Clients: 7, Requests: 100, Plan: attachPlan}, 100},
		{"requests of an open load", Run{Clients: 7, Rate: 5000, Requests: 100, Plan: attachPlan}, 100},
		{"duration", Run{Clients: 2, Rate: 100, Duration: 300 * time.Millisecond, Plan: attachPlan}, 30},
		{"plan", Run{Clients: 4, Plan: three}, 12},
	} {
		got.Store(0)
		c.run.Targets = []Target{target}
		summary := run(t, c.run)
		total := summary.Total()
		if total.OK != got.Load() || total.OK+summary.Unsent != c.want || c.run.Duration == 0 && summary.Unsent != 0 {
			t.Errorf("%s: got %d ok, %d requests at the server, %d unsent; want %d in all, and unsent ones only with "+
				"a duration", c.name, total.OK, got.Load(), summary.Unsent, c.want)
		}
	}
}

// The clients are distributed evenly over the targets.
func TestClientsShareTheTargets(t *testing.T) {
	t.Parallel()
	var targets []Target
	var got [2]atomic.Int64
	for n := range got {
		targets = append(targets, serveHTTP(t, func(http.ResponseWriter, *http.Request) { got[n].Add(1) }))
	}
	once := func(int) Next {
		sent := false
		return func(Result) (Operation, bool) {
			defer func() { sent = true }()
			return Operation{Action: history.Attach, Instance: "i-1", Interface: "eni-1"}, !sent
		}
	}
	run(t, Run{Targets: targets, Clients: 5, Plan: once})
	if got[0].Load() != 3 || got[1].Load() != 2 {
		t.Errorf("got %d and %d requests, want 3 and 2", got[0].Load(), got[1].Load())
	}
}

// Requests that were due and not sent are counted until the run ends or is interrupted, not until
// the last answer.
func TestUnsentRequestsAreCounted(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	arrived := make(chan struct{}, 2)
	target := serveHTTP(t, func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-release
	})
	ctx, interrupt := context.WithCancel(t.Context())
	var ended time.Time
	go func() {
		<-arrived
		<-arrived
		ended = time.Now()
		interrupt()
		time.Sleep(time.Second) // delays the answers
		close(release)
	}()
	const rate = 100
	summary, err := Run{Targets: []Target{target}, Clients: 2, Rate: rate, Duration: time.Hour,
		Plan: attachPlan}.Do(ctx)
	if err != nil {
		t.Fatal(err)
	}
	total, due := summary.Total(), int64(ended.Sub(summary.Started).Seconds()*rate)+1
	if total.Count() != 2 || summary.Unsent < due-2 || summary.Elapsed < time.Second ||
		summary.Unsent > int64((summary.Elapsed-500*time.Millisecond).Seconds()*rate) {
		t.Errorf("got %d sent and %d unsent, want 2, and %d until the interruption", total.Count(), summary.Unsent,
			due-2)
	}
}

// A plan gets the result of the last operation.
func TestPlanGetsResults(t *testing.T) {
	t.Parallel()
	target := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("Action") == history.Attach {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"RequestId":"R","HostId":"H","Code":"EniPerInstanceLimitExceeded","Message":"m"}`)
		}
	})
	var results []Result
	plan := func(int) Next {
		return func(last Result) (Operation, bool) {
			results = append(results, last)
			switch len(results) {
			case 1:
				return Operation{Action: history.Attach, Instance: "i-1", Interface: "eni-1"}, true
			case 2:
				return Operation{Action: history.Detach, Instance: "i-1", Interface: "eni-1"}, true
			default:
				return Operation{}, false
			}
		}
	}
	run(t, Run{Targets: []Target{target}, Clients: 1, Plan: plan})
	if len(results) != 3 || results[0].Outcome != "" || results[1].Outcome != history.Fail ||
		results[1].Code != "EniPerInstanceLimitExceeded" ||
		results[2].Outcome != history.OK || results[2].Action != history.Detach {
		t.Errorf("got %+v, want no result, the refusal and the success", results)
	}
}

// Each possible end of a request is counted in the summary and written to the history.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	refused, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unusedAddress := refused.Addr().String()
	refused.Close()
	answers := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	hangUp := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	}
	breakOff := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, `{"RequestId":`)
	}
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		action  string
		outcome history.Outcome
		code    string
	}{
		{"done", answers(200, `{"RequestId":"R"}`), history.Attach, history.OK, ""},
		{"refused", answers(403, `{"Code":"X.Y","Message":"m"}`), history.Detach, history.Fail, "X.Y"},
		{"refused by something else", answers(404, "not found"), history.Detach, history.Fail, "HTTP 404"},
		{"failed", answers(500, `{"Code":"InternalError"}`), history.Attach, history.Unknown, "InternalError"},
		{"away", answers(502, "<html>"), history.Attach, history.Unknown, "HTTP 502"},
		{"moved", answers(301, ""), history.Attach, history.Unknown, "HTTP 301"},
		{"hung up", hangUp, history.Attach, history.Unknown, ConnectionLost},
		{"broke off", breakOff, history.Attach, history.Unknown, ConnectionLost},
		{"hung", hang, history.Attach, history.Unknown, Timeout},
		{"nobody", nil, history.Attach, history.Unknown, NotConnected},
		{"described",
			answers(200, `{"NetworkInterfaceSets":{"NetworkInterfaceSet":[{"Status":"InUse","InstanceId":"i-1"}]}}`),
			history.Describe, history.OK, ""},
		{"described as absent", answers(200, `{"NetworkInterfaceSets":{"NetworkInterfaceSet":[]}}`), history.Describe,
			history.OK, ""},
		{"described by something else", answers(200, `<html>`), history.Describe, history.Unknown, "Unreadable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			target := Target{Endpoint: "http://" + unusedAddress, Timeout: time.Minute}
			if c.handler != nil {
				target = serveHTTP(t, c.handler)
			}
			if c.code == Timeout {
				target.Timeout = 100 * time.Millisecond
			}
			var file bytes.Buffer
			writer := history.NewWriter(&file, history.Header{})
			World{Instances: []Instance{{ID: "i-1", Limit: 2, Held: 1}},
				Interfaces: []Interface{{ID: "eni-1"}}}.Tell(writer)
			op := Operation{Action: c.action, Instance: "i-1", Interface: "eni-1"}
			if c.action == history.Describe {
				op.Instance = ""
			}
			summary := run(t, Run{Targets: []Target{target}, Clients: 1, Requests: 2, History: writer,
				Plan: func(int) Next { return func(Result) (Operation, bool) { return op, true } }})
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			got := summary.Actions[0]
			wantCodes := int64(2)
			if c.code == "" {
				wantCodes = 0
			}
			if got.Action != c.action || got.Codes[c.code] != wantCodes || got.Count() != 2 ||
				map[history.Outcome]int64{history.OK: got.OK, history.Fail: got.Refused,
					history.Unknown: got.Unknown}[c.outcome] != 2 {
				t.Errorf("got %+v, want 2 %s with code %q", got, c.outcome, c.code)
			}
			h, err := history.Read("history", &file)
			if err != nil {
				t.Fatal(err)
			}
			if len(h.Operations) != 2 {
				t.Fatalf("got %d operations in the history, want 2", len(h.Operations))
			}
			for _, o := range h.Operations {
				if c.code == NotConnected {
					c.outcome = history.Fail // a request that was never sent had no effect
				}
				if o.Outcome != c.outcome || o.Ended <= o.Invoked || o.Outcome == history.Fail && o.Code != c.code ||
					o.Outcome == history.Unknown && !strings.HasPrefix(o.Error, c.code) {
					t.Errorf("got %+v in the history, want %s with %q", o, c.outcome, c.code)
				}
				if c.name == "described" && (o.Status != "InUse" || o.On != "i-1") {
					t.Errorf("got %+v in the history, want InUse on i-1", o)
				}
			}
		})
	}
}

// A run without an endpoint, clients or a plan is an error.
func TestRunRefusesInvalidOptions(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Run{
		"no target":   {Clients: 1, Plan: attachPlan},
		"no endpoint": {Targets: []Target{{Endpoint: "ftp://x"}}, Clients: 1, Plan: attachPlan},
		"no clients":  {Targets: []Target{{Endpoint: "http://x"}}, Plan: attachPlan},
		"no plan":     {Targets: []Target{{Endpoint: "http://x"}}, Clients: 1},
	} {
		if _, err := r.Do(t.Context()); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
}

// The intervals of the series contain all operations of the run.
func TestIntervalsAddUp(t *testing.T) {
	t.Parallel()
	target := serveHTTP(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "{}") })
	var seen int64
	summary := run(t, Run{Targets: []Target{target}, Clients: 4, Rate: 200, Requests: 300, Plan: attachPlan,
		Progress: func(i Interval) {
			for _, a := range i.Actions {
				seen += a.count()
			}
		}})
	if len(summary.Series) < 2 || seen != 300 || summary.Actions[0].OK != 300 {
		t.Errorf("got %d intervals with %d operations, and %d in all; want several, 300 and 300", len(summary.Series),
			seen, summary.Actions[0].OK)
	}
}
