package httpapi

import (
	"net/url"
	"reflect"
	"slices"
	"testing"

	"enisim/service"
)

// everything has a field of each kind that a request may have.
type everything struct {
	RegionID string `api:"RegionId"`
	DryRun   *bool
	IDs      []string         `api:"Ids"`
	List     service.JSONList `api:"List"`
	Tags     []service.Tag    `api:"Tag"`
	Nested   []nested
	Config   struct{ Timeout *int }
	Page     service.PageRequest `api:",inline"`
	common
	Unread    string            `api:"-"`
	Malformed service.Malformed // not a parameter, although it could be one by its kind
}

type nested struct {
	GroupIDs []string `api:"GroupIds"`
	Index    *int
}

type common struct{ OwnerAccount string }

func bindQuery(t *testing.T, query string) everything {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	p := parameters{}
	for name, given := range values {
		p[name] = given[0]
	}
	return bind[everything](p)
}

func TestBind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query string
		want  everything
	}{
		{"", everything{}},
		{"Unknown=1&regionid=wrong-case", everything{}},
		{"RegionId=cn-hangzhou&MaxResults=20&DryRun=True", everything{
			RegionID: "cn-hangzhou", Page: service.PageRequest{MaxResults: new(20)}, DryRun: new(true),
		}},
		{"DryRun=false", everything{DryRun: new(false)}},
		{"MaxResults=&DryRun=&Ids.1=&List=", everything{}}, // an empty value is an absent one
		{"Ids.2=b&Ids.1=a", everything{IDs: []string{"a", "b"}}},
		{"Ids.1=a&Ids.10=c&Ids.9=b", everything{IDs: []string{"a", "b", "c"}}}, // numbers, not text, and gaps
		{"Ids.0=z&Ids.-1=y&Ids.x=w&Ids=v&Ids.999999999=a", everything{IDs: []string{"a"}}},
		{`List=["a","b"]`, everything{List: service.JSONList{"a", "b"}}},
		{"Tag.1.Key=k&Tag.1.Value=v&Tag.3.Key=k3", everything{Tags: []service.Tag{{Key: "k", Value: "v"}, {Key: "k3"}}}},
		{"Nested.1.GroupIds.1=g1&Nested.1.GroupIds.2=g2&Nested.1.Index=3", everything{Nested: []nested{{GroupIDs: []string{"g1", "g2"}, Index: new(3)}}}},
		{"OwnerAccount=net", everything{common: common{OwnerAccount: "net"}}},
		{"RegionID=x&IDs.1=x&Tags.1.Key=x&Page.PageSize=1&common.OwnerAccount=x&Unread=x&-=x&Malformed.1=x", everything{}}, // Go's names
		{"Config.Timeout=9", everything{Config: struct{ Timeout *int }{new(9)}}},
	} {
		if got := bindQuery(t, c.query); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", c.query, got, c.want)
		}
	}
	for query, name := range map[string]string{
		"MaxResults=ten": "MaxResults", "MaxResults=1.5": "MaxResults", "MaxResults=99999999999999999999": "MaxResults",
		"DryRun=maybe": "DryRun", "List=i-1,i-2": "List", `List={"a":1}`: "List", "Nested.1.Index=x": "Nested.1.Index", "Config.Timeout=x": "Config.Timeout",
	} {
		if got := bindQuery(t, query).Malformed; !slices.Equal(got, service.Malformed{name}) {
			t.Errorf("%s: malformed: got %v, want [%s]", query, got, name)
		}
	}
}

// Whatever the parameters, binding them ends, and says no more malformed parameters than there are.
func FuzzBind(f *testing.F) {
	f.Add("RegionId=cn-hangzhou&MaxResults=20&DryRun=True&Ids.1=a&Tag.1.Key=k")
	f.Add(`List=["a","b"]&Nested.1.GroupIds.2=g&Config.Timeout=x`)
	f.Add("Ids.99999999999999999999=a&Ids.00001=b&Tag..Key=c&Tag.1=d")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := parse(query)
		if err != nil {
			t.Skip("refused before")
		}
		p := parameters{}
		for name, given := range values {
			p[name] = given[0]
		}
		got := bind[everything](p)
		if len(got.Malformed) > len(p) || len(got.IDs) > len(p) || len(got.Tags) > len(p) {
			t.Fatalf("%q: got %+v", query, got)
		}
		for _, id := range got.IDs {
			if id == "" {
				t.Fatalf("%q: an empty value is in the list %q", query, got.IDs)
			}
		}
	})
}
