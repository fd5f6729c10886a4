package service

import (
	"encoding/base64"
	"math"
	"testing"

	"pgregory.net/rapid"

	"enisim/store"
)

var testPages = paging{list: "tests", maxPageSize: 50, minResults: 10, maxResults: 100, defaultPageSize: 10}

// What is read for a request, within the bounds of the list.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		request PageRequest
		want    store.Page
	}{
		{"nothing said", PageRequest{}, store.Page{Limit: 10, Count: true}},
		{"a number", PageRequest{PageNumber: new(3)}, store.Page{Skip: 20, Limit: 10, Count: true}},
		{
			"a number and a size", PageRequest{PageNumber: new(3), PageSize: new(50)},
			store.Page{Skip: 100, Limit: 50, Count: true},
		},
		{"the last number of all", PageRequest{PageNumber: new(math.MaxInt32), PageSize: new(50)},
			store.Page{Skip: (math.MaxInt32 - 1) * 50, Limit: 50, Count: true}},
		{"results", PageRequest{MaxResults: new(42)}, store.Page{Limit: 42}},
		{"results below the bound", PageRequest{MaxResults: new(-1)}, store.Page{Limit: 10}},
		{"results above the bound", PageRequest{MaxResults: new(101)}, store.Page{Limit: 100}},
		{"a token", PageRequest{NextToken: testPages.token("eni-7")}, store.Page{After: "eni-7", Limit: 10}},
		{"a token, results, and a number that does not count", PageRequest{
			NextToken: testPages.token("eni-7"), MaxResults: new(20), PageNumber: new(3),
		},
			store.Page{After: "eni-7", Limit: 20}},
	} {
		if got := testPages.page(c.request); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// What a request gets wrong. Numbers and sizes are not looked at where a token leads.
func TestBadPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		request             PageRequest
		number, size, token bool
	}{
		{name: "nothing said"},
		{name: "number 0", request: PageRequest{PageNumber: new(0)}, number: true},
		{name: "a number beyond 32 bits", request: PageRequest{PageNumber: new(math.MaxInt32 + 1)}, number: true},
		{name: "size 0", request: PageRequest{PageSize: new(0)}, size: true},
		{name: "the largest size", request: PageRequest{PageSize: new(50)}},
		{name: "a larger size", request: PageRequest{PageSize: new(51)}, size: true},
		{name: "bad numbers beside results", request: PageRequest{
			PageNumber: new(0), PageSize: new(0), MaxResults: new(10),
		}},
		{name: "a token", request: PageRequest{NextToken: testPages.token("eni-7")}},
		{
			name: "a token of another list", request: PageRequest{NextToken: paging{list: "others"}.token("eni-7")},
			token: true,
		},
		{
			name: "a token with an end cut off", request: PageRequest{NextToken: testPages.token("eni-7")[:8]},
			token: true,
		},
		{name: "an id instead of a token", request: PageRequest{NextToken: "eni-7"}, token: true},
		{name: "a token to what is no id", request: PageRequest{NextToken: testPages.token("eni\x00")}, token: true},
		{name: "not base64", request: PageRequest{NextToken: "?"}, token: true},
	} {
		if got := c.request.hasInvalidNumber(); got != c.number {
			t.Errorf("%s: got a bad number %v, want %v", c.name, got, c.number)
		}
		if got := c.request.hasInvalidSize(testPages); got != c.size {
			t.Errorf("%s: got a bad size %v, want %v", c.name, got, c.size)
		}
		if got := c.request.hasInvalidToken(testPages); got != c.token {
			t.Errorf("%s: got a bad token %v, want %v", c.name, got, c.token)
		}
	}
}

// A token leads back to its id. One that was changed leads nowhere, rather than to another place.
func TestTokens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[a-zA-Z0-9-]{1,128}`).Draw(t, "id")
		token := testPages.token(id)
		if got, ours := testPages.afterID(token); got != id || !ours {
			t.Fatalf("%s: got back %q, %v, want %q", token, got, ours, id)
		}
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			t.Fatal(err)
		}
		raw[rapid.IntRange(0, len(raw)-1).Draw(t, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(t, "change"))
		if got, ours := testPages.afterID(base64.RawURLEncoding.EncodeToString(raw)); ours {
			t.Fatalf("%s, changed: got %q, want no place", token, got)
		}
	})
}
