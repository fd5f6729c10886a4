package service

import "testing"

// ruled is a request with a parameter for each rule that tables repeat.
type ruled struct {
	ID        string `api:"Id"`
	Kind      string
	Amount    *int
	Tags      []Tag
	Page      PageRequest
	Malformed Malformed
}

func TestRepeatedRules(t *testing.T) {
	t.Parallel()
	rules := append([]rule[ruled]{
		required[ruled]("Id"),
		wellFormed[ruled](InvalidEniID, "Id", isValidID),
		readable[ruled](),
		among[ruled]("Kind", "normal", "enterprise"),
		within[ruled]("Amount", 1, 100),
		invalid("Tag", func(r ruled) bool { return tooManyTags(r.Tags) }),
	}, validPage[ruled](instancePages)...)

	good := func() ruled { return ruled{ID: "eni-1", Kind: "normal", Amount: new(100)} }
	walkRules(t, rules, good, []spoiler[ruled]{
		{"none", "MissingParameterId", func(r *ruled) { r.ID = "" }},
		{"ill-formed", "InvalidParams.EniId", func(r *ruled) { r.ID += "_" }},
		{
			"not of their types", "InvalidParameterAmount, DryRun",
			func(r *ruled) { r.Malformed = []string{"Amount", "DryRun"} },
		},
		{"another kind", "InvalidParameterKind", func(r *ruled) { r.Kind = "Normal" }},
		{"too many", "InvalidParameterAmount", func(r *ruled) { r.Amount = new(101) }},
		{"tags", "InvalidParameterTag", func(r *ruled) { r.Tags = many(21, Tag{"team", ""}) }},
		{"page number", "InvalidParameterPageNumber", func(r *ruled) { r.Page = PageRequest{PageNumber: new(0)} }},
		{"page size", "InvalidParameterPageSize", func(r *ruled) { r.Page = PageRequest{PageSize: new(101)} }},
		{"token", "InvalidParameterNextToken", func(r *ruled) { r.Page = PageRequest{NextToken: "eni-1"} }},
	})
	for _, n := range []int{1, 100} {
		wantNoError(t, check(rules, ruled{ID: "eni-1", Amount: &n})) // what is not given breaks nothing
	}
	wantError(t, "too few", check(rules, ruled{ID: "eni-1", Amount: new(0)}), InvalidParameter.With("Amount"))
}

// A text that is not given is no ill-formed one: whether it must be given is another rule's.
func TestWellFormedLeavesOutWhatIsNotGiven(t *testing.T) {
	t.Parallel()
	never := wellFormed[ruled](InvalidEniID, "Id", func(string) bool { return false })
	wantNoError(t, check([]rule[ruled]{never}, ruled{}))
	wantError(t, "given", check([]rule[ruled]{never}, ruled{ID: "x"}), InvalidEniID)
}

func wantNoError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("got %v, want no error", err)
	}
}

// A table of rules cannot be made for a parameter that its requests do not have, or have with another type.
func TestRulesNameParametersOfTheirRequests(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]func(){
		"no such parameter":   func() { required[ruled]("ID") }, // the field's name, not the parameter's
		"not a text":          func() { among[ruled]("Amount", "1") },
		"not a number":        func() { within[ruled]("Kind", 1, 2) },
		"of another request":  func() { required[CreateVSwitchRequest]("InstanceId") },
		"without a Malformed": func() { readable[struct{ Kind string }]() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the rule was made, want a panic", name)
				}
			}()
			build()
		}()
	}
}
