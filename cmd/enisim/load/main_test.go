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

	"enisim/cmd/enisim/history"
)

// asServer makes the test binary a server of its own that answers at once, so that a benchmark can tell the client's time from the server's.
const asServer = "ENISIM_TEST_AS_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		answerAtOnce()
	}
	os.Exit(m.Run())
}

// answerAtOnce serves until it is killed.
func answerAtOnce() {
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

// answering starts such a server as a process.
func answering(b *testing.B) (endpoint string) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.Context()))
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), asServer+"=1")
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

// serveHTTP serves with a handler, and is the target of that.
func serveHTTP(t *testing.T, handler http.HandlerFunc) Target {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return Target{Endpoint: server.URL, Region: "cn-hangzhou", AccessKeyID: "testid", AccessKeySecret: "testsecret", Timeout: time.Minute}
}

// attaches is a plan of endless attaches.
func attaches(int) Next {
	return func(Result) (Operation, bool) {
		return Operation{Action: history.Attach, Instance: "i-1", Interface: "eni-1"}, true
	}
}
