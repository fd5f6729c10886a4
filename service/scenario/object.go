package scenario

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/match"
	"enisim.alt/store/world"
)

// object is a mapping of the file that is being read. Its keys and their values are described by
// the table of its kind.
type object struct {
	*reader
	*mapping
	at     position
	fields map[string]pair
	order  []string
	hints  map[string]string // of the keys that the format does not know
}

type pair struct {
	key   position
	value ast.Node
}

// object opens a mapping and reports the required keys that it lacks. If the node is not a mapping,
// it reports that and returns nil.
func (r *reader) object(node ast.Node, m *mapping) *object {
	at := positionOf(node)
	resolved := r.resolve(node)
	if resolved == nil {
		return nil
	}
	if !r.countEntries(1) {
		return nil
	}
	o := &object{reader: r, mapping: m, at: at, fields: map[string]pair{}}
	if !o.addPairs(resolved, map[ast.Node]bool{}, 0) {
		r.add(at, "", "%s must be a mapping of keys to values, got %s", m.what, describe(resolved))
		return nil
	}
	o.adoptMisspelt()
	for i := range m.keys {
		if m.keys[i].required {
			o.require(m.keys[i].name)
		}
	}
	return o
}

// adoptMisspelt uses the value of a misspelt key for the key that was meant. So one typing error is
// one problem, which finish reports.
func (o *object) adoptMisspelt() {
	known := o.keyNames
	if len(known) == 0 { // a mapping of tags, in which every key is right
		return
	}
	meant := map[string]string{}
	for _, key := range o.order {
		if slices.Contains(known, key) {
			continue
		}
		if o.hints == nil {
			o.hints = map[string]string{}
		}
		o.hints[key] = o.hint(key, len(known), func() string { return o.didYouMeanKey(key) })
		best := o.hint(key, len(known), func() string { return meantKey(key, known, o.fields) })
		switch i := slices.Index(known, best); {
		case i >= 0 && o.keys[i].accepts(o.fields[key].value):
			meant[key] = best
		case isCollection(o.fields[key].value):
			o.incomplete = true
		}
	}
	for _, key := range o.order {
		best, found := meant[key]
		if _, given := o.fields[best]; found && !given {
			o.fields[best] = o.fields[key]
		}
	}
}

// accepts reports whether a value has the right form for a key: a list, a mapping or neither.
func (k *key) accepts(node ast.Node) bool {
	switch node.(type) {
	case *ast.AliasNode, *ast.AnchorNode, *ast.TagNode, *ast.NullNode:
		return true
	case *ast.SequenceNode:
		return k.kind == kindTexts || k.kind == kindList
	case *ast.MappingNode, *ast.MappingValueNode:
		return k.kind == kindMapping || k.kind == kindTags
	}
	return k.kind != kindTexts && k.kind != kindList && k.kind != kindMapping && k.kind != kindTags
}

// isCollection reports whether a value contains other values, to which another part of the file may
// refer.
func isCollection(node ast.Node) bool {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode, *ast.AliasNode, *ast.AnchorNode:
		return true
	}
	return false
}

// addPairs adds the pairs of a mapping, and then those of the mappings that it merges (<<), which
// have lower priority. A mapping that was added before is skipped, which also ends a cycle of
// merges. It reports whether the node is a mapping.
func (o *object) addPairs(node ast.Node, taken map[ast.Node]bool, depth int) bool {
	var values []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return false
	}
	if taken[node] || !o.countEntries(len(values)) {
		return true
	}
	taken[node] = true
	var merges []ast.Node
	own := map[string]position{}
	for _, v := range values {
		if _, isMerge := v.Key.(*ast.MergeKeyNode); isMerge {
			merges = append(merges, v.Value)
			continue
		}
		key, at := o.keyOf(v), positionOf(v.Key)
		if first, twice := own[key]; twice {
			o.add(at, "", "key %q is given twice, first on line %d", key, first.line)
			continue
		}
		own[key] = at
		if _, overridden := o.fields[key]; overridden {
			continue
		}
		o.fields[key] = pair{at, v.Value}
		o.order = append(o.order, key)
	}
	for _, merge := range merges {
		if depth == maxDepth {
			o.add(positionOf(merge), "", "more than %d mappings merge each other here", maxDepth)
			break
		}
		o.addMerged(merge, taken, depth+1)
	}
	return true
}

