package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
	"github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"

	"enisim.alt/service/disturbance"
)

// operation is an operation of the control API: what it is for, what its request and its answer are,
// and the function that answers it. Requests and answers of other types than those declared are a
// mistake in this program, which a panic reports, so that the description cannot become false.
type operation struct {
	summary string
	query   any // a struct whose fields have query tags; nil: there is no query
	body    any // of its type are the bodies of requests; nil: there is none
	status  int
	reply   any // of its type are the bodies of answers; nil: there is none
	answer  control
}

// operationKey is the key of its operation in the context of a request.
const operationKey = "operation"

// checkBody panics if a request is read into another type than its operation declares.
func checkBody(c echo.Context, into any) {
	declared := reflect.TypeOf(c.Get(operationKey).(*operation).body)
	if got := reflect.TypeOf(into).Elem(); got != declared {
		panic(fmt.Sprintf("httpapi: the body of %s is read into a %v, and declared as %v", c.Path(), got, declared))
	}
}

// checkReply panics if an answer is of another type, or has another status, than its operation declares.
func (op *operation) checkReply(c echo.Context, status int, reply any) {
	if got, declared := reflect.TypeOf(reply), reflect.TypeOf(op.reply); got != declared || status != op.status {
		panic(fmt.Sprintf("httpapi: %s %s answers %d and a %v, and declares %d and %v",
			c.Request().Method, c.Path(), status, got, op.status, declared))
	}
}

// queryOf returns a parameter of a request's query. It panics if the operation does not declare it.
func queryOf(c echo.Context, name string) string {
	query := reflect.TypeOf(c.Get(operationKey).(*operation).query)
	if query == nil || !slices.ContainsFunc(slices.Collect(query.Fields()),
		func(f reflect.StructField) bool { return f.Tag.Get("query") == name }) {
		panic(fmt.Sprintf("httpapi: %s reads the query %s, which it does not declare", c.Path(), name))
	}
	return c.QueryParam(name)
}

// The queries of operations.
type (
	accountQuery struct {
		Account string `query:"account" description:"Account, by its 16 digits; * for the rules of every account."`
	}
	snapshotQuery struct {
		Account string `query:"account" description:"Account of the snapshot, by its 16 digits." required:"true"`
	}
	keysQuery struct {
		Keys bool `query:"keys" description:"Whether the scenario has the access keys with their secrets."`
	}
)

// The parameters in paths.
type (
	idPath struct {
		ID string `path:"id" description:"Id of the account, key or rule."`
	}
	namePath struct {
		Name string `path:"name" description:"Name of the snapshot."`
	}
)

// serveDescription returns the operation that answers with the description of all operations.
func serveDescription(operations map[string]operation) operation {
	document := sync.OnceValues(func() (json.RawMessage, error) { return describeOperations(operations) })
	return operation{
		summary: "Returns this description.", status: http.StatusOK, reply: json.RawMessage{},
		answer: func(echo.Context) (int, any, error) {
			text, err := document()
			return http.StatusOK, text, err
		},
	}
}

// describeOperations returns an OpenAPI document of the control API, made of the types that it reads
// and answers.
func describeOperations(operations map[string]operation) (json.RawMessage, error) {
	r := openapi31.NewReflector()
	r.Spec.Info.WithTitle("enisim control API").WithVersion("1").WithDescription(
		"For operators of a running simulator. docs/control-api.md says more.")
	r.Spec.SetHTTPBearerTokenSecurity("token", "", "The server's --control-token, if it has one.")
	r.Spec.WithServers(openapi31.Server{URL: controlPrefix})
	r.AddTypeMapping(disturbance.Duration(0), durationText(""))
	r.DefaultOptions = append(r.DefaultOptions, jsonschema.InterceptProp(requireValues))
	for _, name := range slices.Sorted(maps.Keys(operations)) {
		if err := describe(r, name, operations[name]); err != nil {
			return nil, fmt.Errorf("describe %s: %w", name, err)
		}
	}
	return json.Marshal(r.Spec)
}

// durationText is a duration in a description.
type durationText string

// PrepareJSONSchema completes the schema.
func (durationText) PrepareJSONSchema(schema *jsonschema.Schema) error {
	schema.WithPattern(`^-?([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$`).WithExamples("1m30s")
	return nil
}

// requireValues marks the keys as required that an answer always has. A request may lack keys that it
// is refused for; the schema then says so too.
func requireValues(params jsonschema.InterceptPropParams) error {
	tag := params.Field.Tag.Get("json")
	_, options, _ := strings.Cut(tag, ",")
	if !params.Processed || tag == "" || strings.Contains(options, "omit") ||
		params.Field.Type.Kind() == reflect.Pointer {
		return nil
	}
	if response, known := openapi.OperationCtx(params.Context); known && response.IsProcessingResponse() {
		params.ParentSchema.Required = append(params.ParentSchema.Required, params.Name)
	}
	return nil
}

// describe adds an operation to a document.
func describe(r *openapi31.Reflector, name string, op operation) error {
	method, path, _ := strings.Cut(name, " ")
	parts := strings.Split(path, "/")
	var parameters []any
	for i, part := range parts {
		if parameter, ok := strings.CutPrefix(part, ":"); ok {
			parts[i] = "{" + parameter + "}"
			parameters = append(parameters, map[string]any{"id": idPath{}, "name": namePath{}}[parameter])
		}
	}
	context, err := r.NewOperationContext(method, strings.Join(parts, "/"))
	if err != nil {
		return err
	}
	context.SetSummary(op.summary)
	context.AddSecurity("token")
	for _, structure := range append(parameters, op.query, op.body) {
		if structure != nil {
			context.AddReqStructure(structure)
		}
	}
	context.AddRespStructure(op.reply, openapi.WithHTTPStatus(op.status))
	context.AddRespStructure(controlErrorReply{}, func(unit *openapi.ContentUnit) {
		unit.IsDefault = true
		unit.Description = "The request failed; the status is 4xx or 5xx."
	})
	return r.AddOperation(context)
}
