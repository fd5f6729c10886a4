package scenario

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// located is a value of the file with its position. An absent value has the position of the entry
// that lacks it.
type located[T any] struct {
	value T
	at    position
	given bool
}

func (l *located[T]) isGiven() bool { return l.given }

// set sets a value to the one of the file. A value that the file lacks stays as it is, except for its
// position.
func (l *located[T]) set(found located[T]) {
	if !found.given {
		l.at = found.at
		return
	}
	*l = found
}

// store sets a value whose position is not needed to the one of the file, if there is one.
func (l located[T]) store(into *T) {
	if l.given {
		*into = l.value
	}
}

// reader reads the YAML tree. It does not stop at a problem: the problem is reported, and the value
// counts as absent.
type reader struct {
	*report
	limits  Limits
	format  *mapping // of the whole file, for hints
	anchors map[string]ast.Node
	entries int // of mappings and lists that were read, those behind aliases each time
	allowed int // how many they may be; through aliases a small file can have more than any memory holds
}

// countEntries counts entries that are read, and reports whether the limit allows them.
func (r *reader) countEntries(entries int) bool {
	if r.entries += entries; r.entries <= r.allowed {
		return true
	}
	r.beyondLimits = true
	r.add(position{1, 1}, "use fewer aliases", "the file has more than %d entries, with its aliases", r.allowed)
	return false
}

// parseYAML returns the tree of the file's single document. If that fails, it reports the problem
// and returns nil.
func (r *reader) parseYAML(data []byte) ast.Node {
	start := position{1, 1}
	tokens, err := r.tokenize(data, r.limits)
	if err != nil {
		return nil // reported
	}
	r.allowed = r.limits.Parts/5 + 4*len(tokens)
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // object reports duplicates itself, all of them
	if err != nil {
		r.syntaxError(data, err)
		return nil
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) == 0 {
		r.add(start, "start it with enisim: 1", "the file is empty")
		return nil
	}
	if len(bodies) > 1 {
		r.add(positionOf(bodies[1]), "put each into a file of its own", "the file has a second YAML document")
		return nil
	}
	r.anchors = map[string]ast.Node{}
	ast.Walk(anchorCollector(r.anchors), bodies[0])
	return bodies[0]
}

// syntaxError reports an error of the YAML parser. Common mistakes get a hint of their own.
func (r *reader) syntaxError(data []byte, err error) {
	at, message := position{1, 1}, ""
	if detail, ok := errors.AsType[yaml.Error](err); ok {
		message = detail.GetMessage()
		if token := detail.GetToken(); token != nil && token.Position != nil {
			at = position{token.Position.Line, token.Position.Column}
		}
	} else {
		message = err.Error()
	}
	hint := ""
	line := ""
	if lines := strings.Split(string(data), "\n"); at.line <= len(lines) {
		line = lines[at.line-1]
	}
	switch {
	case strings.Contains(line, "{n"):
		hint = `within {...} or [...] a text with {n} needs quotes: "eni-{n}"`
	case strings.HasPrefix(strings.TrimLeft(line, " "), "\t"):
		hint = "indent with spaces"
	case strings.Contains(message, "not allowed in this context"):
		hint = "the keys of one mapping begin in the same column, and the dashes of one list do"
	}
	r.add(at, hint, "this is not YAML: %s", message)
}

// anchorCollector collects the nodes that aliases refer to.
type anchorCollector map[string]ast.Node

func (c anchorCollector) Visit(node ast.Node) ast.Visitor {
	if anchor, ok := node.(*ast.AnchorNode); ok {
		c[anchor.Name.GetToken().Value] = anchor.Value
	}
	return c
}

// resolve follows anchors, aliases and tags.
func (r *reader) resolve(node ast.Node) ast.Node {
	const deepest = 32 // an alias within its own anchor would go on for ever
	for range deepest {
		switch n := node.(type) {
		case *ast.AnchorNode:
			node = n.Value
		case *ast.TagNode:
			node = n.Value
		case *ast.AliasNode:
			name := n.Value.GetToken().Value
			target, known := r.anchors[name]
			if !known {
				r.add(positionOf(n), suggest(r.report, name, r.anchors), "alias *%s refers to no anchor", name)
				return nil
			}
			node = target
		default:
			return node
		}
	}
	r.add(positionOf(node), "", "the alias refers to itself")
	return nil
}

// positionOf returns the position at which a node starts.
func positionOf(node ast.Node) position {
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return positionOf(n.Values[0].Key) // the token of a block mapping is the colon of its first pair
		}
	case *ast.MappingValueNode:
		return positionOf(n.Key)
	}
	if token := node.GetToken(); token != nil && token.Position != nil {
		return position{token.Position.Line, token.Position.Column}
	}
	return position{1, 1}
}

// describe names the kind of a node, for messages that expected another one.
func describe(node ast.Node) string {
	switch n := node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.StringNode:
		return fmt.Sprintf("%q", n.Value)
	case *ast.LiteralNode:
		return "a block of text"
	}
	return node.GetToken().Value
}
