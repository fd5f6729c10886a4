package httpapi_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"enisim.alt/httpapi"
)

// Two requests that violate one rule each become one that violates both: each is a base, which violates none, with
// changes, and the changes of both are made.

// parameterSet is a whole request: its parameters that have a value, with AccessKeyId and Version.
type parameterSet map[string]string

// requestOf returns the request of a golden case. It leaves out a ClientToken that is valid, because a refusal may use
// it up.
func requestOf(action string, c goldenCase) parameterSet {
	request := parameterSet{"Action": action, "Version": c.version, "AccessKeyId": c.key, "Format": "JSON"}
	if c.version == "" {
		request["Version"] = httpapi.VersionOf(action)
	}
	if c.key == "" {
		request["AccessKeyId"] = goldenKey
	}
	for pair := range slices.Chunk(c.pairs, 2) {
		request[pair[0]] = pair[1]
	}
	if c.name != "InvalidClientToken.ValueNotSupported" {
		delete(request, "ClientToken")
	}
	return request.with(nil)
}

// with returns a request with changes, of which an empty value leaves a parameter out.
func (p parameterSet) with(changes parameterSet) parameterSet {
	out := maps.Clone(p)
	maps.Copy(out, changes)
	maps.DeleteFunc(out, func(_, value string) bool { return value == "" })
	return out
}

// changes returns what makes a request of its base.
func (p parameterSet) changes(base parameterSet) parameterSet {
	changes := parameterSet{}
	for name, value := range p {
		if base[name] != value {
			changes[name] = value
		}
	}
	for name := range base {
		if p[name] == "" {
			changes[name] = ""
		}
	}
	return changes
}

// listOf returns the list of a parameter, or the parameter itself.
func listOf(name string) string {
	list, _, _ := strings.Cut(name, ".")
	return list
}

// replacements returns the lists and parameters that changes set and the base does not have.
func (p parameterSet) replacements(base parameterSet) parameterSet {
	out := parameterSet{}
	for name, value := range p {
		if value != "" && base[name] == "" {
			out[listOf(name)] = "set"
		}
	}
	return out
}

// agree reports whether the changes of two requests can be made together: no parameter is changed in two ways, no list
// is left out by one and set by the other, and what both leave out they replace by the same.
func agree(base, a, b parameterSet) bool {
	bothLeaveOut := false
	for name, value := range a {
		other, changed := b[name]
		if changed && other != value {
			return false
		}
		bothLeaveOut = bothLeaveOut || changed && value == ""
	}
	first, second := base.with(a), base.with(b)
	return first.keepsListsOf(base, b) && second.keepsListsOf(base, a) &&
		(!bothLeaveOut || maps.Equal(a.replacements(base), b.replacements(base)))
}

// keepsListsOf reports whether a request has all lists of the base that other changes set.
func (p parameterSet) keepsListsOf(base, changes parameterSet) bool {
	for name, value := range changes {
		if list := listOf(name); value != "" && base.hasList(list) && !p.hasList(list) {
			return false
		}
	}
	return true
}

func (p parameterSet) hasList(list string) bool {
	for name := range p {
		if listOf(name) == list {
			return true
		}
	}
	return false
}

func (p parameterSet) hasItem(item string) bool {
	for name := range p {
		if strings.HasPrefix(name, item+".") {
			return true
		}
	}
	return false
}

var listItem = regexp.MustCompile(`^([A-Za-z0-9]+\.)(\d+)(.*)$`)

// renumbered returns changes that add to a list behind the items that others add.
func (p parameterSet) renumbered(base, others parameterSet) parameterSet {
	item := func(name string) string { return strings.Join(listItem.FindStringSubmatch(name)[1:3], "") }
	added := func(changes parameterSet, in string) bool {
		for name, value := range changes {
			if value != "" && listItem.MatchString(name) && item(name) == in {
				return true
			}
		}
		return false
	}
	out := parameterSet{}
	for name, value := range p {
		if m := listItem.FindStringSubmatch(name); m != nil && !added(base, item(name)) && added(others, item(name)) {
			number, _ := strconv.Atoi(m[2])
			name = fmt.Sprintf("%s%d%s", m[1], number+1000, m[3])
		}
		out[name] = value
	}
	return out
}

var wordOfMessage = regexp.MustCompile(`[A-Za-z0-9.]+`)

// keptIn reports whether the parameters that the message of a violation names are in a request as they are in its own.
// A list of objects that it names has as many.
func (v violation) keptIn(request parameterSet) bool {
	words := wordOfMessage.FindAllString(v.want.Message, -1)
	for name := range v.request.with(request) {
		item := listItem.FindStringSubmatch(name)
		isField := item != nil && item[3] != ""
		switch {
		case slices.Contains(words, name),
			isField && slices.Contains(words, item[3][1:]),
			!isField && slices.Contains(words, listOf(name)):
			if request[name] != v.request[name] {
				return false
			}
		case isField && slices.Contains(words, listOf(name)):
			if request.hasItem(item[1]+item[2]) != v.request.hasItem(item[1]+item[2]) {
				return false
			}
		}
	}
	return true
}
