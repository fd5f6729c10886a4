package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The candidates for the last word are those that the command line can go on with.
func TestCandidates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		words []string
		want  string // the candidates without descriptions
	}{
		{[]string{"sc"}, "scenario"},
		{[]string{"migrate", ""}, "up down status"},
		{[]string{"help", "migrate", "s"}, "status"},
		{[]string{"help", "call", ""}, ""},
		{[]string{"version", "-"}, "--help --version --json"},
		{[]string{"version", "--json", "--j"}, ""},
		{[]string{"serve", "--sig"}, "--signature"},
		{[]string{"serve", "--no-qu"}, "--no-quickstart"},
		{[]string{"serve", "--lan"}, ""}, // hidden
		{[]string{"serve", "--signature", "v"}, "verify"},
		{[]string{"serve", "--signature="}, "--signature=identify --signature=verify"},
		{[]string{"serve", "--no-such=", "--sig"}, "--signature"},
		{[]string{"serve", "--no-such="}, ""},
		{[]string{"serve", "--scenario", "x"}, ":file"},
		{[]string{"serve", "--scenario=x"}, ":file"},
		{[]string{"serve", "--data-dir", ""}, ":dir"},
		{[]string{"serve", "--listen", ""}, ""},
		{[]string{"serve", "--quickstart", "--log-f"}, "--log-format"},
		{[]string{"scenario", "export", "-o", ""}, ":file"},
		{[]string{"scenario", "check", "a.yaml", ""}, ":file"},
		{[]string{"scenario", "apply", "a.yaml", ""}, ""},
		{[]string{"load", "--fail-if", "p99>3s", "--fail"}, "--fail-if"}, // a list
		{[]string{"actions", "AttachN"}, "AttachNetworkInterface"},
		{[]string{"fault", "add", "--action", "AttachN"}, "AttachNetworkInterface"},
		{[]string{"call", "AttachNetworkInterface", "--InstanceId", "i-1", "--In"}, ""},
		{[]string{"call", "AttachNetworkInterface", "--InstanceId", "--In"}, ""},
		{[]string{"call", "AttachNetworkInterface", "--NetworkI"}, "--NetworkInterfaceId"},
		{[]string{"call", "--InstanceId=i-1", "AttachNetworkInterface", "--meth"}, "--method"},
		{[]string{"call", "DescribeNetworkInterfaces", "--NetworkInterfaceI"}, "--NetworkInterfaceId.1"},
		{[]string{"call", "NoSuchAction", "--In"}, ""},
		{[]string{"completion", ""}, "bash zsh fish"},
		{[]string{"scenario", "check", "--", "--x"}, ":file"},
		{nil, ""}, // all commands, which change
	} {
		out, errOut, exit := output(t, append([]string{completeWord}, c.words...)...)
		var words []string
		for line := range strings.Lines(out) {
			word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			words = append(words, word)
		}
		got := strings.Join(words, " ")
		switch {
		case exit != 0 || errOut != "":
			t.Errorf("%q: got exit code %d, %q", c.words, exit, errOut)
		case c.words == nil && len(words) < 20:
			t.Errorf("no words: got %q, want all commands", got)
		case c.words != nil && !slices.Equal(sortedWords(got), sortedWords(c.want)):
			t.Errorf("%q: got %q, want %q", c.words, got, c.want)
		}
	}
}

// sortedWords returns the words of a text in their order.
func sortedWords(text string) []string { return slices.Sorted(strings.FieldsSeq(text)) }

// Each shell completes words at the tab key: commands, flags, values, files, actions and their
// parameters.
func TestShellsComplete(t *testing.T) {
	t.Parallel()
	// First a folder in which enisim is the program under test, and whose only file is a scenario.
	folder := t.TempDir()
	wrapper := fmt.Sprintf("#!/bin/sh\nexec env %s=1 %s \"$@\"\n", programEnv, os.Args[0])
	if err := os.WriteFile(filepath.Join(folder, "enisim"), []byte(wrapper), 0o755); err != nil {
		t.Fatal(err)
	}
	quickstart, err := os.ReadFile("../../testdata/scenarios/quickstart.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "world.yaml"), quickstart, 0o600); err != nil {
		t.Fatal(err)
	}
	// Then the same lines for each shell. The completed line is run, and prints what only that line prints.
	lines := []struct{ typed, printed string }{
		{"enisim vers\t--js\t", `"postgres": {`},
		{"enisim scen\tche\twor\t", "world.yaml: 1 account"},
		{"enisim call AttachN\t--Ins\ti-1 --NetworkI\teni-1 --endp\thttp://127.0.0.1:1 --meth\tPO\t",
			"no reply from http://127.0.0.1:1:"},
		{"enisim serve --signature=ver\t--log-l\tnope", `--log-level: "nope" is not a level`},
	}
	for shell, start := range map[string]string{"bash": "bash --norc -i", "zsh": "zsh -f -i", "fish": ""} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			needProgram(t, shell)
			if shell == "fish" { // it has a command for that
				for line, want := range map[string]string{
					"enisim vers": "version\t", "enisim serve --signature=ver": "--signature=verify",
					"enisim scenario check wor": "world.yaml", "enisim load --scenario=wor": "--scenario=world.yaml",
					"enisim call AttachNetworkInterface --NetworkI": "--NetworkInterfaceId\t",
				} {
					got := inShell(t, folder, "", "fish", "-c",
						"enisim completion fish | source; complete -C '"+line+"'")
					if !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 1 {
						t.Errorf("%s: got %q, want %q alone", line, got, want)
					}
				}
				return
			}
			needProgram(t, "script")
			typed := "source <(enisim completion " + shell + ")\n"
			if shell == "zsh" {
				typed = "autoload -U compinit; compinit -D\n" + typed
			}
			for _, line := range lines {
				typed += line.typed + "\n"
			}
			got := inShell(t, folder, typed+"exit\n", "script", "--quiet", "--command", start, "/dev/null")
			for _, line := range lines {
				if !strings.Contains(got, line.printed) {
					t.Errorf("%q: got\n%s\nwant %q in it", line.typed, got, line.printed)
				}
			}
		})
	}
}

// needProgram skips a test without this program, unless CI runs it.
func needProgram(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed, and CI must not leave this out", name)
		}
		t.Skipf("%s is not installed", name)
	}
}

// inShell runs a program in a folder whose programs it finds, and returns what it prints.
func inShell(t *testing.T, folder, input string, command ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"), "HOME="+folder, "TERM=xterm",
		"SHELL=/bin/bash")
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}
