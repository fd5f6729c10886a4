package httpapi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// documentedErrorsHead is the beginning of docs/documented-errors.md, before the tables.
const documentedErrorsHead = `# Documented errors

This page is generated from ` + "`testdata/contract` by `make golden`" + `, and a test compares them.

- *Proven*: a test sends a request and gets the status, the code and the message.
- *Not proven*: the error is decided, but no test gets it with a request.
- *Not simulated*: the simulator never answers it, for the given reason.
`

// The page docs/documented-errors.md is generated from the contract files. It says for each
// documented error whether it is proven, not proven or not simulated.
func TestDocumentedErrorsPage(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "docs", "documented-errors.md")
	want := documentedErrorsHead + documentedErrors(t)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != want {
		t.Errorf("%s differs from the contracts; make golden updates it\ngot:\n%s\nwant:\n%s", path, written, want)
	}
}

// documentedErrors renders the tables of the page.
func documentedErrors(t *testing.T) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "contract", "*.tsv")) // sorted by name
	if err != nil || len(paths) == 0 {
		t.Fatalf("no contracts: %v", err)
	}
	var summary, details strings.Builder
	total := map[string]int{}
	for _, path := range paths {
		action := strings.TrimSuffix(filepath.Base(path), ".tsv")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		counts := map[string]int{}
		fmt.Fprintf(&details, "\n## %s\n\n| status | code | |\n| --- | --- | --- |\n", action)
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
			column := strings.Split(line, "\t")
			reason, notSimulated := strings.CutPrefix(column[3], "not simulated: ")
			verdict := "proven"
			switch {
			case notSimulated:
				verdict = "not simulated"
				reason = ": " + reason
			case !proven(action, column[1]):
				verdict, reason = "not proven", ""
			default:
				reason = ""
			}
			counts[verdict]++
			total[verdict]++
			fmt.Fprintf(&details, "| %s | %s | %s%s |\n", column[0], column[1], verdict, reason)
		}
		row(&summary, action, counts)
	}
	row(&summary, "**all**", total)
	return "\n| | proven | not proven | not simulated |\n| --- | --- | --- | --- |\n" + summary.String() +
		details.String()
}

// row renders the row of an action in the summary.
func row(out *strings.Builder, name string, counts map[string]int) {
	fmt.Fprintf(out, "| %s | %d | %d | %d |\n", name, counts["proven"], counts["not proven"], counts["not simulated"])
}

// proven reports whether a test receives the code as a reply: a golden file for an action, a
// request for the gateway.
func proven(action, code string) bool {
	if action == "gateway" {
		_, reached := gatewayRequests[code]
		return reached
	}
	for _, c := range goldenCases[action] {
		if c.name == code {
			return true
		}
	}
	return false
}
