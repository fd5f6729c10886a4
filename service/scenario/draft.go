package scenario

import (
	"fmt"
	"net/netip"
)

// Draft is an entry of a file that another package makes. It has the same keys, and is written in
// the same way, as the entries that Export makes.
type Draft struct {
	mapping *mapping
	entry   any
}

// NewDraft returns the draft of a whole file.
func NewDraft() Draft {
	doc := documentMapping.blank
	doc.version = stated(formatVersion)
	return Draft{&documentMapping.mapping, &doc}
}

// key returns a key of the entry. A key that the format does not have is a mistake of the caller,
// which any test of it shows.
func (d Draft) key(name string) *key {
	for i := range d.mapping.keys {
		if d.mapping.keys[i].name == name {
			return &d.mapping.keys[i]
		}
	}
	panic("scenario: " + d.mapping.what + " has no key " + name)
}

// Text sets a text, a choice or an address block, unless it is empty. A text that is no block is
// left out, so that the reader reports the lack of it.
func (d Draft) Text(name, text string) {
	if text == "" {
		return
	}
	switch v := d.key(name).field(d.entry).(type) {
	case *located[string]:
		*v = stated(text)
	case *string:
		*v = text
	case *located[netip.Prefix]:
		if block, err := netip.ParsePrefix(text); err == nil {
			*v = stated(block)
		}
	default:
		panic(fmt.Sprintf("scenario: the key %s is no text but a %T", name, v))
	}
}

// Texts sets a list of texts.
func (d Draft) Texts(name string, texts []string) {
	*d.key(name).field(d.entry).(*[]located[string]) = statedAll(texts)
}

// Tags sets a mapping of texts.
func (d Draft) Tags(name string, tags map[string]string) {
	*d.key(name).field(d.entry).(*map[string]string) = tags
}

// Int sets a whole number.
func (d Draft) Int(name string, number int) {
	switch v := d.key(name).field(d.entry).(type) {
	case *located[int]:
		*v = stated(number)
	case *int:
		*v = number
	default:
		panic(fmt.Sprintf("scenario: the key %s is no whole number but a %T", name, v))
	}
}

// Number sets a number with a fraction.
func (d Draft) Number(name string, number float64) {
	*d.key(name).field(d.entry).(*float64) = number
}

// Bool sets a boolean.
func (d Draft) Bool(name string, value bool) {
	k := d.key(name)
	*k.field(d.entry).(*bool) = value != k.inverted
}

// Add returns the draft of a mapping in the entry, or of a new entry at the end of a list in it.
// The draft of a list's entry is valid until the next one is added to the list.
func (d Draft) Add(name string) Draft {
	k := d.key(name)
	value := k.field(d.entry)
	if k.kind == kindList {
		return Draft{k.of, k.add(value)}
	}
	return Draft{k.of, value}
}

// Comment adds a line above a key of the entry, or above the entry if key is "". An entry of
// comments alone is not written, but they are.
func (d Draft) Comment(key, line string) {
	r := d.entry.(commented).remarksOf()
	if r.comments == nil {
		r.comments = map[string][]string{}
	}
	r.comments[key] = append(r.comments[key], line)
}

// Write returns the file of a draft that NewDraft has made.
func (d Draft) Write() []byte { return new(writer).writeDocument(d.entry.(*document)) }
