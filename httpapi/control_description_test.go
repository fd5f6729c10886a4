package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"enisim.alt/httpapi"
	"enisim.alt/service"
)

// openAPI is what the tests read of the description of the control API.
type openAPI struct {
	OpenAPI string
	Paths   map[string]map[string]describedOperation
}

type describedOperation struct {
	Summary     string
	RequestBody describedContent
	Responses   map[string]describedContent
}

type describedContent struct {
	Content map[string]struct{ Schema map[string]any }
}

// description returns the description of a server's control API, and a compiler of its schemas.
func description(t *testing.T, s *server) (openAPI, *jsonschema.Compiler) {
	t.Helper()
	status, text, _ := s.control(t, controlRequest{method: "GET", path: "/openapi.json"})
	if status != http.StatusOK {
		t.Fatalf("got %d %s, want the description", status, text)
	}
	var d openAPI
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	return d, compiler
}

// operationNames returns the operations of a description, as method and path.
func (d openAPI) operationNames() (names []string) {
	for path, methods := range d.Paths {
		for method := range methods {
			names = append(names, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(names)
	return names
}

// validate checks a text by a schema of the document, whose place in it is a path.
func validate(t *testing.T, compiler *jsonschema.Compiler, text string, place ...string) error {
	t.Helper()
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	pointer := ""
	for _, step := range place {
		pointer += "/" + escape.Replace(step)
	}
	schema, err := compiler.Compile("openapi.json#" + pointer)
	if err != nil {
		t.Fatalf("%v: %v", place, err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// controlCalls is a call of each operation, in an order in which all succeed. {account}, {fault} and
// the like stand for the ids that earlier calls have answered.
var controlCalls = []struct{ operation, query, body string }{
	{"POST /accounts", "", `{"name": "second", "quotas": {"network_interfaces_per_region": 7}, "expires_in": "1h"}`},
	{"GET /accounts", "", ""},
	{"PATCH /accounts/{account}", "", `{"repeats": "accept"}`},
	{"POST /accounts/{account}/reset", "", `{"scenario": "enisim: 1\naccounts: [{id: \"1000000000000009\"}]"}`},
	{"GET /accounts/{account}/scenario", "keys=true", ""},
	{"POST /accounts/{account}/clock", "", `{"advance": "90s"}`},
	{"GET /accounts/{account}/clock", "", ""},
	{"PUT /accounts/{account}/throttle", "",
		`{"preset": "realistic", "limits": [{"action": "Describe*", "per_second": 5, "burst": 10}]}`},
	{"GET /accounts/{account}/throttle", "", ""},
	{"DELETE /accounts/{account}/throttle", "", ""},
	{"PUT /accounts/{account}/quotas", "", `{"instances_per_region": 7}`},
	{"GET /accounts/{account}/quotas", "", ""},
	{"DELETE /accounts/{account}/quotas", "", ""},
	{"POST /stock", "", `{"account": "{account}", "zone": "cn-hangzhou-h", "instance_type": "ecs.g7.*", "left": 3}`},
	{"GET /stock", "account={account}", ""},
	{"GET /stock/{stock}", "", ""},
	{"DELETE /stock/{stock}", "", ""},
	{"DELETE /stock", "account={account}", ""},
	{"POST /keys", "", `{"account": "{account}", "expires_in": "1h", "temporary": true}`},
	{"GET /keys", "account={account}", ""},
	{"POST /keys/{key}/disable", "", ""},
	{"DELETE /keys/{key}", "", ""},
	{"POST /snapshots", "", `{"account": "{account}", "name": "one"}`},
	{"GET /snapshots", "account={account}", ""},
	{"POST /snapshots/{name}/restore", "", `{"account": "{account}"}`},
	{"DELETE /snapshots/{name}", "account={account}", ""},
	{"POST /faults", "", `{"account": "{account}", "action": "Describe*", "when": {"probability": 0.5, "seed": 7},
		"do": {"answer": "Throttling", "delay": "1m30s"}, "silent": true}`},
	{"GET /faults", "account={account}", ""},
	{"GET /faults/{fault}", "", ""},
	{"DELETE /faults/{fault}", "", ""},
	{"DELETE /faults", "account={account}", ""},
	{"POST /lifecycles", "", `{"account": "1000000000000001", "transition": "Attaching", "lasts": {"never": true}}`},
	{"GET /lifecycles", "account=1000000000000001", ""},
	{"GET /lifecycles/{lifecycle}", "", ""},
	{"POST /lifecycles/release", "", `{"account": "1000000000000001", "resource": "eni-1"}`},
	{"GET /events", "account=1000000000000001&refusals=true&limit=5&after=0", ""},
	{"GET /requests/{request}", "", ""},
	{"DELETE /lifecycles/{lifecycle}", "", ""},
	{"DELETE /lifecycles", "account={account}", ""},
	{"POST /scenario/apply", "", `{"name": "x", "scenario": "enisim: 1\naccounts: [{id: \"1000000000000009\"}]"}`},
	{"POST /scenario/diff", "", `{"scenario": "enisim: 1\naccounts: [{id: \"1000000000000009\", name: other}]"}`},
	{"GET /verify", "", ""},
	{"DELETE /accounts/{account}", "", ""},
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

// The description has exactly the operations that the server has. Of each, a request is valid by its
// schema and accepted, an unknown key is refused, and the answer is as described.
func TestDescriptionOfTheControlAPI(t *testing.T) {
	t.Parallel()
	s := serve(t, world().Instance("i-1").NetworkInterface("eni-1"),
		service.Options{Refusals: service.AllRefusals}, openControl)
	d, compiler := description(t, s)
	if !strings.HasPrefix(d.OpenAPI, "3.1.") {
		t.Errorf("got OpenAPI %s, want 3.1", d.OpenAPI)
	}
	called := map[string]bool{}
	values := map[string]string{"account": account, "name": "one"}
	fill := func(text string) string {
		for name, value := range values {
			text = strings.ReplaceAll(text, "{"+name+"}", value)
		}
		return text
	}
	for _, call := range controlCalls {
		method, path, _ := strings.Cut(call.operation, " ")
		template := placeholder.ReplaceAllStringFunc(path, func(name string) string {
			if name == "{name}" {
				return name
			}
			return "{id}"
		})
		called[method+" "+template] = true
		op := d.Paths[template][strings.ToLower(method)]
		if op.Summary == "" {
			t.Errorf("%s: got no description, want one", call.operation)
			continue
		}
		if call.operation == "POST /lifecycles/release" { // it needs a transition, which the lifecycle keeps
			if r := s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1",
				"NetworkInterfaceId", "eni-1"); r.status != http.StatusOK {
				t.Fatalf("attach: got %v", r)
			}
			refused := s.mustCall(t, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
			values["request"] = refused.requestID()
		}
		// First the request, as it is described and with an unknown key.
		request := controlRequest{method: method, path: fill(path) + "?" + fill(call.query), body: fill(call.body)}
		if call.body != "" {
			if err := validate(t, compiler, request.body, "paths", template, strings.ToLower(method), "requestBody",
				"content", "application/json", "schema"); err != nil {
				t.Errorf("%s: the request is not as described: %v", call.operation, err)
			}
			wrong := request
			wrong.body = strings.Replace(request.body, "{", `{"unknown_key": 1, `, 1)
			if status, text, _ := s.control(t, wrong); status != http.StatusBadRequest ||
				!strings.Contains(text, `unknown key \"unknown_key\"`) {
				t.Errorf("%s with an unknown key: got %d %s, want a refusal", call.operation, status, text)
			}
		}
		// Then the answer.
		before := s.operations(t)
		status, text, _ := s.control(t, request)
		checkOperations(t, call.operation, s.operations(t)[len(before):], text)
		answer, found := op.Responses[fmt.Sprint(status)]
		switch {
		case !found:
			t.Errorf("%s: got %d %s, want one of %v", call.operation, status, text,
				slices.Collect(maps.Keys(op.Responses)))
			continue
		case len(answer.Content) == 0:
			if text != "" {
				t.Errorf("%s: got the body %s, want none", call.operation, text)
			}
			continue
		}
		if err := validate(t, compiler, text, "paths", template, strings.ToLower(method), "responses",
			fmt.Sprint(status), "content", "application/json", "schema"); err != nil {
			t.Errorf("%s: the answer %s is not as described: %v", call.operation, text, err)
		}
		id, _ := decodeJSON(t, text)["id"].(string)
		switch kind, _, isRule := strings.Cut(id, "-"); {
		case call.operation == "POST /accounts":
			values["account"] = id
		case call.operation == "POST /keys":
			values["key"] = id
		case isRule && method == http.MethodPost:
			values[kind] = id
		}
	}
	called["GET /openapi.json"] = true
	if got, want := slices.Sorted(maps.Keys(called)), servedControls(); !slices.Equal(got, want) {
		t.Errorf("got calls of\n%v, want one of each operation:\n%v", got, want)
	}
	delete(called, "GET /openapi.json") // which does not describe itself
	if got, want := d.operationNames(), slices.Sorted(maps.Keys(called)); !slices.Equal(got, want) {
		t.Errorf("got a description of\n%v, want one of each operation:\n%v", got, want)
	}
}

// servedControls returns the operations of the server, in the form of a description.
func servedControls() (names []string) {
	for _, name := range httpapi.ControlNames() {
		names = append(names, regexp.MustCompile(`:(\w+)`).ReplaceAllString(name, "{$1}"))
	}
	slices.Sort(names)
	return names
}
