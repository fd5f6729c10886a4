package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each command has a manual page, with its flags, arguments and commands, and mandoc finds no error in
// it.
func TestManualPages(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "man1")
	if out, errOut, exit := output(t, "man", "--dir", dir); exit != 0 || out+errOut != "" {
		t.Fatalf("man --dir: got exit code %d, %q, %q", exit, out, errOut)
	}
	var cli commands
	parser, leaves := leafCommands(t, &cli)
	plain := strings.NewReplacer(`\-`, "-", `\e`, `\`, `\&`, "")
	ownWords := []string{"Usage:", "Flags:", "Arguments:"} // of --help
	pages := manNodes(parser.Model.Node)
	for _, node := range pages {
		path := filepath.Join(dir, manName(node)+".1")
		content, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		page := plain.Replace(string(content))
		words := commandWords(node)[1:]
		printed, _, exit := output(t, append([]string{"man"}, words...)...)
		if exit != 0 || printed != string(content) {
			t.Errorf("man %v: got exit code %d, %q; want the page of --dir", words, exit, printed)
		}
		// What --help shows is in the page: each word of its text.
		help, _, _ := output(t, append(slices.Clone(words), "--help")...)
		help, _, _ = strings.Cut(help, "\nRun \"enisim") // a hint
		for word := range strings.FieldsSeq(help) {
			if !strings.Contains(page, strings.Trim(word, "():")) && !slices.Contains(ownWords, word) {
				t.Errorf("man %v: got no %q, which --help shows", words, word)
			}
		}
		if _, err := exec.LookPath("mandoc"); err == nil {
			if out, err := exec.CommandContext(t.Context(), "mandoc", "-T", "lint", "-W", "error", path).
				CombinedOutput(); err != nil {
				t.Errorf("mandoc: %v\n%s", err, out)
			}
		} else if os.Getenv("CI") != "" {
			t.Error("mandoc is not installed, and CI must not leave this out")
		}
	}
	if len(pages) < len(leaves) {
		t.Errorf("got %d pages, want one for each of %d commands, and more", len(pages), len(leaves))
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != len(pages) {
		t.Errorf("got %d files, %v; want %d", len(files), err, len(pages))
	}
	for _, args := range [][]string{{"man", "nothing"}, {"man", "serve", "--dir", dir}} {
		if _, errOut, exit := output(t, args...); exit != exitUsage || errOut == "" {
			t.Errorf("%v: got exit code %d, %q; want it refused", args, exit, errOut)
		}
	}
}
