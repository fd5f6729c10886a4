package service

import (
	"encoding/base64"
	"math"
	"testing"

	"pgregory.net/rapid"

	"enisim.alt/store"
)

var testPages = paging{list: "tests", maxPageSize: 50, minResults: 10, maxResults: 100, defaultPageSize: 10}

// Each form of a page request selects its page, within the limits of the list.
func TestPageOfARequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		request PageRequest
		want    store.Page
	}{
		{"an empty request", PageRequest{}, store.Page{Limit: 10, Count: true}},
		{"a number", PageRequest{PageNumber: new(3)}, store.Page{Skip: 20, Limit: 10, Count: true}},
		{
			"a number and a size", PageRequest{PageNumber: new(3), PageSize: new(50)},
			store.Page{Skip: 100, Limit: 50, Count: true},
		},
		{"the last number of all", PageRequest{PageNumber: new(math.MaxInt32), PageSize: new(50)},
			store.Page{Skip: (math.MaxInt32 - 1) * 50, Limit: 50, Count: true}},
		{"results", PageRequest{MaxResults: new(42)}, store.Page{Limit: 42}},
		{"results below the minimum", PageRequest{MaxResults: new(-1)}, store.Page{Limit: 10}},
		{"results above the maximum", PageRequest{MaxResults: new(101)}, store.Page{Limit: 100}},
		{"a token", PageRequest{NextToken: testPages.token("eni-7")}, store.Page{After: "eni-7", Limit: 10}},
		{
			"a token, results, and a number, which is ignored",
			PageRequest{NextToken: testPages.token("eni-7"), MaxResults: new(20), PageNumber: new(3)},
			store.Page{After: "eni-7", Limit: 20},
		},
	} {
		if got := testPages.page(c.request); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// Invalid numbers, sizes and tokens are found. Numbers and sizes are ignored if the request pages
// by token.
func TestInvalidPageRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		request             PageRequest
		number, size, token bool
	}{
		{name: "an empty request"},
		{name: "number 0", request: PageRequest{PageNumber: new(0)}, number: true},
		{name: "a number beyond 32 bits", request: PageRequest{PageNumber: new(math.MaxInt32 + 1)}, number: true},
		{name: "size 0", request: PageRequest{PageSize: new(0)}, size: true},
		{name: "the largest size", request: PageRequest{PageSize: new(50)}},
		{name: "a larger size", request: PageRequest{PageSize: new(51)}, size: true},
		{name: "invalid numbers together with results", request: PageRequest{
			PageNumber: new(0), PageSize: new(0), MaxResults: new(10),
		}},
		{name: "a token", request: PageRequest{NextToken: testPages.token("eni-7")}},
		{
			name: "a token of another list", request: PageRequest{NextToken: paging{list: "others"}.token("eni-7")},
			token: true,
		},
		{
			name: "a truncated token", request: PageRequest{NextToken: testPages.token("eni-7")[:8]},
			token: true,
		},
		{name: "an id instead of a token", request: PageRequest{NextToken: "eni-7"}, token: true},
		{name: "a token of an invalid id", request: PageRequest{NextToken: testPages.token("eni\x00")}, token: true},
		{name: "not base64", request: PageRequest{NextToken: "?"}, token: true},
	} {
		if got := c.request.hasInvalidNumber(); got != c.number {
			t.Errorf("%s: invalid number: got %t, want %t", c.name, got, c.number)
		}
		if got := c.request.hasInvalidSize(testPages); got != c.size {
			t.Errorf("%s: invalid size: got %t, want %t", c.name, got, c.size)
		}
		if got := c.request.hasInvalidToken(testPages); got != c.token {
			t.Errorf("%s: invalid token: got %t, want %t", c.name, got, c.token)
		}
	}
}

// A token decodes to its id. A token that was changed is refused.
func TestPageTokens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[a-zA-Z0-9-]{1,128}`).Draw(t, "id")
		token := testPages.token(id)
		if got, valid := testPages.afterID(token); got != id || !valid {
			t.Fatalf("%s: got %q, %t, want %q", token, got, valid, id)
		}
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			t.Fatal(err)
		}
		raw[rapid.IntRange(0, len(raw)-1).Draw(t, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(t, "change"))
		if got, valid := testPages.afterID(base64.RawURLEncoding.EncodeToString(raw)); valid {
			t.Fatalf("%s, changed: got %q, want it refused", token, got)
		}
	})
}
