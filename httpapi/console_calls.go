package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"enisim.alt/httpapi/console"
	"enisim.alt/httpapi/signature"
)

// itemsOffered is how many items of a list of objects the explorer has inputs for.
const itemsOffered = 2

// explorerProducts returns all actions with their parameters, as the explorer of the console offers them.
func explorerProducts() []console.Product {
	table := actionsByVersion()
	all := make([]console.Product, 0, len(products))
	for _, p := range products {
		product := console.Product{Title: p.title, Version: p.version}
		for _, name := range slices.Sorted(maps.Keys(table[p.version])) {
			act := console.Action{Name: name}
			for _, parameter := range table[p.version][name].describeParameters() {
				act.Parameters = append(act.Parameters, explorerParameters(parameter)...)
			}
			product.Actions = append(product.Actions, act)
		}
		all = append(all, product)
	}
	return all
}

// explorerParameters returns a parameter as requests name it: an object has a name for each of its fields, and
// a list of objects for those of its first items.
func explorerParameters(p ParameterDescription) []console.Parameter {
	one := console.Parameter{Name: p.Name, Demands: p.Demands(), Required: p.Schema.Required, Accepted: p.Schema.Enum}
	fields := func(prefix string, of Schema) (all []console.Parameter) {
		for _, name := range slices.Sorted(maps.Keys(of.Properties)) {
			field := ParameterDescription{Name: prefix + "." + name, Schema: of.Properties[name]}
			if field.Schema.Type == "array" {
				field.Style = "repeatList"
			}
			all = append(all, explorerParameters(field)...)
		}
		return all
	}
	switch items := p.Schema.Items; {
	case p.Schema.Properties != nil:
		return fields(p.Name, p.Schema)
	case items != nil && items.Properties != nil:
		var all []console.Parameter
		for k := range itemsOffered {
			all = append(all, fields(p.Name+"."+strconv.Itoa(k+1), *items)...)
		}
		return all
	case items != nil && p.Style == "repeatList":
		one.IsMany = true
	case p.Schema.Type == "boolean" && one.Accepted == nil:
		one.Accepted = []string{"true", "false"}
	}
	return []console.Parameter{one}
}

// callForConsole makes a call as a client would: signed, and through the same handler. So it counts, and it is
// recorded, throttled and disturbed like any other.
func (a *API) callForConsole(ctx context.Context, call console.Call) (console.Answer, error) {
	// First sign the request.
	identity, err := a.service.Identify(ctx, call.AccessKeyID)
	switch {
	case err != nil:
		return console.Answer{}, err
	case identity.AccountID != call.AccountID:
		return console.Answer{}, errors.New("the access key belongs to another account")
	}
	form := url.Values{
		"Action":           {call.Action},
		"Version":          {call.Version},
		"Format":           {"JSON"},
		"AccessKeyId":      {call.AccessKeyID},
		"SignatureMethod":  {signature.MethodV1},
		"SignatureVersion": {signature.VersionV1},
		"SignatureNonce":   {uuid.NewString()},
		"Timestamp":        {a.gate.now().UTC().Format(signature.TimeFormat)},
	}
	if token := identity.SecurityToken(); token != "" {
		form.Set("SecurityToken", token)
	}
	maps.Copy(form, call.Parameters)
	form.Set(signature.ParameterV1, signature.V1(http.MethodPost, form, identity.Secret))

	// Then send it. A client that waits too long gives up, which cancels its request.
	ctx, cancel := context.WithCancel(ctx)
	defer time.AfterFunc(console.CallTimeout, cancel).Stop()
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(form.Encode()))
	if err != nil {
		return console.Answer{}, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Host, request.RemoteAddr = call.From.Host, call.From.RemoteAddr
	started := time.Now()
	received := &callRecorder{header: http.Header{}}
	a.record(received, request)
	answer := received.answer()
	answer.Took = time.Since(started)
	return answer, nil
}

// record answers a request into a recorder. The end of its connection is the end of a panic.
func (a *API) record(w *callRecorder, r *http.Request) {
	defer func() {
		switch value := recover(); value {
		case nil, http.ErrAbortHandler:
		default:
			panic(value)
		}
	}()
	a.echo.ServeHTTP(w, r)
}

// maxRecorded is the number of bytes of an answer that a recorder keeps.
const maxRecorded = 4 << 20

// callRecorder is the connection of a call that the server makes itself. Nothing can hijack it, so a fault
// that resets a connection ends its handler.
type callRecorder struct {
	header  http.Header
	status  int
	body    bytes.Buffer
	root    string // of the answer in XML
	reply   any    // nil: there was none
	encoded []byte // as it is without a fault
}

func (w *callRecorder) Header() http.Header { return w.header }

func (w *callRecorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write keeps what there is room for.
func (w *callRecorder) Write(part []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.body.Write(part[:min(len(part), maxRecorded-w.body.Len())])
	return len(part), nil
}

// Flush does nothing: a part of an answer is of no use.
func (*callRecorder) Flush() {}

// answer returns what was recorded.
func (w *callRecorder) answer() console.Answer {
	answer := console.Answer{
		RequestID: w.header.Get("X-Acs-Request-Id"), Status: w.status, Fault: w.header.Get(HeaderFault),
	}
	if w.status == 0 || w.reply == nil {
		return answer
	}
	if failure, ok := w.reply.(*errorReply); ok {
		answer.Code = failure.Code
	}
	if !bytes.Equal(w.body.Bytes(), w.encoded) {
		answer.Received = w.body.String()
		if answer.Received == "" {
			answer.Received = "(nothing)"
		}
		return answer
	}
	var asJSON, asXML bytes.Buffer
	encoder := xml.NewEncoder(&asXML)
	encoder.Indent("", "  ")
	failure := encoder.EncodeElement(w.reply, xml.StartElement{Name: xml.Name{Local: w.root}})
	if err := errors.Join(json.Indent(&asJSON, w.encoded, "", "  "), failure); err != nil {
		answer.Received = w.body.String() // it was encoded once already, so this does not happen
		return answer
	}
	answer.JSON, answer.XML = asJSON.String(), asXML.String()
	return answer
}
