package scenario

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// mapping is one kind of mapping of the format, with its keys. Each key is defined once, in the
// table of its mapping. The reader, the schema, the diff, the writer of exports and imports, the
// hints for misspelt keys and the tables of the guide use these tables.
type mapping struct {
	name  string // in the schema
	what  string // in messages, with its article
	about string
	needs []need // keys that need another key
	rules []any  // further rules between keys, for the schema; the reader has its own messages for them
	block bool   // a written entry is always on several lines, not only if it contains a list

	keys     []key // in the order of the schema
	keyNames []string
	written  []*key // the keys in the order in which they are written
}

// need says that an entry with a key needs another key too.
type need struct{ key, other string }

// mappingOf is a mapping that is read into an E.
type mappingOf[E any] struct {
	mapping
	check func(*object, *E) // of keys among each other, after all were read; nil: there is nothing to check
	blank E                 // an entry of which the file says nothing: it has the default values
}

// key is a key of a mapping.
type key struct {
	name         string
	kind         kind
	required     bool
	hint         string // for a file that lacks it
	about        string
	absent       string   // the meaning of a file without the key, for a default that is not one value
	pattern      string   // of a text, for the schema: the reader has its own messages for what does not match
	words        []string // of a choice
	defaultValue any      // of a choice, a boolean or a number
	min, max     int      // of an integer, or of the mask of a block
	nonEmpty     bool     // for lists
	inverted     bool     // of a boolean: the entry has its opposite
	secret       bool     // the diff does not show it
	flat         bool     // of a mapping: the diff names its keys
	endless      bool     // of a duration: it may be never
	place        place
	of           *mapping // the mapping that the key has, or whose entries a list has

	field func(entry any) any // returns a pointer to the value of the key in the entry at a pointer

	readInner func(o *object, k *key, into any) // reads a mapping or a list
	clear     func(into any)                    // gives a mapping its default values
	each      func(list any) iter.Seq[any]      // returns pointers to the entries of a list
	add       func(list any) any                // appends a blank entry to a list, and returns a pointer to it
}

// place is the place of a key in a written entry. Keys of the same place are in the order of the
// schema. The first key of a mapping comes first.
type place int

const (
	placeFirst place = iota
	placeLabels
	placeAfterLabels
	placeBody
	placeLast
)

// keyOf is a key of a mapping that is read into an E, so that the compiler refuses the key of
// another mapping.
type keyOf[E any] struct{ key }

// kind is the kind of a key's value.
type kind int

const (
	kindText kind = iota
	kindChoice
	kindInteger
	kindNumber
	kindBoolean
	kindDuration
	kindTime
	kindIPv4Block
	kindIPv6Block
	kindTexts
	kindTags
	kindMapping
	kindList
)

// newMapping returns a mapping with keys, in the order of the schema.
func newMapping[E any](m mapping, check func(*object, *E), keys ...[]keyOf[E]) *mappingOf[E] {
	out := &mappingOf[E]{mapping: m, check: check}
	for _, k := range slices.Concat(keys...) {
		out.keys = append(out.keys, k.key)
		out.keyNames = append(out.keyNames, k.name)
	}
	out.keys[0].place = placeFirst
	for i := range out.keys {
		out.keys[i].setDefault(out.keys[i].field(&out.blank))
		out.written = append(out.written, &out.keys[i])
	}
	slices.SortStableFunc(out.written, func(a, b *key) int { return cmp.Compare(a.place, b.place) })
	return out
}

// within returns keys of a part of an entry as keys of the entry.
func within[E, P any](part func(*E) *P, keys []keyOf[P]) []keyOf[E] {
	out := make([]keyOf[E], len(keys))
	for i, k := range keys {
		field := k.field
		out[i] = keyOf[E](k)
		out[i].field = func(entry any) any { return field(part(entry.(*E))) }
	}
	return out
}

func newKey[E, V any](name string, k kind, field func(*E) *V, about string) keyOf[E] {
	return keyOf[E]{key{
		name: name, kind: k, about: about, place: placeBody,
		field: func(entry any) any { return field(entry.(*E)) },
	}}
}

// textKey returns a key with a text.
func textKey[E any, V string | located[string]](name string, field func(*E) *V, about string) keyOf[E] {
	return newKey(name, kindText, field, about)
}

