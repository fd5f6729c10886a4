package service

import "testing"

// sampleRequest is a request with a parameter for each rule that several tables use.
type sampleRequest struct {
	ID        string `api:"Id"`
	Kind      string
	Amount    *int
	Tags      []Tag
	Page      PageRequest
	Malformed Malformed
}

// Each of the rules that several tables use answers with its error, the earlier one first.
func TestSharedRules(t *testing.T) {
	t.Parallel()
	rules := append([]rule[sampleRequest]{
		required[sampleRequest]("Id"),
		wellFormed[sampleRequest](InvalidEniID, "Id", isValidID),
		readable[sampleRequest](),
		among[sampleRequest]("Kind", "normal", "enterprise"),
		within[sampleRequest]("Amount", 1, 100),
		invalid("Tag", func(r sampleRequest) bool { return tooManyTags(r.Tags) }),
	}, validPage[sampleRequest](instancePages)...)

	valid := func() sampleRequest { return sampleRequest{ID: "eni-1", Kind: "normal", Amount: new(100)} }
	walkRules(t, rules, valid, []violation[sampleRequest]{
		{"missing", "MissingParameterId", func(r *sampleRequest) { r.ID = "" }},
		{"malformed", "InvalidParams.EniId", func(r *sampleRequest) { r.ID += "_" }},
		{
			"not of their types", "InvalidParameterAmount, DryRun",
			func(r *sampleRequest) { r.Malformed = []string{"Amount", "DryRun"} },
		},
		{"another kind", "InvalidParameterKind", func(r *sampleRequest) { r.Kind = "Normal" }},
		{"too many", "InvalidParameterAmount", func(r *sampleRequest) { r.Amount = new(101) }},
		{"tags", "InvalidParameterTag", func(r *sampleRequest) { r.Tags = many(21, Tag{"team", ""}) }},
		{
			"page number", "InvalidParameterPageNumber",
			func(r *sampleRequest) { r.Page = PageRequest{PageNumber: new(0)} },
		},
		{"page size", "InvalidParameterPageSize", func(r *sampleRequest) { r.Page = PageRequest{PageSize: new(101)} }},
		{"token", "InvalidParameterNextToken", func(r *sampleRequest) { r.Page = PageRequest{NextToken: "eni-1"} }},
	})
	for _, n := range []int{1, 100} {
		wantNoError(t, check(rules, sampleRequest{ID: "eni-1", Amount: &n})) // empty parameters violate no other rule
	}
	wantError(t, "too few", check(rules, sampleRequest{ID: "eni-1", Amount: new(0)}), InvalidParameter.With("Amount"))
}

// An empty text is not malformed. Whether a parameter is required is another rule.
func TestWellFormedAcceptsAnEmptyText(t *testing.T) {
	t.Parallel()
	never := wellFormed[sampleRequest](InvalidEniID, "Id", func(string) bool { return false })
	wantNoError(t, check([]rule[sampleRequest]{never}, sampleRequest{}))
	wantError(t, "given", check([]rule[sampleRequest]{never}, sampleRequest{ID: "x"}), InvalidEniID)
}

// wantNoError fails the test on an error.
func wantNoError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("got %v, want no error", err)
	}
}

// A rule cannot be created for a parameter that the request does not have, or that has another
// type.
func TestRulesNameParametersOfTheirRequests(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]func(){
		"no such parameter":   func() { required[sampleRequest]("ID") }, // the name of the field, not of the parameter
		"not a text":          func() { among[sampleRequest]("Amount", "1") },
		"not a number":        func() { within[sampleRequest]("Kind", 1, 2) },
		"of another request":  func() { required[CreateVSwitchRequest]("InstanceId") },
		"without a Malformed": func() { readable[struct{ Kind string }]() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: got a rule, want a panic", name)
				}
			}()
			build()
		}()
	}
}
