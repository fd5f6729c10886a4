package service

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"math"
	"strings"

	"enisim/store"
)

// PageRequest is the part of a list that a caller asks for: a page by its number, or, when
// MaxResults or NextToken is there, the page that a token leads to.
type PageRequest struct {
	MaxResults *int
	NextToken  string // "": from the start
	PageNumber *int
	PageSize   *int
}

// NumberedPage is the part of a list that a caller asks for where pages go by number only.
type NumberedPage struct{ PageNumber, PageSize *int }

func (r NumberedPage) request() PageRequest {
	return PageRequest{PageNumber: r.PageNumber, PageSize: r.PageSize}
}

// TokenPage is the part of a list that a caller asks for where pages go by token only.
type TokenPage struct {
	MaxResults *int
	NextToken  string
}

func (r TokenPage) request(p paging) PageRequest {
	if r.MaxResults == nil {
		r.MaxResults = &p.defaultPageSize
	}
	return PageRequest{MaxResults: r.MaxResults, NextToken: r.NextToken}
}

// List is a page of a list.
type List[T any] struct {
	Items                            []T
	NextToken                        string // leads to the next page; "" at the end, and always when pages go by number
	TotalCount, PageNumber, PageSize int    // 0 when pages go by token
}

// paging is how a list may be cut into pages.
type paging struct {
	list            string // the kind of list, to which its tokens are bound
	maxPageSize     int    // a larger PageSize is an error
	minResults      int    // a smaller or larger MaxResults is not: the nearest bound counts
	maxResults      int
	defaultPageSize int
}

func (r PageRequest) byToken() bool { return r.MaxResults != nil || r.NextToken != "" }

// hasInvalidNumber reports whether a page is asked for by a number that no page has. A number is a
// 32-bit integer.
func (r PageRequest) hasInvalidNumber() bool {
	return !r.byToken() && r.PageNumber != nil && (*r.PageNumber < 1 || *r.PageNumber > math.MaxInt32)
}

// hasInvalidSize reports whether pages by number are asked for in a size that the list does not
// have.
func (r PageRequest) hasInvalidSize(p paging) bool {
	return !r.byToken() && r.PageSize != nil && (*r.PageSize < 1 || *r.PageSize > p.maxPageSize)
}

// hasInvalidToken reports whether a token does not come from this kind of list.
func (r PageRequest) hasInvalidToken(p paging) bool {
	_, ours := p.afterID(r.NextToken)
	return !ours
}

// numberAndSize returns which page is asked for by number, and its size.
func (r PageRequest) numberAndSize(p paging) (number, size int) {
	number, size = 1, p.defaultPageSize
	if r.PageNumber != nil {
		number = *r.PageNumber
	}
	if r.PageSize != nil {
		size = *r.PageSize
	}
	return number, size
}

// page returns what to read for a request that is not bad.
func (p paging) page(r PageRequest) store.Page {
	if !r.byToken() {
		number, size := r.numberAndSize(p)
		return store.Page{Skip: (number - 1) * size, Limit: size, Count: true}
	}
	limit := p.defaultPageSize
	if r.MaxResults != nil {
		limit = min(max(*r.MaxResults, p.minResults), p.maxResults)
	}
	after, _ := p.afterID(r.NextToken)
	return store.Page{After: after, Limit: limit}
}

// newPage returns the answer to a request, made of what was read for it.
func newPage[T any](p paging, r PageRequest, read store.List[T], id func(T) string) List[T] {
	out := List[T]{Items: read.Rows}
	switch {
	case !r.byToken():
		out.TotalCount = read.Total
		out.PageNumber, out.PageSize = r.numberAndSize(p)
	case read.More:
		out.NextToken = p.token(id(read.Rows[len(read.Rows)-1]))
	}
	return out
}

// tokenChecksumLength is how many bytes of a token tell that it was made here, for this kind of
// list. They are no secret: a token only says where to go on, and whoever forges one sees nothing
// that a list without it would not show.
const tokenChecksumLength = 6

// token leads to what comes after an id.
func (p paging) token(after string) string {
	return base64.RawURLEncoding.EncodeToString(append(p.tokenChecksum(after), after...))
}

// afterID returns the id after which a token goes on: "" for no token.
func (p paging) afterID(token string) (after string, ours bool) {
	after, ours = p.decodeToken(token)
	return after, ours && (after == "" || isValidID(strings.ReplaceAll(after, ".", "-"))) // types have dots
}

// decodeToken returns what a token of this kind of list was made of: "" for no token.
func (p paging) decodeToken(token string) (after string, ours bool) {
	if token == "" {
		return "", true
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) <= tokenChecksumLength {
		return "", false
	}
	after = string(raw[tokenChecksumLength:])
	return after, bytes.Equal(raw[:tokenChecksumLength], p.tokenChecksum(after))
}

func (p paging) tokenChecksum(after string) []byte {
	sum := sha256.Sum256([]byte(p.list + "\x00" + after))
	return sum[:tokenChecksumLength]
}