// addMerged adds the value of a merge key: a mapping, or a list of mappings of which earlier ones
// have priority.
func (o *object) addMerged(node ast.Node, taken map[ast.Node]bool, depth int) {
	sources := []ast.Node{node}
	if list, ok := o.resolve(node).(*ast.SequenceNode); ok {
		sources = list.Values
	}
	if !o.countEntries(len(sources)) {
		return
	}
	for _, source := range sources {
		if resolved := o.resolve(source); resolved != nil && !o.addPairs(resolved, taken, depth) {
			o.add(positionOf(source), "", "<< must name a mapping")
		}
	}
}

func (o *object) keyOf(v *ast.MappingValueNode) string {
	var key ast.Node = v.Key
	if explicit, ok := key.(*ast.MappingKeyNode); ok {
		key = explicit.Value
	}
	if text, ok := key.(*ast.StringNode); ok {
		return text.Value
	}
	return key.GetToken().Value
}

// node returns the value of a key, or nil if the file has none.
func (o *object) node(key string) (ast.Node, position) {
	field, present := o.fields[key]
	if !present {
		return nil, o.at
	}
	return o.resolve(field.value), positionOf(field.value)
}

// scalarNode is node for a key that must have a value if it is present.
func (o *object) scalarNode(key string) (ast.Node, position) {
	node, at := o.node(key)
	if _, empty := node.(*ast.NullNode); empty {
		o.add(o.fields[key].key, "give it one, or remove the line", "%s has no value", key)
		return nil, at
	}
	return node, at
}

// require reports the keys that the file lacks.
func (o *object) require(keys ...string) {
	for _, key := range keys {
		if _, present := o.fields[key]; !present {
			o.missing(key)
		}
	}
}

func (o *object) missing(key string) {
	hint := ""
	if i := slices.Index(o.keyNames, key); i >= 0 {
		hint = o.keys[i].hint
	}
	// The key is part of the format, so that two missing keys are two problems.
	o.add(o.at, hint, "%s lacks the required key "+key, o.what)
}

// finish reports the keys that the format does not know.
func (o *object) finish() {
	for _, key := range o.order {
		if !slices.Contains(o.keyNames, key) {
			o.add(o.fields[key].key, o.hints[key], "unknown key %q in %s", key, o.what)
		}
	}
}

// read reads the value of a key. A value that the file lacks, or that is reported, leaves the
// default.
func (o *object) read(k *key, into any) {
	switch v := into.(type) {
	case *located[string]:
		v.set(o.text(k))
	case *string:
		o.text(k).store(v)
	case *located[int]:
		v.set(o.integer(k))
	case *int:
		o.integer(k).store(v)
	case *copies:
		o.integer(k).store(&v.count)
		_, v.counted = o.fields[k.name] // a wrong count counts too: its placeholders are no second mistake
	case *float64:
		o.number(k).store(v)
	case *bool:
		if b := o.boolean(k); b.given {
			*v = b.value != k.inverted
		}
	case *located[time.Duration]:
		v.set(o.duration(k))
	case **time.Time:
		*v = o.timestamp(k)
	case *located[netip.Prefix]:
		v.set(o.block(k))
	case *[]located[string]:
		*v = o.texts(k)
	case *map[string]string:
		*v = o.tags(k)
	case **int:
		*v = o.integer(k).pointer()
	case *int64:
		*v = int64(o.integer(k).value)
	case **float64:
		*v = o.number(k).pointer()
	case **disturbance.Duration:
		*v = o.durationFromZero(k)
	case *disturbance.Duration:
		*v = disturbance.Duration(o.duration(k).value)
	case *[]disturbance.Duration:
		*v = o.durations(k)
	default:
		k.readInner(o, k, into)
	}
}

// text reads a text, which is one of the words of a choice.
func (o *object) text(k *key) located[string] {
	v := o.anyScalar(k.name)
	if k.kind == kindChoice && v.given && !slices.Contains(k.words, v.value) {
		o.add(
			v.at,
			o.hint(v.value, len(k.words), func() string { return match.DidYouMean(v.value, k.words) }),
			"unknown %s %q: it is one of %s",
			k.name,
			v.value,
			strings.Join(k.words, ", "),
		)
		return located[string]{at: v.at}
	}
	return v
}

