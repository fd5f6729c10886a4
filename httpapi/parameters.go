package httpapi

import (
	"bytes"
	"cmp"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"enisim.alt/httpapi/signature"
	"enisim.alt/service"
)

// maxParameters is the maximum number of parameters of a request.
const maxParameters = 2000

// parameters are the parameters of an action: those of the query, of the form body and, for V3, of
// the headers. An empty value counts as absent.
type parameters map[string]string

// sortedNames returns the sorted names of the parameters that have a value, so that those with a
// common prefix are adjacent.
func (p parameters) sortedNames() []string {
	names := make([]string, 0, len(p))
	for name, value := range p {
		if value != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// incoming is a request that was read, in the forms that its checks need.
type incoming struct {
	parameters parameters
	format     format
	query      url.Values
	all        url.Values // query and form together, as V1 signs them
	body       []byte
	http       *http.Request
}

// goNil is what a released provider, written in Go, sends for options that its configuration leaves
// out, such as NicType. It counts as absent, except in parameters with free text.
const goNil = "<nil>"

// isFreeText reports whether a parameter has text of the user's own: a name, a description, a tag,
// user data.
func isFreeText(name string) bool {
	for _, ending := range []string{"Name", "Description", "Key", "Value", "UserData"} {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return false
}

// readRequest reads a whole request before the database is queried, so that a slow client holds
// nothing but its connection. With an error it returns what could be read, at least the format of
// the reply. If a name is given twice, the first value counts, and the query's before the form's.
// The protocol does not define this.
func (a *API) readRequest(r *http.Request, memory *share) (*incoming, error) {
	in := &incoming{parameters: parameters{}, http: r}
	err := in.readParameters(memory, a.userData)
	for name, values := range in.all {
		if values[0] != goNil || isFreeText(name) {
			in.parameters[name] = values[0]
		}
	}
	if isV3(r) {
		in.parameters["Action"] = r.Header.Get(signature.HeaderAction)
		in.parameters["Version"] = r.Header.Get(signature.HeaderVersion)
		in.format = formatJSON
	} else if strings.EqualFold(in.parameters["Format"], "JSON") {
		in.format = formatJSON
	}
	return in, err
}

func (in *incoming) readParameters(memory *share, withUserData map[string]bool) error {
	err := memory.grow(len(in.http.URL.RawQuery) + parameterCost*strings.Count(in.http.URL.RawQuery, "&"))
	if err != nil {
		return err
	}
	if in.query, err = parseQuery(in.http.URL.RawQuery); err != nil {
		in.all = in.query
		return service.InvalidParameter.With("query string")
	}
	in.all = in.query
	isForm := isForm(in.contentType())
	in.body, err = memory.readBody(in.http, func(soFar []byte) int {
		name := cmp.Or(in.http.Header.Get(signature.HeaderAction), in.query.Get("Action"))
		if name == "" && isForm {
			name = actionIn(soFar)
		}
		if withUserData[name] {
			return largestUserDataBody
		}
		return largestBody
	})
	switch {
	case errors.Is(err, service.ServiceUnavailable):
		return err
	case err != nil:
		return service.InvalidParameter.With("body")
	}
	if len(in.body) == 0 || !isForm {
		return nil // no action takes another kind of body
	}
	if err := memory.grow(len(in.body) + parameterCost*bytes.Count(in.body, []byte("&"))); err != nil {
		return err
	}
	form, err := parseQuery(string(in.body))
	in.all = url.Values{}
	for _, values := range []url.Values{in.query, form} {
		for name, given := range values {
			in.all[name] = append(in.all[name], given...)
		}
	}
	if err != nil {
		return service.InvalidParameter.With("body")
	}
	if len(in.all) > maxParameters {
		return service.InvalidParameter.With("body")
	}
	return nil
}

var (
	errNotText = errors.New("not text in UTF-8")
	errTooMany = errors.New("too many parameters")
)

// parseQuery parses a query or a form. Its text must be UTF-8 without zero bytes, because no
// database stores others. With an error it returns the valid part.
func parseQuery(encoded string) (url.Values, error) {
	if strings.Count(encoded, "&") >= maxParameters {
		return nil, errTooMany
	}
	values, err := url.ParseQuery(encoded)
	for name, given := range values {
		if !isText(name) || !isText(strings.Join(given, "")) {
			delete(values, name)
			err = errNotText
		}
	}
	return values, err
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// contentType returns the type of the body, or "" for a V3 request that does not sign it. The
// signature covers the bytes of the body, so a changed header must not change how they are read.
func (in *incoming) contentType() string {
	if isV3(in.http) {
		a, err := signature.ParseAuthorization(in.http.Header.Get("Authorization"))
		if err != nil || !slices.Contains(a.SignedHeaders, "content-type") {
			return ""
		}
	}
	return in.http.Header.Get("Content-Type")
}

// isForm reports whether the type of a body is that of a form, which is the default.
func isForm(contentType string) bool {
	if contentType == "" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == "application/x-www-form-urlencoded"
}

// format is the encoding of a reply.
type format int

const (
	formatXML format = iota // the protocol's default
	formatJSON
)
