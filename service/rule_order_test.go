package service

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var updateOrder = flag.Bool("update", false, "write testdata/contract/order.txt anew")

// order returns the rules of an action in the order in which it answers: a line for each rule, with
// the parameter if the rule names one.
func (a *Action[Request, Answer]) order() []string {
	var lines []string
	for _, r := range a.parameters {
		lines = append(lines, "parameter "+r.describe(*new(Request)))
	}
	for _, r := range a.admission {
		lines = append(lines, "caller    "+r.describe(admissionInput{}))
	}
	for _, e := range a.refusals {
		lines = append(lines, fmt.Sprintf("resource  %d %s", e.Status, e.Code))
	}
	return lines
}

// describe returns the error of a rule, with its message for an empty input.
func (r rule[T]) describe(empty T) (line string) {
	line = fmt.Sprintf("%d %s", r.err.Status, r.err.Code)
	if r.messageArgs == nil {
		return line
	}
	defer func() { _ = recover() }() // some arguments exist only if the rule is violated
	return fmt.Sprintf("%s %v", line, r.messageArgs(empty))
}

// A request that violates several rules gets the error of the first one, so the order of the rules
// is a promise. A file contains it for each action. So a change of the order shows as a change of
// the file.
func TestOrderOfRules(t *testing.T) {
	t.Parallel()
	var actions []string
	for _, a := range allActions {
		lines := a.(interface{ order() []string }).order()
		actions = append(actions, a.Permission()+"\n\t"+strings.Join(lines, "\n\t")+"\n")
	}
	slices.Sort(actions)
	got := strings.Join(actions, "")
	path := filepath.Join("..", "testdata", "contract", "order.txt")
	if *updateOrder {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	expected := strings.Split(string(want), "\n")
	for n, line := range strings.Split(got, "\n") {
		if n >= len(expected) || expected[n] != line {
			t.Fatalf("line %d of testdata/contract/order.txt: the rules give %q; if that is the documented order, "+
				"write the file anew with make golden", n+1, line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("rules: got %d bytes, want %d as in testdata/contract/order.txt; make golden writes the file anew",
			len(got), len(want))
	}
}
