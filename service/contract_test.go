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

// contractRow is a line of testdata/contract: an error that the public documentation lists for an action, and what this simulator makes of it.
type contractRow struct {
	status   int
	code     string
	message  string
	decision string // rule, gateway, or not simulated: why
}

// readContract reads the table of an action.
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

// contracts are the declared actions by name, with all that their rules can answer.
func contracts() map[string][]*Error {
	out := map[string][]*Error{}
	for _, a := range allActions {
		out[a.Name()] = append(out[a.Name()], a.Errors()...) // the actions on tags are declared for two products
	}
	return out
}

// Every documented row is decided, every row that is decided as a rule is one, and every rule has its row.
func TestContracts(t *testing.T) {
	t.Parallel()
	for action, answered := range contracts() {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			spell := func(status int, code, message string) string {
				return fmt.Sprintf("%d %s %q", status, code, message)
			}
			ruled := map[string]bool{}
			for _, row := range readContract(t, action) {
				reason, notSimulated := strings.CutPrefix(row.decision, "not simulated: ")
				switch {
				case row.decision == "rule":
					ruled[spell(row.status, row.code, row.message)] = true
				case row.decision == "gateway":
					if !slices.ContainsFunc(Declared, func(e *Error) bool {
						return e.Status == row.status && e.Code == row.code && e.Message == row.message
					}) {
						t.Errorf("%s: decided as gateway, but no such error is declared", row.code)
					}
				case !notSimulated || reason == "":
					t.Errorf("%s: got the decision %q, want rule, gateway, or not simulated with a reason",
						row.code, row.decision)
				}
			}
			answers := map[string]bool{}
			for _, e := range answered {
				answers[spell(e.Status, e.Code, e.Message)] = true
			}
			for row := range ruled {
				if !answers[row] {
					t.Errorf("the contract has %s, but no rule answers it", row)
				}
			}
			for row := range answers {
				if !ruled[row] {
					t.Errorf("a rule answers %s, but the contract has no such row", row)
				}
			}
		})
	}
}

// Every error is declared once. A code may have more than one status and text: the public pages differ.
func TestErrorsAreDeclaredOnce(t *testing.T) {
	t.Parallel()
	seen := map[Error]bool{}
	for _, e := range Declared {
		if seen[*e] {
			t.Errorf("declared twice: %d %s %q", e.Status, e.Code, e.Message)
		}
		seen[*e] = true
	}
}

// Every error that is declared is one that some contract has decided to answer, to the letter.
func TestEveryDeclaredErrorIsInAContract(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "contract", "*.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	answered := map[string]bool{}
	for _, path := range paths {
		for _, row := range readContract(t, strings.TrimSuffix(filepath.Base(path), ".tsv")) {
			if row.decision == "rule" || row.decision == "gateway" {
				answered[fmt.Sprintf("%d %s %q", row.status, row.code, row.message)] = true
			}
		}
	}
	for _, e := range Declared {
		if as := fmt.Sprintf("%d %s %q", e.Status, e.Code, e.Message); !answered[as] {
			t.Errorf("no contract answers %s", as)
		}
	}
}