// anyScalar reads a scalar as text. A number is accepted as it is written. A boolean is refused,
// because YAML reads some words as booleans that were meant as text.
func (o *object) anyScalar(key string) located[string] {
	node, at := o.scalarNode(key)
	return o.scalar(node, at, key)
}

func (o *object) scalar(node ast.Node, at position, name string) located[string] {
	text := ""
	switch n := node.(type) {
	case nil:
		return located[string]{at: at}
	case *ast.StringNode:
		text = n.Value
	case *ast.LiteralNode:
		text = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode:
		text = n.GetToken().Value
	case *ast.BoolNode:
		word := n.GetToken().Value
		o.add(at, fmt.Sprintf("write %q in quotes", word), "%s must be text, got the boolean %s", name, word)
		return located[string]{at: at}
	default:
		o.add(at, "", "%s must be text, got %s", name, describe(node))
		return located[string]{at: at}
	}
	if strings.ContainsRune(text, 0) {
		o.add(at, "", "%s holds a NUL character", name)
		return located[string]{at: at}
	}
	return located[string]{text, at, true}
}

// integer reads a whole number within bounds.
func (o *object) integer(k *key) located[int] {
	node, at := o.scalarNode(k.name)
	if node == nil {
		return located[int]{at: at}
	}
	n, isInteger := node.(*ast.IntegerNode)
	if !isInteger {
		o.add(at, "", "%s must be a whole number, got %s", k.name, describe(node))
		return located[int]{at: at}
	}
	value, fits := asInt(n.Value)
	if !fits || value < k.min || value > k.max {
		o.add(at, "", "%s must be from %d to %d, got %s", k.name, k.min, k.max, n.GetToken().Value)
		return located[int]{at: at}
	}
	return located[int]{value, at, true}
}

func asInt(v any) (int, bool) {
	switch n := v.(type) {
	case int64:
		return int(n), true
	case uint64:
		return int(n), n <= math.MaxInt64
	}
	return 0, false
}

// number reads a number with an optional fraction, which must not be negative.
func (o *object) number(k *key) located[float64] {
	node, at := o.scalarNode(k.name)
	if node == nil {
		return located[float64]{at: at}
	}
	value, isNumber := 0.0, false
	switch n := node.(type) {
	case *ast.IntegerNode:
		var whole int
		whole, isNumber = asInt(n.Value)
		value = float64(whole)
	case *ast.FloatNode:
		value, isNumber = n.Value, true
	}
	if !isNumber || value < 0 {
		o.add(at, "", "%s must be a number that is not negative, got %s", k.name, describe(node))
		return located[float64]{at: at}
	}
	return located[float64]{value, at, true}
}

func (o *object) boolean(k *key) located[bool] {
	node, at := o.scalarNode(k.name)
	if node == nil {
		return located[bool]{at: at}
	}
	b, isBool := node.(*ast.BoolNode)
	if !isBool {
		o.add(at, "", "%s must be true or false, got %s", k.name, describe(node))
		return located[bool]{at: at}
	}
	return located[bool]{b.Value, at, true}
}

// duration reads a duration in Go's format.
func (o *object) duration(k *key) located[time.Duration] {
	v := o.anyScalar(k.name)
	if !v.given {
		return located[time.Duration]{at: v.at}
	}
	if k.endless && v.value == never {
		return located[time.Duration]{world.Never, v.at, true}
	}
	d, err := time.ParseDuration(v.value)
	if err != nil || d <= 0 {
		o.add(v.at, "", "%s must be a time span such as 5s, 1m30s or 500ms, got %q", k.name, v.value)
		return located[time.Duration]{at: v.at}
	}
	return located[time.Duration]{d, v.at, true}
}

// timestamp reads a point in time, in UTC with the database's precision of a microsecond.
func (o *object) timestamp(k *key) *time.Time {
	v := o.anyScalar(k.name)
	if !v.given {
		return nil
	}
	t, err := time.Parse(time.RFC3339, v.value)
	if err != nil {
		o.add(v.at, "", "%s must be a time such as 2030-01-31T12:00:00Z, got %q", k.name, v.value)
		return nil
	}
	t = t.UTC().Truncate(time.Microsecond)
	return &t
}

