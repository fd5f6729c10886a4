package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"enisim.alt/httpapi/signature"
	"enisim.alt/service/worldtest"
	"enisim.alt/store/pglocal"
)

// worldOf returns a world with a key and the given numbers of instances and free interfaces.
func worldOf(instances int, instanceType string, interfaces int) *worldtest.World {
	return worldtest.New("1000000000000001").
		AccessKey("LTAIcrash").
		VPC("vpc-main", "10.0.0.0/8").
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-main").
		Instance("i-{n}", worldtest.Count(instances), worldtest.Type(instanceType)).
		NetworkInterface("eni-{n}", worldtest.Count(interfaces))
}

// crashWorld has 40 instances with 7 slots each for 280 interfaces, so every attach of eni-N to
// instance (N-1)/7+1 can succeed.
var crashWorld = worldOf(40, "ecs.g6.4xlarge", crashInterfaces).String()

const crashInterfaces = 280

// attachOverHTTP attaches eni-N to its instance and returns the status of the answer.
func attachOverHTTP(ctx context.Context, client *http.Client, endpoint string, n int) (int, error) {
	return callOverHTTP(ctx, client, endpoint, "AttachNetworkInterface", fmt.Sprintf("i-%d", (n-1)/7+1),
		fmt.Sprintf("eni-%d", n))
}

// callOverHTTP sends an action on an instance and an interface and returns the status of the
// answer.
func callOverHTTP(ctx context.Context, client *http.Client, endpoint, action, instance, eni string) (int, error) {
	query := url.Values{
		"Action": {action}, "Version": {"2014-05-26"}, "AccessKeyId": {"LTAIcrash"}, "RegionId": {"cn-hangzhou"},
		"InstanceId": {instance}, "NetworkInterfaceId": {eni},
		"SignatureMethod": {signature.MethodV1}, "SignatureVersion": {signature.VersionV1},
		"SignatureNonce": {uuid.NewString()}, "Timestamp": {time.Now().UTC().Format(signature.TimeFormat)},
	}
	query.Set(signature.ParameterV1, signature.V1(http.MethodPost, query, "s"))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/?"+query.Encode(), nil)
	if err != nil {
		return 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// postmasterPID returns the process id of the private Postgres in a data folder.
func postmasterPID(t *testing.T, dir string) int {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "postgres", "*", "postmaster.pid"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("postmaster.pid: got %v, %v, want one", paths, err)
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// attachedInterfaces returns the attached secondary interfaces in the tables of a data folder.
func attachedInterfaces(t *testing.T, dir string) map[string]bool {
	t.Helper()
	local, err := pglocal.Start(t.Context(), pglocal.Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := local.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	conn, err := pgx.Connect(t.Context(), local.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(),
		`SELECT network_interface_id FROM attachments`)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out
}

// The server, Postgres or both are killed under load. Every attach that was answered with 200 is
// still there afterwards.
func TestAcknowledgedAttachesSurviveKill(t *testing.T) {
	t.Parallel()
	for _, victim := range []struct {
		name             string
		server, postgres bool
	}{{"server", true, false}, {"Postgres", false, true}, {"both", true, true}} {
		t.Run(victim.name, func(t *testing.T) {
			t.Parallel()
			dir := dataDir(t)
			server := start(t, "--data-dir", dir, "--scenario", file(t, crashWorld))
			pid := postmasterPID(t, dir)

			var acknowledged sync.Map
			var answered atomic.Int64
			half := make(chan struct{}) // closed after half of the attaches
			var workers sync.WaitGroup
			const callers = 16
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}
			for k := range callers {
				workers.Go(func() {
					for n := k + 1; n < crashInterfaces; n += callers {
						status, err := attachOverHTTP(t.Context(), client, server.endpoint, n)
						if err == nil && status == http.StatusOK {
							acknowledged.Store(fmt.Sprintf("eni-%d", n), nil)
						}
						if answered.Add(1) == crashInterfaces/2 {
							close(half)
						}
					}
				})
			}
			<-half
			if victim.postgres {
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
			if victim.server {
				server.end(t, syscall.SIGKILL)
			}
			workers.Wait()

			if victim.server {
				server = start(t, "--data-dir", dir)
			}
			present := attachedInterfaces(t, dir)
			count := 0
			acknowledged.Range(func(eni, _ any) bool {
				count++
				if !present[eni.(string)] {
					t.Errorf("%s: got it free after the crash, want it attached as acknowledged", eni)
				}
				return true
			})
			if count == 0 {
				t.Error("got no successful attach before the crash: the test shows nothing")
			}
			t.Logf("%d attaches were acknowledged, %d are there", count, len(present))

			// The next attach succeeds as soon as Postgres has recovered. The callers above have
			// left one interface for it, because they may have attached all of theirs before the
			// kill.
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for {
				status, err := attachOverHTTP(ctx, client, server.endpoint, crashInterfaces)
				if status == http.StatusOK {
					break
				}
				if ctx.Err() != nil {
					t.Fatalf("a minute after the crash: got status %d, %v; want 200; log: %s", status, err,
						server.log)
				}
			}
		})
	}
}

// After SIGTERM, every request that the server has accepted is answered. Callers get answers until
// they can no longer connect, and never a broken one. Only a connection that the server did not
// accept may end without an answer.
func TestStopAnswersAcceptedRequests(t *testing.T) {
	t.Parallel()
	server := start(t, "--data-dir", dataDir(t), "--scenario", file(t, crashWorld))
	var workers sync.WaitGroup
	var answered atomic.Int64
	busy := make(chan struct{})
	const callers = 16
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}
	for k := range callers {
		workers.Go(func() {
			for n := k; ; n++ {
				accepted := false // the server has answered on this connection before
				ctx := httptrace.WithClientTrace(t.Context(),
					&httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { accepted = info.Reused }})
				status, err := attachOverHTTP(ctx, client, server.endpoint, n%crashInterfaces+1)
				switch {
				case errors.Is(err, syscall.ECONNREFUSED), err != nil && !accepted:
					return
				case err != nil:
					t.Errorf("got %v, want an answer to each accepted request", err)
					return
				case status >= 500:
					t.Errorf("got status %d, want less than 500", status)
				}
				if answered.Add(1) == 200 {
					close(busy)
				}
			}
		})
	}
	<-busy
	server.end(t, syscall.SIGTERM)
	workers.Wait()
	if got := server.cmd.ProcessState.ExitCode(); got != 0 {
		t.Errorf("exit code: got %d, want 0; log: %s", got, server.log)
	}
	t.Logf("%d requests were answered", answered.Load())
}
