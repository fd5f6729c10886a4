package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"enisim.alt/store/storetest"
)

// The tests of this file run the commands of README.md and docs/*.md, page by page and in order.
// Each page has its own server with the quick-start world. The output of each command is compared
// with the page. The first word after the fence of a block is its kind:
//
//	```console   a terminal: a line that begins with "$ " is a command, and the lines below it are
//	             its output. A command continues where its line ends with a backslash, a | or &&.
//	             Without any line below, its output is not compared. A command that fails shows
//	             "exit status N" as its last line.
//	```sh        commands alone, one a line: each must succeed.
//	```text      output of a program or content of a file, without a command on the page.
//	```go, yaml, ts and so on: no commands.
//
// A block without a kind is an error. A second word, as in "```console figures", says that numbers
// and times differ from run to run.
//
// Only the form is compared. White space, RequestIds, times, generated ids and secrets may differ;
// … and ... match anything. go run ./cmd/enisim is the program under test, and 127.0.0.1:8080 is
// the address of the page's server. The command "enisim serve" stops that server and starts one
// with the given flags on the same data folder. A load without --requests ends after two seconds,
// because it takes all processor time while it runs. Commands that cannot run here are in notRun
// with a reason.

// docsPages are the pages that need more than the quick-start world.
var docsPages = map[string]docsPage{
	"README.md": {serve: []string{"--attach-delay", "1h"}}, // so that Attaching lasts long enough on a busy machine
	"scenarios.md": {
		files: map[string]string{"staging.yaml": "yaml"}, // the page's first block of YAML
	},
}

// docsPage is what a page needs.
type docsPage struct {
	serve []string          // flags of the server at the start of the page
	files map[string]string // by name: the language of the first block of the page that is its content
}

// docsExits are commands with an exit code other than 0 that is not an error, by their prefix: a
// diff exits with 1 if something would change.
var docsExits = map[string]int{"enisim scenario diff ": 1}

// debCheck runs commands of packages and services in a fresh Debian. It has each such command of the
// pages as it is there.
const debCheck = ".ci/deb-check"

// notRun are commands that this test cannot run, by their prefix. Each occurs on a page.
var notRun = []struct{ begins, reason string }{
	{"sha256sum ", debCheck},
	{"dpkg ", debCheck},
	{"systemctl ", debCheck},
	{"runuser ", debCheck},
	{"mv /var/lib/enisim/", debCheck},
	{"apt-get ", "changes the machine"},
	{"make run", "serves on the fixed port until it is stopped, in the folder of the user's own world"},
	{"make test", "runs this test"},
	{"make prove-ha", "takes half an hour; CI runs its short form"},
	{"make prove", "takes a quarter of an hour; its short form is a test"},
	{"make bench", "takes minutes, and a machine of its own"},
	{"go build -tags sabotage_instance_lock ", "TestSabotageIsCaught builds and judges it"},
	{"GOFLAGS=-tags=sabotage_account_lock ", "fails on purpose; TestSabotageOfInterfacesIsCaught judges the build"},
	{"go mod ", "changes the module of the reader"},
	{"GOPROXY=", "TestAnotherModuleGetsThisOneFromAProxy does it"},
	{"curl -X POST http://$ENDPOINT/", "the endpoint is a container's"},
	{"docker run ", "needs Docker and an image from the network"},
	{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 enisim serve", "TestTracesAreExported does it, on a free port"},
	{"aliyun ", "the vendor's CLI, and an account there"},
	{"enisim scenario import answers ", "reads what the vendor's CLI printed"},
}

// The commands in the blocks of all pages print what the pages show.
func TestDocsCommandBlocks(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	pages = append(pages, filepath.Join(root, "README.md"))
	var commands []docsCommand
	for _, path := range pages {
		name := filepath.Base(path)
		blocks, err := fencedBlocks(path)
		if err != nil {
			t.Error(err)
			continue
		}
		var ofPage []docsCommand
		for _, b := range blocks {
			ofPage = append(ofPage, b.commands()...)
		}
		commands = append(commands, ofPage...)
		if !slices.ContainsFunc(ofPage, func(c docsCommand) bool { return c.reason() == "" }) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, tool := range []string{"curl", "jq", "openssl"} {
				uses := regexp.MustCompile(`(^|\s)` + tool + `\s`)
				if _, err := exec.LookPath(tool); err != nil &&
					slices.ContainsFunc(ofPage, func(c docsCommand) bool { return uses.MatchString(c.line) }) {
					t.Skipf("the page's commands need %s, which is not installed", tool)
				}
			}
			openDocsSession(t, root, docsPages[name], blocks).runAll(t, ofPage)
		})
	}
	script, err := os.ReadFile(filepath.Join(root, debCheck))
	if err != nil {
		t.Error(err)
	}
	for _, c := range commands {
		if c.reason() == debCheck && !strings.Contains(string(script), c.line) {
			t.Errorf("%s:%d: got %q, want a command of %s", c.page, c.number, c.line, debCheck)
		}
	}
	for name := range docsPages {
		if !slices.ContainsFunc(pages, func(path string) bool { return filepath.Base(path) == name }) {
			t.Errorf("docsPages: got %s, want the name of a page", name)
		}
	}
	for _, n := range notRun {
		if !slices.ContainsFunc(commands, func(c docsCommand) bool { return strings.HasPrefix(c.line, n.begins) }) {
			t.Errorf("notRun: got %q, want the beginning of a command on a page", n.begins)
		}
	}
}