// integerKey returns a key with a whole number, from 0 on unless from says otherwise.
func integerKey[E any, V int | located[int] | copies](name string, field func(*E) *V, about string) keyOf[E] {
	return newKey(name, kindInteger, field, about).from(0, maxInteger)
}

// numberKey returns a key with a number that may have a fraction.
func numberKey[E any](name string, field func(*E) *float64, about string) keyOf[E] {
	return newKey(name, kindNumber, field, about)
}

// booleanKey returns a key with true or false.
func booleanKey[E any](name string, byDefault bool, field func(*E) *bool, about string) keyOf[E] {
	return newKey(name, kindBoolean, field, about).byDefault(byDefault)
}

// invertedKey returns a key with true or false, of which an entry has the opposite.
func invertedKey[E any](name string, byDefault bool, field func(*E) *bool, about string) keyOf[E] {
	k := booleanKey(name, byDefault, field, about)
	k.inverted = true
	return k
}

// durationKey returns a key with a time span.
func durationKey[E any](name string, field func(*E) *located[time.Duration], about string) keyOf[E] {
	return newKey(name, kindDuration, field, about)
}

// timeKey returns a key with a point in time.
func timeKey[E any](name string, field func(*E) **time.Time, about string) keyOf[E] {
	return newKey(name, kindTime, field, about)
}

// ipv4BlockKey returns a key with an IPv4 block whose mask has bounds.
func ipv4BlockKey[E any](
	name string, minMask, maxMask int, field func(*E) *located[netip.Prefix], about string,
) keyOf[E] {
	return newKey(name, kindIPv4Block, field, about).from(minMask, maxMask)
}

// ipv6BlockKey returns a key with an IPv6 block whose mask has bounds.
func ipv6BlockKey[E any](
	name string, minMask, maxMask int, field func(*E) *located[netip.Prefix], about string,
) keyOf[E] {
	return newKey(name, kindIPv6Block, field, about).from(minMask, maxMask)
}

// textsKey returns a key with a list of texts.
func textsKey[E any](name string, field func(*E) *[]located[string], about string) keyOf[E] {
	return newKey(name, kindTexts, field, about)
}

// tagsKey returns a key with a mapping of texts.
func tagsKey[E any](name string, field func(*E) *map[string]string, about string) keyOf[E] {
	return newKey(name, kindTags, field, about)
}

// mappingKey returns a key with a mapping.
func mappingKey[E, N any](name string, of *mappingOf[N], field func(*E) *N, about string) keyOf[E] {
	k := newKey(name, kindMapping, field, about)
	k.of = &of.mapping
	k.clear = func(into any) { *into.(*N) = of.blank }
	k.readInner = func(o *object, k *key, into any) {
		if node, _ := o.node(k.name); node != nil {
			of.read(o.reader, node, into.(*N))
		}
	}
	return k
}

// listKey returns a key with a list of entries.
func listKey[E, N any](name string, of *mappingOf[N], field func(*E) *[]N, about string) keyOf[E] {
	return newListKey(name, of, field, about, func(list *[]N) *[]N { return list }, pointers[N])
}

// entries are the entries of a list that may be long: those that were read, or a sequence of those
// to be written, because all of them at once would need more memory than their rows.
type entries[N any] struct {
	read []N
	made iter.Seq[*N]
}

func (l *entries[N]) all() iter.Seq[*N] {
	if l.made != nil {
		return l.made
	}
	return pointers(&l.read)
}

func pointers[N any](list *[]N) iter.Seq[*N] {
	return func(yield func(*N) bool) {
		for i := range *list {
			if !yield(&(*list)[i]) {
				return
			}
		}
	}
}

// entriesKey returns a key with a list of entries that may be long.
func entriesKey[E, N any](name string, of *mappingOf[N], field func(*E) *entries[N], about string) keyOf[E] {
	return newListKey(name, of, field, about, func(list *entries[N]) *[]N { return &list.read }, (*entries[N]).all)
}

