package service

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// JSONList is a list parameter that is one JSON array in a string: ["a","b"]. A list that is
// present and empty is not nil. It selects nothing, while an absent one selects everything.
type JSONList []string

// isEmpty reports whether the list is present and has no members.
func (l JSONList) isEmpty() bool { return l != nil && len(l) == 0 }

// areEmpty reports whether one of the lists is present and has no members.
func areEmpty(lists ...JSONList) bool { return slices.ContainsFunc(lists, JSONList.isEmpty) }

var errNotAList = errors.New("not a JSON list of strings")

// ParseJSONList parses a list as clients and shells send it. Besides JSON it accepts forms that
// have only one possible meaning:
//
//	['a','b']      single quotes, also around one of several members
//	[\"a\",\"b\"]  quotes that a shell has not unescaped
//	'["a","b"]'    quotes around the whole
//	"a", 'a'       one quoted member without brackets
//	["a","b",]     a comma at the end
//	null           an empty list
//
// Members without quotes are refused, in brackets or not, as in the real service. So is a zero
// byte, which no database stores.
func ParseJSONList(text string) (JSONList, error) {
	var members []string
	if err := json.Unmarshal([]byte(text), &members); err == nil {
		if strings.Contains(strings.Join(members, ""), "\x00") {
			return nil, errNotAList
		}
		return append(JSONList{}, members...), nil
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, `\"`, `"`))
	if inner, quoted := unquote(text); quoted {
		inner = strings.TrimSpace(inner)
		if strings.HasPrefix(inner, "[") {
			text = inner
		} else if inner != "" && !strings.ContainsAny(inner, `,'"[]{}\ `) {
			return JSONList{inner}, nil
		}
	}
	inner, opened := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !opened || !closed {
		return nil, errNotAList
	}
	return splitMembers(inner)
}

// splitMembers parses quoted members with commas between them.
func splitMembers(text string) (JSONList, error) {
	list := JSONList{}
	for text = strings.TrimSpace(text); text != ""; {
		quote := text[:1]
		if quote != `"` && quote != `'` {
			return nil, errNotAList
		}
		member, rest, closed := strings.Cut(text[1:], quote)
		if !closed || strings.Contains(member, `\`) {
			return nil, errNotAList
		}
		list = append(list, member)
		text = strings.TrimSpace(rest)
		if text == "" {
			break
		}
		if text[0] != ',' {
			return nil, errNotAList
		}
		text = strings.TrimSpace(text[1:])
	}
	return list, nil
}

// unquote returns a text without the pair of quotes around it.
func unquote(text string) (inner string, quoted bool) {
	if len(text) < 2 || text[0] != text[len(text)-1] || (text[0] != '"' && text[0] != '\'') {
		return text, false
	}
	return text[1 : len(text)-1], true
}
