package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// writer writes entries as YAML: an entry that contains a list on several lines, any other on one.
type writer struct{ out bytes.Buffer }

const indentWidth = 2

// writeList writes a key with a list of entries, unless there are none.
func (w *writer) writeList(indent int, key string, entries iter.Seq[entry]) {
	started := false
	for e := range entries {
		if !started {
			fmt.Fprintf(&w.out, "%*s%s:\n", indent, "", key)
			started = true
		}
		w.writeItem(indent+indentWidth, e)
	}
}

// writeItem writes an entry of a list.
func (w *writer) writeItem(indent int, e entry) {
	if slices.ContainsFunc(
		e.fields,
		func(word field) bool { _, isList := word.value.([]entry); return isList && e.differsFromDefault(word) },
	) {
		w.writeHead(indent, e)
		for _, word := range e.fields {
			if entries, isList := word.value.([]entry); isList {
				w.writeList(indent+indentWidth, word.key, slices.Values(entries))
			}
		}
		return
	}
	fmt.Fprintf(&w.out, "%*s- ", indent, "")
	e.appendFlow(&w.out)
	w.out.WriteByte('\n')
}

// writeHead begins an entry on several lines with all fields except its lists.
func (w *writer) writeHead(indent int, e entry) {
	mark := "- "
	for _, word := range e.fields {
		if _, isList := word.value.([]entry); isList || !e.differsFromDefault(word) {
			continue
		}
		fmt.Fprintf(&w.out, "%*s%s%s: ", indent, "", mark, word.key)
		appendValue(&w.out, word.value)
		w.out.WriteByte('\n')
		mark = "  "
	}
}

// appendFlow writes an entry on the current line.
func (e entry) appendFlow(out *bytes.Buffer) {
	separator := "{"
	for _, word := range e.fields {
		if !e.differsFromDefault(word) {
			continue
		}
		out.WriteString(separator)
		out.WriteString(word.key)
		out.WriteString(": ")
		appendValue(out, word.value)
		separator = ", "
	}
	if separator == "{" {
		out.WriteByte('{')
	}
	out.WriteByte('}')
}

func appendValue(out *bytes.Buffer, value any) {
	switch v := value.(type) {
	case string:
		appendText(out, v)
	case int:
		out.WriteString(strconv.Itoa(v))
	case float64:
		out.WriteString(strconv.FormatFloat(v, 'f', -1, 64))
	case bool:
		out.WriteString(strconv.FormatBool(v))
	case time.Duration:
		out.WriteString(v.String())
	case time.Time:
		out.WriteString(v.UTC().Format(time.RFC3339Nano))
	case []string:
		appendSeries(out, "[", "]", v, func(s string) { appendText(out, s) })
	case map[string]string:
		appendSeries(out, "{", "}", sortedKeys(v), func(key string) {
			appendText(out, key)
			out.WriteString(": ")
			appendText(out, v[key])
		})
	case entry:
		v.appendFlow(out)
	case []entry:
		appendSeries(out, "[", "]", v, func(e entry) { e.appendFlow(out) })
	default:
		panic(fmt.Sprintf("scenario: a word holds a %T", value))
	}
}

func appendSeries[T any](out *bytes.Buffer, open, end string, items []T, write func(T)) {
	out.WriteString(open)
	for i, item := range items {
		if i > 0 {
			out.WriteString(", ")
		}
		write(item)
	}
	out.WriteString(end)
}

var (
	plainText = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z_./-]*$`)
	reserved  = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
)

// Text returns a text as YAML that is read as the same text, on one line.
func Text(s string) string {
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
