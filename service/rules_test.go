package service

import "testing"

// ruled is a request with a parameter for each rule that tables repeat.
type ruled struct {
	ID        string
	Kind      string
	Amount    *int
	Tags      []Tag
	Page      PageRequest
	Malformed Malformed
}

func TestRepeatedRules(t *testing.T) {
	t.Parallel()
	rules := append([]rule[ruled]{
		required("Id", func(r ruled) string { return r.ID }),
		wellFormed(InvalidEniID, func(r ruled) string { return r.ID }, isValidID),
		readable(func(r ruled) Malformed { return r.Malformed }),
		among("Kind", func(r ruled) string { return r.Kind }, "normal", "enterprise"),
		within("Amount", 1, 100, func(r ruled) *int { return r.Amount }),
		invalid("Tag", func(r ruled) bool { return tooManyTags(r.Tags) }),
	}, validPage(instancePages, func(r ruled) PageRequest { return r.Page })...)

	good := func() ruled { return ruled{ID: "eni-1", Kind: "normal", Amount: new(100)} }
	walkRules(t, rules, good, []spoiler[ruled]{
		{"none", "MissingParameterId", func(r *ruled) { r.ID = "" }},
		{"ill-formed", "InvalidParams.EniId", func(r *ruled) { r.ID += "_" }},
		{"not of their types", "InvalidParameterAmount, DryRun", func(r *ruled) { r.Malformed = []string{"Amount", "DryRun"} }},
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
	never := wellFormed(InvalidEniID, func(s string) string { return s }, func(string) bool { return false })
	wantNoError(t, check([]rule[string]{never}, ""))
	wantError(t, "given", check([]rule[string]{never}, "x"), InvalidEniID)
}

func wantNoError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("got %v, want no error", err)
	}
}