// docsBlock is a fenced block of a page.
type docsBlock struct {
	page     string
	line     int      // of the fence
	language []string // the words after the fence
	text     []string
}

// fencedBlocks reads the blocks of a page. It returns an error for a block without a kind.
func fencedBlocks(path string) ([]docsBlock, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var blocks []docsBlock
	var problems error
	open := false
	for n, line := range strings.Split(string(content), "\n") {
		words, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open:
			open = false
		case isFence:
			open = true
			b := docsBlock{page: filepath.Base(path), line: n + 1, language: strings.Fields(words)}
			if len(b.language) == 0 {
				problems = errors.Join(problems, fmt.Errorf("%s:%d: the block does not say what it is: console, "+
					"sh, text or another language", b.page, b.line))
				b.language = []string{"text"}
			}
			blocks = append(blocks, b)
		case open:
			last := &blocks[len(blocks)-1]
			last.text = append(last.text, line)
		}
	}
	return blocks, problems
}

// docsCommand is a command of a page and its expected output.
type docsCommand struct {
	page    string
	number  int    // of its line on the page
	line    string // without the prompt; lines that continue it are joined by newlines
	output  string // "": not compared
	figures bool   // numbers differ from run to run
	goRun   bool   // the page uses go run, which prints the exit status of the program
}

// docsContinues matches a line of a command that continues on the next line.
var docsContinues = regexp.MustCompile(`(\\|\||&&)$`)

// commands returns the commands of a block.
func (b docsBlock) commands() []docsCommand {
	prompt := "$ "
	switch b.language[0] {
	case "console":
	case "sh":
		prompt = ""
	default:
		return nil
	}
	var commands []docsCommand
	continued := false
	for n, line := range b.text {
		command, isCommand := strings.CutPrefix(line, prompt)
		switch {
		case continued:
			last := &commands[len(commands)-1]
			last.line += "\n" + line
			continued = docsContinues.MatchString(line)
		case isCommand && strings.TrimSpace(command) != "" && (prompt != "" || !strings.HasPrefix(command, "#")):
			commands = append(commands, docsCommand{page: b.page, number: b.line + 1 + n, line: command,
				figures: slices.Contains(b.language, "figures")})
			continued = docsContinues.MatchString(command)
		case len(commands) > 0:
			commands[len(commands)-1].output += line + "\n"
		}
	}
	for n := range commands {
		line, goRun := strings.CutPrefix(commands[n].line, "go run ./cmd/")
		commands[n].line, commands[n].goRun = line, goRun
	}
	return commands
}

// reason returns why a command is not run; "" if it is.
func (c docsCommand) reason() string {
	for _, n := range notRun {
		if strings.HasPrefix(c.line, n.begins) {
			return n.reason
		}
	}
	return ""
}

// docsAddress and docsFolder are the address and the data folder of the server on the pages.
const (
	docsAddress = "127.0.0.1:8080"
	docsFolder  = "/var/lib/enisim"
)

// docsSession is the terminal of a page: a folder that looks like the repository's, a data folder,
// and a server.
type docsSession struct {
	folder, data string
	server       *process
}

