package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"enisim.alt/migrations"
	"enisim.alt/store/storetest"
)

// leafCommands returns the commands that can be run, each with its flags and those of its parents.
func leafCommands(t *testing.T, cli *commands) (parser *kong.Kong, all []*kong.Node) {
	t.Helper()
	parser, err := newParser(cli, streams{strings.NewReader(""), &strings.Builder{}, &strings.Builder{}})
	if err != nil {
		t.Fatal(err)
	}
	return parser, parser.Model.Leaves(false)
}

// Each flag has a variable, which is read. Two flags with the same variable have the same type.
func TestEveryFlagHasItsVariable(t *testing.T) {
	var cli commands
	_, commands := leafCommands(t, &cli)
	types := map[string]reflect.Type{}
	for _, command := range commands {
		for _, flag := range slices.Concat(command.AllFlags(false)...) {
			if flag.Name == "help" || flag.Name == "version" {
				continue
			}
			if len(flag.Envs) == 0 {
				t.Errorf("%s --%s has no variable", command.FullPath(), flag.Name)
				continue
			}
			for _, name := range flag.Envs {
				flagType := flag.Target.Type()
				if flagType.Kind() == reflect.Slice { // the variable holds one element
					flagType = flagType.Elem()
				}
				if known := types[name]; known != nil && known != flagType {
					t.Errorf("%s --%s shares %s with a flag of another type, %v", command.FullPath(), flag.Name, name,
						known)
				}
				types[name] = flagType
				sample, ok := map[reflect.Kind]string{reflect.String: "x", reflect.Bool: "true", reflect.Int: "3",
					reflect.Int64: "3", reflect.Uint64: "3", reflect.Float64: "3"}[flag.Target.Kind()]
				switch {
				case flag.Tag.Enum != "":
					sample = strings.Split(flag.Tag.Enum, ",")[0]
				case flag.Tag.Get("min") > "1": // as texts; a smaller minimum accepts the sample
					sample = flag.Tag.Get("min")
				case flag.Target.Type().String() == "time.Duration":
					sample = "3s"
				case flag.Target.Type().String() == "slog.Level":
					sample = "warn"
				case !ok:
					continue // a type of load's own, or a list
				}
				t.Setenv(name, sample)
				if err := flag.Reset(); err != nil || flag.Target.IsZero() {
					t.Errorf("%s --%s: %s=%s is not read: %v, %v", command.FullPath(), flag.Name, name, sample,
						flag.Target, err)
				}
				if err := os.Unsetenv(name); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if len(types) < 40 {
		t.Errorf("got %d variables, want at least 40", len(types))
	}
}

// No number or duration of any command accepts a value below its minimum. The error names the flag
// and the help of the command, and does not quote a library's error.
func TestEveryNumberHasALimit(t *testing.T) {
	t.Parallel()
	var cli commands
	_, commands := leafCommands(t, &cli)
	seen := 0
	libraryText := regexp.MustCompile(`strconv|time: |slog: |parsing|invalid syntax|expected`)
	for _, command := range commands {
		for _, flag := range slices.Concat(command.AllFlags(false)...) {
			kind := flag.Target.Kind()
			if flag.Target.Type().Kind() == reflect.Pointer {
				kind = flag.Target.Type().Elem().Kind()
			}
			if !slices.Contains([]reflect.Kind{reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64}, kind) {
				continue
			}
			seen++
			for _, value := range []string{"-7", "-7s", "soon", "", "NaN", "1e999", "99999999999999999999"} {
				if kind == reflect.Float64 && value == "99999999999999999999" {
					continue
				}
				var out, errOut strings.Builder
				args := append(strings.Fields(command.Path()), "--"+flag.Name, value)
				exit := run(t.Context(), args, streams{strings.NewReader(""), &out, &errOut})
				if exit != exitUsage || !strings.Contains(errOut.String(), "--"+flag.Name) ||
					!strings.Contains(errOut.String(), "Try: enisim "+strings.Fields(command.Path())[0]) {
					t.Errorf("%v: got exit code %d, %q; want it refused, and the name of the command's help", args,
						exit, errOut.String())
				}
				if libraryText.MatchString(errOut.String()) {
					t.Errorf("%v: got %q, want no text of a library", args, errOut.String())
				}
			}
		}
	}
	if seen < 15 {
		t.Errorf("got %d flags, want at least 15", seen)
	}
}

// A misspelt variable is reported with the right name. Variables of other programs are ignored.
func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	_, errOut, exit := outputOf(t, []string{"ENISIM_ATACH_DELAY=1s", "ENISIM_ENDPIONT=x", "ENISIM_QWERTZUIOP=1",
		"ENISIM_PORT=tcp://10.0.0.1:80", "ENISIM_SERVICE_HOST=10.0.0.1", "ENISIM_DATA_DIR=/nowhere"}, "", "version")
	want := "enisim: ENISIM_ATACH_DELAY is not a setting and changes nothing: did you mean ENISIM_ATTACH_DELAY?\n" +
		"enisim: ENISIM_ENDPIONT is not a setting and changes nothing: did you mean ENISIM_ENDPOINT?\n" +
		"enisim: ENISIM_QWERTZUIOP is not a setting and changes nothing: enisim help serve lists those of the server\n"
	if errOut != want || exit != 0 {
		t.Errorf("got %q, exit code %d; want %q", errOut, exit, want)
	}
	_, errOut, exit = outputOf(t, []string{"ENISIM_ATTACH_DELAY=soon"}, "", "serve")
	if exit != exitUsage || !strings.Contains(errOut, `(from the environment: ENISIM_ATTACH_DELAY="soon")`) ||
		!strings.Contains(errOut, "Try: enisim serve --help") {
		t.Errorf("a wrong value: got %q, exit code %d; want the name of the variable", errOut, exit)
	}
}

// An error names the help of the command, as far as the command line was parsed.
func TestErrorsNameTheirHelp(t *testing.T) {
	t.Parallel()
	for args, help := range map[string]string{
		"serve --attach-delay soon":              "enisim serve --help",
		"serve --atach-delay 1s":                 "enisim serve --help",
		"scenario aply":                          "enisim scenario --help",
		"scenario apply":                         "enisim scenario apply --help",
		"key create":                             "enisim key create --help",
		"serve --control-token short":            "enisim serve --help",
		"serve --RegionId cn-hangzhou":           "enisim call --help",
		"lauch":                                  "enisim --help",
		"help lauch":                             "enisim --help",
		"account list --data-dir a --endpoint b": "enisim account list --help",
	} {
		if _, errOut, exit := output(t, strings.Fields(args)...); exit != exitUsage ||
			!strings.HasSuffix(errOut, "\nTry: "+help+"\n") {
			t.Errorf("%s: got exit code %d, %q; want %s named", args, exit, errOut, help)
		}
	}
}

// Help is grouped and has a page for each command. Its examples are whole lines that can be copied
// and parsed.
func TestHelp(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	out, _, exit := output(t, "--help")
	if exit != 0 {
		t.Errorf("--help: got exit code %d", exit)
	}
	for _, group := range []string{"The server:", "Calls and load:", "Worlds and accounts:", "Proof:",
		"The database:"} {
		if !strings.Contains(out, "\n"+group+"\n") {
			t.Errorf("--help: got %s, want the group %q", out, group)
		}
	}
	var cli commands
	_, all := leafCommands(t, &cli)
	for _, command := range all {
		words := strings.Fields(command.Path())
		if words[0] == "help" {
			continue
		}
		shown, _, _ := output(t, append(words, "--help")...)
		helped, errOut, exit := output(t, append([]string{"help"}, words...)...)
		if exit != 0 || helped != shown {
			t.Errorf("help %s: got %q, %q, exit code %d; want what --help prints", words, helped, errOut, exit)
		}
		examples := regexp.MustCompile(`(?m)^    (enisim .*)$`).FindAllStringSubmatch(shown, -1)
		if len(examples) == 0 {
			t.Errorf("help %s: got no example in %s", words, shown)
		}
		for _, example := range examples {
			line, _, _ := strings.Cut(example[1], " > ")
			args := strings.Fields(strings.ReplaceAll(line, "'", ""))[1:]
			args, _, err := splitParameters(args)
			if err != nil {
				t.Errorf("%s: %v", example[1], err)
			}
			var fresh commands
			parser, _ := leafCommands(t, &fresh)
			if _, err := parser.Parse(normalizeArguments(args)); err != nil {
				t.Errorf("%s: %v", example[1], err)
			}
		}
	}
}

// The version output contains the known properties of a build and omits the unknown ones.
func TestVersion(t *testing.T) {
	t.Parallel()
	line, errOut, exit := output(t, "version")
	want := regexp.MustCompile(`^enisim 0\.2\.0, .*schema version \d+, Postgres 15 to 18, go\S+.*\n$`)
	if exit != 0 || !want.MatchString(line) {
		t.Errorf("got %q, %q, exit code %d; want %s", line, errOut, exit, want)
	}
	if short, _, exit := output(t, "--version"); exit != 0 || short != line {
		t.Errorf("--version: got %q, exit code %d; want %q", short, exit, line)
	}
	text, _, _ := output(t, "version", "--json")
	var got buildInfo
	if err := json.Unmarshal([]byte(text), &got); err != nil || got.Schema != migrations.Newest() || got.Go == "" ||
		got.Version != version || got.Postgres != (postgresRange{15, 18}) {
		t.Errorf("--json: got %q, %v; want version %s, schema version %d, Postgres 15 to 18 and a Go version",
			text, err, version, migrations.Newest())
	}
	files, err := filepath.Glob("../../migrations/*.sql") // in the order of their versions
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d migrations, %v", len(files), err)
	}
	newest := filepath.Base(files[len(files)-1])
	if want := fmt.Sprintf("%05d_", migrations.Newest()); !strings.HasPrefix(newest, want) {
		t.Errorf("got version %d as the newest, want that of %s", migrations.Newest(), newest)
	}
}

// The version is that of the newest release in CHANGELOG.md, whose entry has a date.
func TestVersionIsTheNewestRelease(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	releases := regexp.MustCompile(`(?m)^## (\d\S*) - \d{4}-\d\d-\d\d$`).FindAllStringSubmatch(string(content), -1)
	if len(releases) == 0 || releases[0][1] != version {
		t.Errorf("got the releases %q, want %s, with its date, as the first", releases, version)
	}
}

// The error for an unreachable database says why, in plain words and without a library's error text
// or the password.
func TestUnreachableDatabases(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"postgres://u:hunter2@127.0.0.1:1/db":          "nothing listens on 127.0.0.1:1",
		"postgres:///db?host=/nowhere":                 "nothing listens on /nowhere/.s.PGSQL.5432",
		"postgres://u:hunter2@no-such-host.invalid/db": "no-such-host.invalid, leads nowhere",
	} {
		for _, command := range []string{"serve --listen 127.0.0.1:0", "account list", "migrate up"} {
			_, errOut, exit := output(t, append(strings.Fields(command), "--database-url", url)...)
			if exit != exitFailure || !strings.Contains(errOut, want) ||
				strings.Contains(errOut, "failed to connect") || strings.Contains(errOut, "hunter2") {
				t.Errorf("%s on %s: got exit code %d, %q; want %q", command, url, exit, errOut, want)
			}
		}
	}
}
