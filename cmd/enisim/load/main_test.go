package load

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"enisim.alt/cmd/enisim/history"
)

// stubServerEnv is set for a process that runs the test binary as a stub server. A separate process
// lets a benchmark measure the client's processor time without the server's.
const stubServerEnv = "ENISIM_TEST_AS_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(stubServerEnv) != "" {
		serveStub()
	}
	os.Exit(m.Run())
}

// serveStub answers every request at once, until the process is killed.
func serveStub() {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("http://" + listener.Addr().String())
	err = fasthttp.Serve(listener, func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType("application/json")
		ctx.SetBodyString(`{"RequestId":"473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E"}`)
	})
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// startStubServer starts a stub server as a process and returns its endpoint.
func startStubServer(b *testing.B) (endpoint string) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.Context()))
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), stubServerEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// serveHTTP starts a server with a handler and returns its target.
func serveHTTP(t *testing.T, handler http.HandlerFunc) Target {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return Target{Endpoint: server.URL, Region: "cn-hangzhou", AccessKeyID: "testid", AccessKeySecret: "testsecret",
		Timeout: time.Minute}
}

// attachPlan is a plan of attaches without end.
func attachPlan(int) Next {
	return func(Result) (Operation, bool) {
		return Operation{Action: history.Attach, Instance: "i-1", Interface: "eni-1"}, true
	}
}