// block reads an address block of one family, with masks within bounds.
func (o *object) block(k *key) located[netip.Prefix] {
	v := o.anyScalar(k.name)
	none := located[netip.Prefix]{at: v.at}
	if !v.given {
		return none
	}
	bits, name, example := 32, "IPv4", "10.0.0.0/16"
	if k.kind == kindIPv6Block {
		bits, name, example = 128, "IPv6", "2001:db8:1:ff00::/64"
	}
	p, err := netip.ParsePrefix(v.value)
	if err != nil || p.Addr().BitLen() != bits {
		o.add(v.at, "", "%s must be an %s block such as %s, got %q", k.name, name, example, v.value)
		return none
	}
	if p.Bits() < k.min || p.Bits() > k.max {
		masks := fmt.Sprintf("from /%d to /%d", k.min, k.max)
		if k.min == k.max {
			masks = fmt.Sprintf("/%d", k.min)
		}
		o.add(v.at, "", "the mask of %s must be %s, got /%d", k.name, masks, p.Bits())
		return none
	}
	if p != p.Masked() {
		o.add(v.at, fmt.Sprintf("the block is %s", p.Masked()), "%s %s has bits set beyond its mask", k.name, p)
		return none
	}
	return located[netip.Prefix]{p, v.at, true}
}

// list reads the entries of a list. A key without a value is an empty list, because all its entries
// may be commented out.
func (o *object) list(k *key) []ast.Node {
	node, at := o.node(k.name)
	switch n := node.(type) {
	case nil, *ast.NullNode:
		return nil
	case *ast.SequenceNode:
		if k.kind == kindTexts && len(n.Values) > maxItems {
			o.add(at, "", "%s has %d entries, and may have %d", k.name, len(n.Values), maxItems)
			return nil
		}
		if !o.countEntries(len(n.Values)) {
			return nil
		}
		return n.Values
	}
	hint := "put each entry on a line of its own, behind a dash"
	if text, isText := node.(*ast.StringNode); isText && k.kind == kindTexts {
		hint = fmt.Sprintf("write %s: [%s]", k.name, text.Value)
	}
	o.add(at, hint, "%s must be a list, got %s", k.name, describe(node))
	return nil
}

// texts reads a list of texts.
func (o *object) texts(k *key) []located[string] {
	nodes := o.list(k)
	if field, present := o.fields[k.name]; present && len(nodes) == 0 && k.nonEmpty &&
		isEmpty(o.resolve(field.value)) {
		o.add(field.key, "", "%s must name at least one group", k.name)
	}
	out := make([]located[string], 0, len(nodes))
	for _, node := range nodes {
		at := positionOf(node)
		resolved := o.resolve(node)
		if resolved == nil {
			continue
		}
		if v := o.scalar(resolved, at, "each of "+k.name); v.given {
			out = append(out, v)
		}
	}
	return out
}

func isEmpty(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.NullNode:
		return true
	case *ast.SequenceNode:
		return len(n.Values) == 0
	}
	return false
}

// tagsMapping may have any keys.
var tagsMapping = &mapping{what: "the mapping of tags"}

// tags reads a mapping of texts.
func (o *object) tags(k *key) map[string]string {
	node, at := o.node(k.name)
	switch node.(type) {
	case nil, *ast.NullNode:
		return nil
	}
	if list, isList := node.(*ast.SequenceNode); isList {
		o.add(
			at,
			"write tags: {team: network, env: test}",
			"tags must be a mapping of keys to values, got %s",
			describe(list),
		)
		return nil
	}
	inner := o.object(node, tagsMapping)
	if inner == nil {
		return nil
	}
	if len(inner.order) > maxTags {
		o.add(at, "", "a resource has at most %d tags, got %d", maxTags, len(inner.order))
	}
	tags := make(map[string]string, len(inner.order))
	for _, name := range inner.order {
		if v := inner.anyScalar(name); v.given {
			tags[name] = v.value
		}
	}
	return tags
}
