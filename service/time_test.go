package service

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// A statement that locks may wait. A time that is read before it may be older than the changes that
// it waits for, so it is only a lower bound. Such a statement gets beforeLocks, and never Now or timeOf. The
// test reads the source, because the difference shows only in a race.
func TestLocksGetALowerBoundOfTheTime(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	bounds := 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		positions := token.NewFileSet()
		file, err := parser.ParseFile(positions, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lock, ok := n.(*ast.CallExpr)
			if !ok || !strings.HasPrefix(calledMethod(lock), "Lock") {
				return true
			}
			for _, argument := range lock.Args {
				ast.Inspect(argument, func(n ast.Node) bool {
					call, ok := n.(*ast.CallExpr)
					if !ok {
						return true
					}
					switch calledMethod(call) {
					case "Now", "timeOf":
						t.Errorf("%v: %s gets %s, want beforeLocks",
							positions.Position(call.Pos()), calledMethod(lock), calledMethod(call))
					case "beforeLocks":
						bounds++
					}
					return true
				})
			}
			return true
		})
	}
	if bounds == 0 {
		t.Error("got no lock with beforeLocks, so this test finds nothing")
	}
}

// calledMethod returns the name of the method that is called, or "".
func calledMethod(call *ast.CallExpr) string {
	if method, ok := call.Fun.(*ast.SelectorExpr); ok {
		return method.Sel.Name
	}
	return ""
}

// An action lives in the time of its caller's account, so it asks timeOf. Only what belongs to no
// account, or decides for several callers at once, may ask for real time.
func TestActionsAskForTheTimeOfTheirAccount(t *testing.T) {
	t.Parallel()
	inRealTime := map[string]string{
		"service.go":            "defines both",
		"release_transition.go": "an operator finds the clock of an account at a real time",
		"identity.go":           "keys expire by real time",
		"assume_role.go":        "keys expire by real time",
		"attachment_lanes.go":   "a batch has the time of each of its accounts",
		"interface_lanes.go":    "a batch has the time of its account",
		"events.go":             "events are kept and dropped by real time",
		"observe.go":            "the store counts the resources of each account by its clock at a real time",
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		positions := token.NewFileSet()
		file, err := parser.ParseFile(positions, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || calledMethod(call) != "Now" || !isService(call) {
				return true
			}
			asked[path] = true
			if inRealTime[path] == "" {
				t.Errorf("%v: got s.Now, want s.timeOf(caller)", positions.Position(call.Pos()))
			}
			return true
		})
	}
	for path, why := range inRealTime {
		if !asked[path] {
			t.Errorf("%s asks for no real time (%s), so it does not belong into this list", path, why)
		}
	}
}

// isService reports whether the receiver of a method is s, as all methods of Service call it.
func isService(call *ast.CallExpr) bool {
	receiver, ok := call.Fun.(*ast.SelectorExpr).X.(*ast.Ident)
	return ok && receiver.Name == "s"
}
