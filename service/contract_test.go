package service

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// contractRow is a line of testdata/contract: an error that the public documentation lists for an
// action, and the decision of this simulator on it.
type contractRow struct {
	status   int
	code     string
	message  string
	decision string // rule, gateway, or not simulated: <reason>
}

// readContract reads the contract of an action.
func readContract(t *testing.T, action string) []contractRow {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "testdata", "contract", action+".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", f.Name(), err)
	}
	var rows []contractRow
	for _, line := range lines[1:] {
		status, err := strconv.Atoi(line[0])
		if err != nil {
			t.Fatalf("%s: status of %s: %v", f.Name(), line[1], err)
		}
		rows = append(rows, contractRow{status, line[1], line[2], line[3]})
	}
	return rows
}

// contracts returns, for each action name, the errors that its rules can answer.
func contracts() map[string][]*Error {
	out := map[string][]*Error{}
	for _, a := range allActions {
		out[a.Name()] = append(out[a.Name()], a.Errors()...) // those on tags are declared for two products
	}
	return out
}

// Each row of a contract has a decision. The rows with the decision rule are exactly the errors
// that the rules of the action answer.
func TestContracts(t *testing.T) {
	t.Parallel()
	for action, answered := range contracts() {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			format := func(status int, code, message string) string {
				return fmt.Sprintf("%d %s %q", status, code, message)
			}
			decided := map[string]bool{}
			for _, row := range readContract(t, action) {
				reason, notSimulated := strings.CutPrefix(row.decision, "not simulated: ")
				switch {
				case row.decision == "rule":
					decided[format(row.status, row.code, row.message)] = true
				case row.decision == "gateway":
					if !slices.ContainsFunc(Declared, func(e *Error) bool {
						return e.Status == row.status && e.Code == row.code && e.Message == row.message
					}) {
						t.Errorf("%s: got no declared error, want one for the decision gateway", row.code)
					}
				case !notSimulated || reason == "":
					t.Errorf("%s: got the decision %q, want rule, gateway, or not simulated with a reason",
						row.code, row.decision)
				}
			}
			answers := map[string]bool{}
			for _, e := range answered {
				answers[format(e.Status, e.Code, e.Message)] = true
			}
			for row := range decided {
				if !answers[row] {
					t.Errorf("got no rule that answers %s, want one as in the contract", row)
				}
			}
			for row := range answers {
				if !decided[row] {
					t.Errorf("got a rule that answers %s, want such a row in the contract", row)
				}
			}
		})
	}
}

// Each error is declared once. A code can have several statuses and messages, because the pages of
// the documentation differ.
func TestErrorsAreDeclaredOnce(t *testing.T) {
	t.Parallel()
	seen := map[Error]bool{}
	for _, e := range Declared {
		if seen[*e] {
			t.Errorf("%d %s %q: got two declarations, want one", e.Status, e.Code, e.Message)
		}
		seen[*e] = true
	}
}

// answeredInResults is the decision on a code of an action on several instances, each of which has a result with a
// code of its own.
const answeredInResults = "not simulated: an instance fails alone, and its result has the code"

// Each declared error is in a contract that decides to answer it, with the same status and message.
func TestEveryDeclaredErrorIsInAContract(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "contract", "*.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	answered := map[string]bool{}
	for _, path := range paths {
		for _, row := range readContract(t, strings.TrimSuffix(filepath.Base(path), ".tsv")) {
			if row.decision == "rule" || row.decision == "gateway" || row.decision == answeredInResults {
				answered[fmt.Sprintf("%d %s %q", row.status, row.code, row.message)] = true
			}
		}
	}
	for _, e := range Declared {
		if text := fmt.Sprintf("%d %s %q", e.Status, e.Code, e.Message); !answered[text] {
			t.Errorf("%s: got no contract that answers it, want one", text)
		}
	}
}