// openDocsSession starts the session of a page.
func openDocsSession(t *testing.T, root string, page docsPage, blocks []docsBlock) *docsSession {
	t.Helper()
	s := &docsSession{folder: emptyDataDir(t), data: dataDir(t)}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Symlink(filepath.Join(root, e.Name()), filepath.Join(s.folder, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	for name, language := range page.files {
		n := slices.IndexFunc(blocks, func(b docsBlock) bool { return b.language[0] == language })
		if n < 0 {
			t.Fatalf("the page has no block of %s", language)
		}
		if err := os.WriteFile(filepath.Join(s.folder, name), []byte(strings.Join(blocks[n].text, "\n")+"\n"),
			0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(s.folder, ".bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.serve(t, page.serve)
	return s
}

// serve starts the server of the page, and stops the previous one.
func (s *docsSession) serve(t *testing.T, flags []string) {
	t.Helper()
	if s.server != nil {
		s.server.end(t, syscall.SIGTERM)
	}
	args := []string{"--data-dir", s.data}
	for _, flag := range flags {
		// the server runs in the folder of the test
		if path := filepath.Join(s.folder, flag); flag != "" && exists(path) {
			flag = path
		}
		args = append(args, flag)
	}
	s.server = start(t, args...)
	// The program enisim of the page. Commands of clients find the server by their default
	// endpoint, the others find its world.
	wrapper := fmt.Sprintf(`#!/bin/sh
case "$1" in
call|load) export ENISIM_ENDPOINT=%[1]s ;;
health) export ENISIM_LISTEN=%[2]s ;;
*) export ENISIM_DATA_DIR=%[3]s ;;
esac
exec env %[4]s=1 %[5]s "$@"
`, s.server.endpoint, s.address(), s.data, programEnv, os.Args[0])
	if err := os.WriteFile(filepath.Join(s.folder, ".bin", "enisim"), []byte(wrapper), 0o755); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (s *docsSession) address() string { return strings.TrimPrefix(s.server.endpoint, "http://") }

func (s *docsSession) runAll(t *testing.T, commands []docsCommand) {
	t.Helper()
	for _, c := range commands {
		where := fmt.Sprintf("%s:%d: %s", c.page, c.number, c.line)
		if reason := c.reason(); reason != "" {
			t.Logf("%s: not run: %s", where, reason)
			continue
		}
		if flags, isServe := strings.CutPrefix(c.line, "enisim serve"); isServe {
			flags, _, _ = strings.Cut(flags, "#")
			s.serve(t, strings.Fields(strings.TrimSuffix(strings.TrimSpace(flags), "&")))
			continue
		}
		got, exit := s.run(t, c)
		for begins, want := range docsExits {
			if c.output == "" && strings.HasPrefix(c.line, begins) && exit == want {
				exit = 0
			}
		}
		if exit != 0 && (c.output != "" || !c.goRun) {
			got += fmt.Sprintf("exit status %d\n", exit)
		}
		switch {
		case c.output == "" && exit != 0:
			t.Errorf("%s: exit code %d, and prints:\n%s", where, exit, got)
		case c.output != "" && !sameForm(c.output, got, c.figures):
			t.Errorf("%s: prints\n%s\nand the page shows\n%s", where, got, c.output)
		}
	}
}

var (
	docsLoad     = regexp.MustCompile(`\benisim load\b`)
	docsDuration = regexp.MustCompile(` --duration \S+`)
)

// shortened returns a command line whose load ends after two seconds, or after its --requests.
func shortened(line string) string {
	if strings.Contains(line, "--requests") {
		return line
	}
	return docsLoad.ReplaceAllString(docsDuration.ReplaceAllString(line, ""), "$0 --duration 2s")
}

// run runs a command in a shell and returns all output, with the addresses of the pages.
func (s *docsSession) run(t *testing.T, c docsCommand) (printed string, exit int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	line := shortened(strings.ReplaceAll(c.line, docsAddress, s.address()))
	cmd := exec.CommandContext(ctx, "bash", "-c", line)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(s.folder, ".bin")+":"+os.Getenv("PATH"))
	cmd.WaitDelay = time.Minute
	var output lockedBuffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if strings.HasPrefix(c.line, "curl ") || strings.Contains(c.line, "\n    curl ") {
		cmd.Stderr = nil // its progress
	}
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	printed = strings.ReplaceAll(output.text(), s.address(), docsAddress)
	return strings.ReplaceAll(printed, s.data, docsFolder), cmd.ProcessState.ExitCode()
}

// lockedBuffer collects a command's output and its errors.
type lockedBuffer struct {
	mutex   sync.Mutex
	content strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.content.Write(p)
}

func (b *lockedBuffer) text() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.content.String()
}

// variableTexts are texts that differ from run to run, and their replacements.
var variableTexts = []struct {
	form *regexp.Regexp
	word string
}{
	{regexp.MustCompile(`[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}`), "<uuid>"},
	{regexp.MustCompile(`\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z`), "<time>"},
	{regexp.MustCompile(`(STS\.|LTAI)[A-Z0-9]{20,}`), "$1<key>"},
	{regexp.MustCompile(`"(secret|security_token)":"[^"]*"`), `"$1":"<secret>"`},
	{regexp.MustCompile(`\b(fault|lifecycle|throttle|stock)-[a-z2-7]{12}\b`), "$1-<id>"},
	{regexp.MustCompile(`\b[1-9]\d{15}\b`), "<account>"},
}

var (
	docsFigure     = regexp.MustCompile(`[-+]?(\d+(\.\d+)?(e[-+]\d+)?(h|ms|m|µs|ns|s)?)+`)
	docsWhiteSpace = regexp.MustCompile(`\s+`)
	docsAnything   = regexp.MustCompile(`…|\\\.\\\.\\\.`) // in a quoted text
)

// sameForm reports whether an output has the form that a page shows.
func sameForm(shown, printed string, figures bool) bool {
	form := func(text string) string {
		for _, d := range variableTexts {
			text = d.form.ReplaceAllString(text, d.word)
		}
		if figures {
			text = docsFigure.ReplaceAllString(text, "<figure>")
		}
		return docsWhiteSpace.ReplaceAllString(text, "")
	}
	pattern := docsAnything.ReplaceAllString(regexp.QuoteMeta(form(shown)), ".*")
	return regexp.MustCompile(`^(?s:` + pattern + `)$`).MatchString(form(printed))
}

// sameForm finds each difference, except in texts that may differ from run to run.
func TestSameForm(t *testing.T) {
	t.Parallel()
	const id, other = "827569BB-5B84-4C85-ACA4-DA7D435E29AA", "3D6004A3-AEDE-493A-89CD-C69B6CD16546"
	for _, c := range []struct {
		shown, printed string
		figures, want  bool
	}{
		{`{"RequestId":"` + id + `"}`, `{"RequestId":"` + other + `"}` + "\n", false, true},
		{`{"RequestId":"` + id + `"}`, `{"RequestId":""}`, false, false},
		{`{"Status":"Attaching"}`, `{"Status":"InUse"}`, false, false},
		{`a…c`, `abbc`, false, true},
		{`a…c`, `abbd`, false, false},
		{"a, ...\n b", "a, x, b", false, true},
		{`12 ok, decided in 7ms`, `13 ok, decided in 1.2s`, true, true},
		{`12 ok, decided in 7ms`, `13 ok, decided in 1.2s`, false, false},
		{`12 ok`, `13 refused`, true, false},
		{`i-1`, `i-10`, false, false},
		{``, `more`, false, false},
	} {
		if got := sameForm(c.shown, c.printed, c.figures); got != c.want {
			t.Errorf("sameForm(%q, %q, figures %v): got %v, want %v", c.printed, c.shown, c.figures, got, c.want)
		}
	}
}

// docsSpan matches a command line in the text of a page.
var docsSpan = regexp.MustCompile("`(?:enisim|go run ./cmd/enisim) ([^`]+)`")

// Command lines in the text of a page, outside of blocks, name existing commands and flags.
func TestDocsInlineCommands(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	design, err := filepath.Glob("../../docs/design/*.md")
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, design...)
	seen := 0
	for _, path := range append(pages, "../../README.md", "../../ARCHITECTURE.md", "../../CONTRIBUTING.md") {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		page := filepath.Base(path)
		for _, span := range docsSpan.FindAllStringSubmatch(string(content), -1) {
			seen++
			words := strings.Fields(span[1])
			path := words[:1]
			if strings.HasPrefix(words[0], "-") {
				path = nil
			}
			if sub := regexp.MustCompile(`^[a-z]+$`); len(words) > 1 && sub.MatchString(words[1]) &&
				slices.Contains([]string{"scenario", "account", "key", "snapshot", "migrate", "fault", "lifecycle",
					"throttle", "stock", "clock", "quota"}, words[0]) {
				path = words[:2]
			}
			var help strings.Builder
			if exit := run(t.Context(), append(slices.Clone(path), "--help"),
				streams{strings.NewReader(""), &help, &help}); exit != 0 || !strings.HasPrefix(help.String(),
				strings.Join(append([]string{"Usage: enisim"}, path...), " ")) {
				t.Errorf("%s: got `enisim %s`, want an existing command", page, span[1])
				continue
			}
			for _, flag := range regexp.MustCompile(`--[a-z][a-z-]*`).FindAllString(span[1], -1) {
				if !regexp.MustCompile(`(?m)(^|[^a-z-])` + regexp.QuoteMeta(flag) +
					`($|[^a-z-])`).MatchString(help.String()) {
					t.Errorf("%s: `enisim %s`: got the flag %s, want an existing one", page, span[1], flag)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("got %d command lines in the text, want all of them", seen)
	}
}
