package httpapi

import (
	"net/url"
	"reflect"
	"testing"
)

// everything has a field of each kind that a wire request may have.
type everything struct {
	RegionId   string
	MaxResults *int
	DryRun     *bool
	Ids        []string
	List       jsonList
	Tag        []struct{ Key, Value string }
	Nested     []struct {
		Groups []string
		Index  *int
	}
	Config struct{ Timeout *int }
	Malformed
}

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
	tag := func(pairs ...string) (out []struct{ Key, Value string }) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, struct{ Key, Value string }{pairs[i], pairs[i+1]})
		}
		return out
	}
	for _, c := range []struct {
		query string
		want  everything
	}{
		{"", everything{}},
		{"Unknown=1&regionid=wrong-case", everything{}},
		{"RegionId=cn-hangzhou&MaxResults=20&DryRun=True", everything{RegionId: "cn-hangzhou", MaxResults: new(20), DryRun: new(true)}},
		{"DryRun=false", everything{DryRun: new(false)}},
		{"MaxResults=&DryRun=&Ids.1=&List=", everything{}}, // an empty value is an absent one
		{"Ids.2=b&Ids.1=a", everything{Ids: []string{"a", "b"}}},
		{"Ids.1=a&Ids.10=c&Ids.9=b", everything{Ids: []string{"a", "b", "c"}}}, // numbers, not text, and gaps
		{"Ids.0=z&Ids.-1=y&Ids.x=w&Ids=v&Ids.999999999=a", everything{Ids: []string{"a"}}},
		{`List=["a","b"]`, everything{List: jsonList{"a", "b"}}},
		{"Tag.1.Key=k&Tag.1.Value=v&Tag.3.Key=k3", everything{Tag: tag("k", "v", "k3", "")}},
		{"Nested.1.Groups.1=g1&Nested.1.Groups.2=g2&Nested.1.Index=3", everything{Nested: []struct {
			Groups []string
			Index  *int
		}{{Groups: []string{"g1", "g2"}, Index: new(3)}}}},
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
		if got := bindQuery(t, query).Malformed.Malformed; !reflect.DeepEqual(got, []string{name}) {
			t.Errorf("%s: malformed: got %v, want [%s]", query, got, name)
		}
	}
}

// Whatever the parameters, binding them ends, and says no more malformed parameters than there are.
func FuzzBind(f *testing.F) {
	f.Add("RegionId=cn-hangzhou&MaxResults=20&DryRun=True&Ids.1=a&Tag.1.Key=k")
	f.Add(`List=["a","b"]&Nested.1.Groups.2=g&Config.Timeout=x`)
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
		if len(got.Malformed.Malformed) > len(p) || len(got.Ids) > len(p) || len(got.Tag) > len(p) {
			t.Fatalf("%q: got %+v", query, got)
		}
		for _, id := range got.Ids {
			if id == "" {
				t.Fatalf("%q: an empty value is in the list %q", query, got.Ids)
			}
		}
	})
}