func newListKey[E, N, V any](
	name string, of *mappingOf[N], field func(*E) *V, about string,
	read func(*V) *[]N, all func(*V) iter.Seq[*N],
) keyOf[E] {
	k := newKey(name, kindList, field, about)
	k.of = &of.mapping
	k.readInner = func(o *object, k *key, into any) {
		list := read(into.(*V))
		// An entry that is no mapping is reported and left out. Beyond maxProblems nothing is made of
		// the entries, which are only checked.
		for _, node := range o.list(k) {
			*list = append(*list, of.blank)
			if last := len(*list) - 1; !of.read(o.reader, node, &(*list)[last]) || o.isFull() {
				*list = (*list)[:last]
			}
		}
	}
	k.each = func(list any) iter.Seq[any] {
		return func(yield func(any) bool) {
			for entry := range all(list.(*V)) {
				if !yield(entry) {
					return
				}
			}
		}
	}
	k.add = func(list any) any {
		to := read(list.(*V))
		*to = append(*to, of.blank)
		return &(*to)[len(*to)-1]
	}
	return k
}

// isRequired returns the key as one that no entry may lack.
func (k keyOf[E]) isRequired() keyOf[E] {
	k.required = true
	return k
}

// hinted returns the key with the hint for a file that lacks it.
func (k keyOf[E]) hinted(hint string) keyOf[E] {
	k.hint = hint
	return k
}

// matching returns the key with the pattern of its text, or of each of its texts.
func (k keyOf[E]) matching(pattern string) keyOf[E] {
	k.pattern = pattern
	return k
}

// oneOf returns the key as one whose text is one of some words.
func (k keyOf[E]) oneOf(words ...string) keyOf[E] {
	k.kind, k.words = kindChoice, words
	return k
}

// from returns the key with the bounds of its number.
func (k keyOf[E]) from(minimum, maximum int) keyOf[E] {
	k.min, k.max = minimum, maximum
	return k
}

// byDefault returns the key with the value that an entry without it has.
func (k keyOf[E]) byDefault(value any) keyOf[E] {
	k.defaultValue = value
	return k
}

// without returns the key with the meaning of an entry that lacks it. It is for a meaning that
// depends on other keys or on the world, or that no value has.
func (k keyOf[E]) without(meaning string) keyOf[E] {
	k.absent = meaning
	return k
}

// notEmpty returns the key as one whose list has an entry at least.
func (k keyOf[E]) notEmpty() keyOf[E] {
	k.nonEmpty = true
	return k
}

// written returns the key with its place in a written entry.
func (k keyOf[E]) written(at place) keyOf[E] {
	k.place = at
	return k
}

// orNever lets a time span be "never", which is world.Never.
func (k keyOf[E]) orNever() keyOf[E] {
	k.endless = true
	return k
}

// isSecret returns the key as one whose value the diff does not show.
func (k keyOf[E]) isSecret() keyOf[E] {
	k.secret = true
	return k
}

// comparedByKey returns the key of a mapping as one of which the diff names the inner keys.
func (k keyOf[E]) comparedByKey() keyOf[E] {
	k.flat = true
	return k
}

// description returns all that the table says of the key in words.
func (k *key) description() string {
	if k.absent == "" {
		return k.about
	}
	absent := "Without it, " + k.absent + "."
	if k.about == "" {
		return absent
	}
	return k.about + " " + absent
}

// read reads a mapping into a blank entry, and reports whether the node is one.
func (m *mappingOf[E]) read(r *reader, node ast.Node, entry *E) bool {
	o := r.object(node, &m.mapping)
	if o == nil {
		return false
	}
	m.readKeys(o, entry)
	return true
}

func (m *mappingOf[E]) readKeys(o *object, entry *E) {
	for i := range m.keys {
		o.read(&m.keys[i], m.keys[i].field(entry))
	}
	m.checkNeeds(o, entry)
	if m.check != nil {
		m.check(o, entry)
	}
	o.finish()
}

// checkNeeds reports each key once that the keys of the entry need and the entry lacks.
func (m *mappingOf[E]) checkNeeds(o *object, entry *E) {
	var needed []string
	for _, n := range m.needs {
		k := &m.keys[slices.Index(m.keyNames, n.key)]
		given := k.field(entry).(interface{ isGiven() bool }).isGiven()
		if given && !slices.Contains(needed, n.other) {
			needed = append(needed, n.other)
		}
	}
	o.require(needed...)
}
