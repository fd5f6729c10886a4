package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// writer writes entries as YAML: an entry that contains a list on several lines, any other on one.
type writer struct{ out bytes.Buffer }

const indentWidth = 2

// remarks are the comments of an entry that is written.
type remarks struct {
	comments map[string][]string // by the key above which they stand; "": above the entry
}

func (r *remarks) remarksOf() *remarks { return r }

// commented is an entry that may have comments.
type commented interface{ remarksOf() *remarks }

// writeComments writes the comments above a key, or above the entry if key is "". It reports
// whether there are any.
func (w *writer) writeComments(indent int, entry any, key string) bool {
	c, ok := entry.(commented)
	if !ok {
		return false
	}
	lines := c.remarksOf().comments[key]
	for _, line := range lines {
		fmt.Fprintf(&w.out, "%*s# %s\n", indent, "", line)
	}
	return len(lines) > 0
}

// writeDocument writes a whole file.
func (w *writer) writeDocument(doc *document) []byte {
	w.writeComments(0, doc, "")
	w.writeKeys("", "", &documentMapping.mapping, doc)
	return w.out.Bytes()
}

// writeKeys writes the keys of an entry, each on lines of its own. first and indent are what the
// first line and the others begin with.
func (w *writer) writeKeys(first, indent string, m *mapping, entry any) {
	for _, k := range m.written {
		w.writeComments(len(indent), entry, k.name)
		value := k.field(entry)
		if !k.isWritten(value) {
			continue
		}
		w.out.WriteString(first)
		first = indent
		w.out.WriteString(k.name)
		if k.kind == kindList {
			w.out.WriteString(":\n")
			for inner := range k.each(value) {
				w.writeItem(indent+strings.Repeat(" ", indentWidth), k.of, inner)
			}
			continue
		}
		w.out.WriteString(": ")
		k.appendValue(&w.out, value)
		w.out.WriteByte('\n')
	}
}

// writeItem writes an entry of a list. An entry that has nothing but comments is not written.
func (w *writer) writeItem(indent string, m *mapping, entry any) {
	hasComments := w.writeComments(len(indent), entry, "")
	hasList := func(k *key) bool { return k.kind == kindList && k.isWritten(k.field(entry)) }
	if m.block || slices.ContainsFunc(m.written, hasList) {
		w.writeKeys(indent+"- ", indent+strings.Repeat(" ", indentWidth), m, entry)
		return
	}
	start := w.out.Len()
	w.out.WriteString(indent)
	w.out.WriteString("- ")
	if written := m.appendFlow(&w.out, entry); hasComments && written == 0 {
		w.out.Truncate(start)
		return
	}
	w.out.WriteByte('\n')
}

// appendFlow writes an entry on the current line, and returns the number of its keys.
func (m *mapping) appendFlow(out *bytes.Buffer, entry any) (written int) {
	out.WriteByte('{')
	for _, k := range m.written {
		value := k.field(entry)
		if !k.isWritten(value) {
			continue
		}
		if written++; written > 1 {
			out.WriteString(", ")
		}
		out.WriteString(k.name)
		out.WriteString(": ")
		k.appendValue(out, value)
	}
	out.WriteByte('}')
	return written
}

func appendSeries[T any](out *bytes.Buffer, open, end string, items iter.Seq[T], write func(T)) {
	out.WriteString(open)
	separator := ""
	for item := range items {
		out.WriteString(separator)
		separator = ", "
		write(item)
	}
	out.WriteString(end)
}

var (
	plainText = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z_./-]*$`)
	reserved  = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
)

// formatText returns a text in its form in a file.
func formatText(s string) string {
	var out bytes.Buffer
	appendText(&out, s)
	return out.String()
}

// appendText writes a text so that YAML reads the same text.
func appendText(out *bytes.Buffer, s string) {
	if plainText.MatchString(s) && !slices.Contains(reserved, strings.ToLower(s)) || isIPv4(s) {
		out.WriteString(s)
		return
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s)       // a string always encodes
	out.Truncate(out.Len() - 1) // and ends its line
}

// isIPv4 reports whether a text is an address or a block, which no YAML reader takes for a number.
func isIPv4(s string) bool {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return false
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Is4()
	}
	p, err := netip.ParsePrefix(s)
	return err == nil && p.Addr().Is4()
}
