package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"enisim.alt/service/worldtest"
)

// programEnv is set for a process that runs the test binary as the program itself, so that tests
// can start it as a process and kill it.
const programEnv = "ENISIM_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programEnv) != "" {
		main()
	}
	// under nohup; a signal that is handled here is not ignored by the servers that tests start
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	code := m.Run()
	if err := sharedFolders.remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// program returns a command line of enisim as a process.
func program(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), programEnv+"=1")
	return cmd
}

// output runs a command line to its end. A command that runs for more than a minute is stopped,
// such as a server that should have refused to start.
func output(t *testing.T, args ...string) (stdout, stderr string, exit int) {
	t.Helper()
	var out, errOut bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := program(ctx, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// process is a running server and its output.
type process struct {
	cmd      *exec.Cmd
	greeting map[string]string // its output at the start, by the first word of a line
	endpoint string
	log      *bytes.Buffer // complete once the process has ended
	exited   chan struct{}
}

// start starts a server on a free port and returns when it has printed its endpoint.
func start(t testing.TB, args ...string) *process {
	t.Helper()
	return startBinary(t, os.Args[0], args...)
}

// startBinary starts a server of another build of enisim.
func startBinary(t testing.TB, binary string, args ...string) *process {
	t.Helper()
	return startIn(t, nil, binary, args...)
}

// startIn starts a server with variables in its environment.
func startIn(t testing.TB, environment []string, binary string, args ...string) *process {
	t.Helper()
	cmd := program(context.WithoutCancel(t.Context()), append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Path, cmd.Env = binary, append(cmd.Env, environment...)
	p := &process{
		cmd:    cmd,
		log:    &bytes.Buffer{},
		exited: make(chan struct{}),
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // how it ended is in ProcessState
	}()
	t.Cleanup(func() { p.end(t, syscall.SIGTERM) })
	p.greeting = map[string]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		p.greeting[word] = strings.TrimSpace(rest)
		if word == "Key" { // the last line
			p.endpoint = strings.TrimSuffix(p.greeting["API"], "/")
			go func() {
				for lines.Scan() { // keeps the pipe empty
				}
			}()
			return p
		}
	}
	<-p.exited
	t.Fatalf("got a server that ended before it listened: %s", p.log)
	return nil
}

// end sends a signal and waits until the process has ended.
func (p *process) end(t testing.TB, signal syscall.Signal) {
	t.Helper()
	select {
	case <-p.exited:
		return
	default:
	}
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Errorf("signal %v: %v", signal, err)
	}
	select {
	case <-p.exited:
	case <-time.After(time.Minute):
		_ = p.cmd.Process.Kill()
		<-p.exited
		t.Errorf("got a running server a minute after %v, want it ended: %s", signal, p.log)
	}
}

// file returns the path of a temporary file with a text.
func file(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scenario.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The attach of the quick start succeeds once, and each answer and exit code is that of the API.
func TestCallAttachesAnInterface(t *testing.T) {
	t.Parallel()
	server := start(t, "--data-dir", dataDir(t), "--attach-delay", "1h")
	attach := []string{
		"call", "AttachNetworkInterface", "--endpoint", server.endpoint,
		"--RegionId", "cn-hangzhou", "--InstanceId", "i-web", "--NetworkInterfaceId", "eni-free-1",
	}
	out, errOut, exit := output(t, attach...)
	if exit != 0 || !strings.HasPrefix(out, `{"RequestId":"`) {
		t.Fatalf("got %q, %q, exit code %d; want a RequestId and 0", out, errOut, exit)
	}
	out, _, exit = output(t, attach...)
	if exit != exitFailure || !strings.Contains(out, `"Code":"InvalidOperation.InvalidEniState"`) {
		t.Errorf("again: got %q, exit code %d; want InvalidEniState and %d", out, exit, exitFailure)
	}
	out, _, _ = output(t, append(attach, "--Format", "XML", "--method", "GET")...)
	if !strings.Contains(out, "<Error><RequestId>") {
		t.Errorf("in XML: got %q, want an Error", out)
	}
	out, _, exit = output(t, "call", "DescribeNetworkInterfaces", "--endpoint", server.endpoint,
		"--RegionId", "cn-hangzhou", "--NetworkInterfaceId.1", "eni-free-1")
	if exit != 0 || !strings.Contains(out, `"Status":"Attaching"`) || !strings.Contains(out, `"InstanceId":"i-web"`) {
		t.Errorf("describe: got %q, exit code %d; want Attaching and i-web", out, exit)
	}
}

// A running server accepts the key of a scenario that a command has applied to its database.
func TestScenarioApplyBesideARunningServer(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	server := start(t, "--data-dir", dir, "--no-quickstart")
	text := file(t, worldtest.New("1000000000000007").AccessKey("LTAIbeside").Region("cn-hangzhou").String())
	if out, errOut, exit := output(t, "scenario", "apply", text, "--data-dir", dir); exit != 0 {
		t.Fatalf("got %q, %q, exit code %d", out, errOut, exit)
	}
	out, _, exit := output(t, "call", "DescribeInstances", "--endpoint", server.endpoint, "--access-key-id",
		"LTAIbeside", "--access-key-secret", "s", "--RegionId", "cn-hangzhou")
	if exit != 0 {
		t.Errorf("a call with the scenario's key: got %q, exit code %d, want 0", out, exit)
	}
	_, errOut, exit := output(t, "scenario", "apply", file(t, "enisim: 1\nacounts: []\n"), "--data-dir", dir)
	if exit != exitFailure || !strings.Contains(errOut, ":2:") || !strings.Contains(errOut, "accounts") {
		t.Errorf("an invalid file: got %q, exit code %d; want its line and the suggested key", errOut, exit)
	}
}

// The exit code of health shows whether a server is ready.
func TestHealth(t *testing.T) {
	t.Parallel()
	server := start(t, "--data-dir", dataDir(t))
	address := strings.TrimPrefix(server.endpoint, "http://")
	if _, errOut, exit := output(t, "health", "--listen", address); exit != 0 {
		t.Errorf("a running server: got exit code %d, %q, want 0", exit, errOut)
	}
	server.end(t, syscall.SIGTERM)
	if _, errOut, exit := output(t, "health", "--listen", address); exit != exitFailure ||
		!strings.Contains(errOut, "not ready") {
		t.Errorf("a stopped server: got exit code %d, %q, want %d", exit, errOut, exitFailure)
	}
}

// Help is printed with exit code 0. A wrong command line or a failure names its cause, and never a
// password.
func TestUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		exit int
		want string
	}{
		{[]string{"--help"}, 0, "serve"},
		{[]string{"serve", "--help"}, 0, "\n    enisim serve"},
		{[]string{"call", "--help"}, 0, "\n    enisim call"},
		{[]string{"health", "--help"}, 0, "\n    enisim health"},
		{[]string{"load", "--help"}, 0, "\n    enisim load"},
		{[]string{"scenario", "apply", "--help"}, 0, "\n    enisim scenario apply"},
		{[]string{"key", "create", "--help"}, 0, "\n    enisim key create"},
		{[]string{"key", "list", "--help"}, 0, "\n    enisim key list"},
		{[]string{"key", "disable", "--help"}, 0, "\n    enisim key disable"},
		{[]string{"key", "delete", "--help"}, 0, "\n    enisim key delete"},
		{[]string{"migrate", "up", "--help"}, 0, "\n    enisim migrate up"},
		{[]string{"migrate", "down", "--help"}, 0, "\n    enisim migrate down"},
		{[]string{"migrate", "status", "--help"}, 0, "\n    enisim migrate status"},
		{[]string{"serve", "--RegionId", "cn-hangzhou"}, exitUsage, "enisim call"},
		{[]string{"call", "AttachNetworkInterface", "--RegionId"}, exitUsage, "--RegionId needs a value"},
		{[]string{"call", "AttachNetworkInterface", "--RegionId=a", "--RegionId=b"}, exitUsage, "given twice"},
		{[]string{"call", "DescribeInstances", "--endpoint", "127.0.0.1:1"}, exitFailure, "enisim serve"},
		{[]string{"scenario", "check", "--help"}, 0, "\n    enisim scenario check"},
		{[]string{"scenario", "check"}, exitUsage, "<file>"},
		{[]string{"scenario", "import", "--help"}, 0, "\n    enisim scenario import"},
		{[]string{"scenario", "import", "--key", "LTAI", "nowhere.json"}, exitUsage, "ID:SECRET"},
		{[]string{"scenario", "import", "--account", "7", "nowhere.json"}, exitUsage, "16 digits"},
		{[]string{"scenario", "import", "nowhere.json"}, exitFailure, "nowhere.json"},
		{[]string{"scenario", "schema"}, 0, `"$schema": "https://json-schema.org/draft/2020-12/schema"`},
		{[]string{"scenario", "schema", "--help"}, 0, "\n    enisim scenario schema"},
		{[]string{"scenario", "apply", "nowhere.yaml"}, exitFailure, "nowhere.yaml"},
		{[]string{"serve", "--database-url", "postgres://u:hunter2@127.0.0.1:1/db"}, exitFailure, "127.0.0.1"},
		{[]string{"lauch"}, exitUsage, "lauch"},
		{nil, exitUsage, "expected one of"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			out, errOut, exit := output(t, c.args...)
			if exit != c.exit || !strings.Contains(out+errOut, c.want) {
				t.Errorf("got exit code %d, %q, %q; want %d and %q", exit, out, errOut, c.exit, c.want)
			}
			if strings.Contains(out+errOut, "hunter2") {
				t.Errorf("got %q and %q, want no password in them", out, errOut)
			}
		})
	}
}

// A flag that is not given is read from its environment variable.
func TestFlagsFromTheEnvironment(t *testing.T) {
	t.Parallel()
	cmd := program(t.Context(), "serve")
	cmd.Env = append(cmd.Env, "ENISIM_LISTEN=nowhere")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--listen nowhere") {
		t.Errorf("got %v, %q; want the value of ENISIM_LISTEN refused", err, out)
	}
}
