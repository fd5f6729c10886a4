package console

import (
	"net/http"
	"regexp"
	"strings"

	"enisim.alt/store"
)

// maxFound is the maximum number of resources that a search shows.
const maxFound = 50

// requestID is the form of a RequestId.
var requestID = regexp.MustCompile(`^(?i)[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$`)

// searchData is what a search has found.
type searchData struct {
	Query   string
	Found   []found
	HasMore bool
}

// found is a resource that a search has found.
type found struct {
	store.FoundResource
	Address string // of its page; "": it has none
}

// search finds resources of all accounts by the beginning of an id.
func (c *Console) search(r *http.Request) (*page, error) {
	d := searchData{Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	const maxQuery = 128
	if len(d.Query) > maxQuery {
		return nil, &refusal{http.StatusBadRequest, "An id has at most 128 characters. Search for its beginning."}
	}
	if requestID.MatchString(d.Query) {
		return nil, &redirect{href("requests", strings.ToUpper(d.Query))}
	}
	rows, err := c.operator.FindResources(r.Context(), d.Query, maxFound+1)
	if err != nil {
		return nil, err
	}
	if len(rows) == 1 && rows[0].ID == d.Query {
		return nil, &redirect{addressOf(rows[0])}
	}
	if len(rows) > maxFound {
		rows, d.HasMore = rows[:maxFound], true
	}
	for _, row := range rows {
		d.Found = append(d.Found, found{row, addressOf(row)})
	}
	return &page{template: "search", title: "Search", section: "", data: d}, nil
}

// addressOf returns the address of the page that shows a resource, or "".
func addressOf(r store.FoundResource) string {
	sections := map[string]string{
		store.FoundVPC: "vpcs", store.FoundVSwitch: "vswitches", store.FoundInstance: "instances",
		store.FoundNetworkInterface: "interfaces", store.FoundSecurityGroup: "groups",
	}
	switch section := sections[r.Kind]; {
	case section != "":
		return href("accounts", r.AccountID, section, r.ID)
	case r.AccountID != "":
		return href("accounts", r.AccountID)
	}
	return Prefix
}
