package service

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The tables of rules that an action declares are those that its code refers to. So the test finds
// a method that forgets a table, and one that checks a table which is not declared. It reads the
// source, because a rule that is never checked leaves no other trace.
func TestActionsCheckTheTablesThatTheyDeclare(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]*ast.FuncDecl{}
	declarations := map[string]*ast.CompositeLit{} // of actions, by permission
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				functions[n.Name.Name] = n
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "newAction" {
					literal := n.Args[0].(*ast.CompositeLit)
					name := field(literal, "permission")
					if text, ok := name.(*ast.BasicLit); ok {
						declarations[text.Value] = literal
					} else { // the product is a parameter
						declarations[name.(*ast.BinaryExpr).Y.(*ast.BasicLit).Value] = literal
					}
				}
			}
			return true
		})
	}
	// Three actions are declared for two products each.
	if got, want := len(declarations), len(allActions)-3; got != want {
		t.Fatalf("got %d declarations in the source, want %d", got, want)
	}
	for name, literal := range declarations {
		body := field(literal, "run")
		for _, other := range []string{"write", "change"} {
			if body == nil {
				body = field(literal, other)
			}
		}
		declared, checked := tablesIn(field(literal, "refusals")), tablesReached(functions, body)
		if !slices.Equal(declared, checked) {
			t.Errorf("%s: got the tables %v in its code, want the declared ones %v", name, checked, declared)
		}
	}
}

// field returns the value of a field in a composite literal, or nil if there is none.
func field(literal *ast.CompositeLit, name string) ast.Expr {
	for _, element := range literal.Elts {
		if pair := element.(*ast.KeyValueExpr); pair.Key.(*ast.Ident).Name == name {
			return pair.Value
		}
	}
	return nil
}

// isTable reports whether a name is that of a table of rules.
func isTable(name string) bool { return strings.HasSuffix(name, "Rules") && !ast.IsExported(name) }

// tablesIn returns the tables of rules that an expression names, sorted.
func tablesIn(n ast.Node) []string {
	var out []string
	for _, name := range namesIn(n) {
		if isTable(name) {
			out = append(out, name)
		}
	}
	return out
}

// tablesReached returns the tables that an expression names, directly or by the functions of the
// package that it names.
func tablesReached(functions map[string]*ast.FuncDecl, from ast.Node) []string {
	seen, tables := map[string]bool{}, map[string]bool{}
	var follow func(ast.Node)
	follow = func(n ast.Node) {
		for _, name := range namesIn(n) {
			switch f := functions[name]; {
			case isTable(name):
				tables[name] = true
			case f != nil && f.Body != nil && !seen[name]:
				seen[name] = true
				follow(f.Body)
			}
		}
	}
	follow(from)
	out := make([]string, 0, len(tables))
	for name := range tables {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// namesIn returns the names in a part of the source, sorted and without duplicates.
func namesIn(n ast.Node) []string {
	var names []string
	if n == nil {
		return nil
	}
	ast.Inspect(n, func(n ast.Node) bool {
		if name, ok := n.(*ast.Ident); ok {
			names = append(names, name.Name)
		}
		return true
	})
	slices.Sort(names)
	return slices.Compact(names)
}
