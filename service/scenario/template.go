package scenario

import (
	"fmt"
	"strconv"
	"strings"
)

// template is a text of an entry with a count, in which {n} stands for the number of the copy, from
// 1.
//
//	{n}       1, 2, 3, ...
//	{n:05}    00001, 00002, 00003, ...
//	{n/3}     1, 1, 1, 2, 2, 2, 3, ...: the number of the group when the copies go into groups of three
//	{n/3:05}  00001, 00001, 00001, 00002, ...
//
// Groups are numbered from 1, as copies are, so that eni-node-{n:05} attached to i-node-{n/3:05}
// starts at i-node-00001.
type template []segment

// segment is literal text, or the number if group is not 0.
type segment struct {
	literal string
	group   int
	width   int
}

// Bounds of a placeholder's width and number. No real file needs more, and a typing error must not
// use up the memory.
const (
	maxTemplateWidth = 20
	maxTemplateGroup = 1_000_000_000
	maxTemplate      = 1024 // bytes of a text with placeholders, of which each copy has one of its own
)

// parseTemplate parses a text with placeholders.
func parseTemplate(text string) (template, error) {
	var t template
	for text != "" {
		open := strings.IndexByte(text, '{')
		if open < 0 {
			return append(t, segment{literal: text}), nil
		}
		if open > 0 {
			t = append(t, segment{literal: text[:open]})
		}
		inside, rest, closed := strings.Cut(text[open+1:], "}")
		if !closed {
			return nil, fmt.Errorf("%q has no closing brace", text[open:])
		}
		s, err := parsePlaceholder(inside)
		if err != nil {
			return nil, err
		}
		t = append(t, s)
		text = rest
	}
	return t, nil
}

func parsePlaceholder(inside string) (segment, error) {
	s := segment{group: 1}
	number, width, padded := strings.Cut(inside, ":")
	name, group, grouped := strings.Cut(number, "/")
	if name != "n" {
		return segment{}, fmt.Errorf("{%s} is unknown", inside)
	}
	if grouped {
		size, err := strconv.Atoi(group)
		if err != nil || size < 1 || size > maxTemplateGroup {
			return segment{}, fmt.Errorf("{%s} divides by %q", inside, group)
		}
		s.group = size
	}
	if padded {
		digits, zero := strings.CutPrefix(width, "0")
		places, err := strconv.Atoi(digits)
		if !zero || err != nil || places < 1 || places > maxTemplateWidth {
			return segment{}, fmt.Errorf("{%s} has the width %q", inside, width)
		}
		s.width = places
	}
	return s, nil
}

// literalTemplate returns a text without placeholders.
func literalTemplate(text string) template {
	if text == "" {
		return nil
	}
	return template{{literal: text}}
}

// expand returns the text for copy n.
func (t template) expand(n int) string {
	if len(t) == 0 {
		return ""
	}
	if len(t) == 1 && t[0].group == 0 {
		return t[0].literal
	}
	var buffer [128]byte
	out := buffer[:0]
	for _, s := range t {
		if s.group == 0 {
			out = append(out, s.literal...)
			continue
		}
		number := strconv.Itoa((n-1)/s.group + 1)
		for range s.width - len(number) {
			out = append(out, '0')
		}
		out = append(out, number...)
	}
	return string(out)
}

// templateReader parses the texts of one entry as templates. In an entry without a count, braces
// have no special meaning.
type templateReader struct {
	*report
	counted bool
	failed  bool // a placeholder is malformed, so the entry cannot be expanded
}

func (r *templateReader) one(text located[string]) located[template] {
	out := located[template]{at: text.at, given: text.given}
	if !r.counted {
		out.value = literalTemplate(text.value)
		return out
	}
	if len(text.value) > maxTemplate && strings.Contains(text.value, "{") {
		r.add(text.at, "", "a text with placeholders has %d bytes at most, got %d", maxTemplate, len(text.value))
		r.failed = true
		return out
	}
	t, err := parseTemplate(text.value)
	if err != nil {
		r.add(text.at, "placeholders are {n}, {n:05}, {n/3} and {n/3:05}", "malformed placeholder: %s", err)
		r.failed = true
	}
	out.value = t
	return out
}

func (r *templateReader) all(texts []located[string]) []located[template] {
	out := make([]located[template], 0, len(texts))
	for _, text := range texts {
		out = append(out, r.one(text))
	}
	return out
}
