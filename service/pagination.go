package service

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"math"
	"strings"

	"enisim.alt/store"
)

// PageRequest is the page of a list that a caller asks for: by number, or, if MaxResults or
// NextToken is set, by token.
type PageRequest struct {
	MaxResults *int
	NextToken  string // "": from the start
	PageNumber *int
	PageSize   *int
}

// NumberedPage is a page request where pages go by number only.
type NumberedPage struct{ PageNumber, PageSize *int }

func (r NumberedPage) request() PageRequest {
	return PageRequest{PageNumber: r.PageNumber, PageSize: r.PageSize}
}

// TokenPage is a page request where pages go by token only.
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

// paging is the bounds of a list's pages.
type paging struct {
	list            string // the kind of list; a token is valid for one kind only
	maxPageSize     int    // a larger PageSize is an error
	minResults      int    // a smaller or larger MaxResults is not an error: the nearest bound is used
	maxResults      int
	defaultPageSize int
}

func (r PageRequest) byToken() bool { return r.MaxResults != nil || r.NextToken != "" }

// hasInvalidNumber reports whether the request has an invalid page number. A number is a 32-bit
// integer.
func (r PageRequest) hasInvalidNumber() bool {
	return !r.byToken() && r.PageNumber != nil && (*r.PageNumber < 1 || *r.PageNumber > math.MaxInt32)
}

// hasInvalidSize reports whether the request has an invalid size of pages by number.
func (r PageRequest) hasInvalidSize(p paging) bool {
	return !r.byToken() && r.PageSize != nil && (*r.PageSize < 1 || *r.PageSize > p.maxPageSize)
}

// hasInvalidToken reports whether the token is not of this kind of list.
func (r PageRequest) hasInvalidToken(p paging) bool {
	_, ours := p.afterID(r.NextToken)
	return !ours
}

// numberAndSize returns the number and size of a page by number.
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

// page returns the rows to read for a valid request.
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

// newPage returns the page for a request, made of the rows that were read for it.
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

// tokenChecksumLength is the number of bytes at the start of a token that show that it was made
// here, for this kind of list. The checksum is not a secret: a token is only a place to continue
// from, and a forged one shows nothing that a list without a token would not show.
const tokenChecksumLength = 6

// token returns the token of the page that begins after an id.
func (p paging) token(after string) string {
	return base64.RawURLEncoding.EncodeToString(append(p.tokenChecksum(after), after...))
}

// afterID returns the id after which the page of a token begins, or "" without a token. ours is
// false if the token is not of this kind of list.
func (p paging) afterID(token string) (after string, ours bool) {
	after, ours = p.decodeToken(token)
	return after, ours && (after == "" || isValidID(strings.ReplaceAll(after, ".", "-"))) // instance types have dots
}

// decodeToken returns the text that a token of this kind of list was made from, or "" without a
// token.
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
