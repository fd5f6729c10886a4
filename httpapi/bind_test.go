package httpapi

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"testing"

	"enisim.alt/service"
)

// allKinds has a field of each kind that a request may have.
type allKinds struct {
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
	Malformed service.Malformed // not a parameter, although its type could be one
}

type nested struct {
	GroupIDs []string `api:"GroupIds"`
	Index    *int
}

type common struct{ OwnerAccount string }

// bindQuery binds the parameters of a query string.
func bindQuery(t *testing.T, query string) allKinds {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	p := parameters{}
	for name, value := range values {
		p[name] = value[0]
	}
	return bind[allKinds](p)
}

// bind sets each field from its parameters and reports the malformed ones.
func TestBind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query string
		want  allKinds
	}{
		{"", allKinds{}},
		{"Unknown=1&regionid=wrong-case", allKinds{}},
		{"RegionId=cn-hangzhou&MaxResults=20&DryRun=True", allKinds{
			RegionID: "cn-hangzhou", Page: service.PageRequest{MaxResults: new(20)}, DryRun: new(true),
		}},
		{"DryRun=false", allKinds{DryRun: new(false)}},
		{"MaxResults=&DryRun=&Ids.1=&List=", allKinds{}}, // an empty value counts as absent
		{"Ids.2=b&Ids.1=a", allKinds{IDs: []string{"a", "b"}}},
		// sorted as numbers; gaps are allowed
		{"Ids.1=a&Ids.10=c&Ids.9=b", allKinds{IDs: []string{"a", "b", "c"}}},
		// only canonical numbers count
		{"Ids.01=x&Ids.1=a&Ids.001=y&Ids.10=c&Ids.2=b", allKinds{IDs: []string{"a", "b", "c"}}},
		{"Ids.99999999999999999999=z&Tag.99999999999999999999.Key=k", allKinds{}},
		{"Ids.0=z&Ids.-1=y&Ids.x=w&Ids=v&Ids.999999999=a", allKinds{IDs: []string{"a"}}},
		{`List=["a","b"]`, allKinds{List: service.JSONList{"a", "b"}}},
		{"Tag.1.Key=k&Tag.1.Value=v&Tag.3.Key=k3", allKinds{Tags: []service.Tag{{Key: "k", Value: "v"}, {Key: "k3"}}}},
		{"Tag.1.Key=k&Tag.1.value=v&Tag.2.key=k2&Tag.3.key=&Tag.4.key=old&Tag.4.Key=new", allKinds{Tags: []service.Tag{
			{Key: "k", Value: "v"}, {Key: "k2"}, {Key: "new"},
		}}},
		{"Nested.1.GroupIds.1=g1&Nested.1.GroupIds.2=g2&Nested.1.Index=3",
			allKinds{Nested: []nested{{GroupIDs: []string{"g1", "g2"}, Index: new(3)}}}},
		{"OwnerAccount=net", allKinds{common: common{OwnerAccount: "net"}}},
		// the names of the Go fields
		{"RegionID=x&IDs.1=x&Tags.1.Key=x&Page.PageSize=1&common.OwnerAccount=x&Unread=x&-=x&Malformed.1=x",
			allKinds{}},
		{"Config.Timeout=9", allKinds{Config: struct{ Timeout *int }{new(9)}}},
	} {
		if got := bindQuery(t, c.query); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", c.query, got, c.want)
		}
	}
	for query, name := range map[string]string{
		"MaxResults=ten": "MaxResults", "MaxResults=1.5": "MaxResults", "MaxResults=99999999999999999999": "MaxResults",
		"DryRun=maybe": "DryRun", "List=i-1,i-2": "List", `List={"a":1}`: "List", "Nested.1.Index=x": "Nested.1.Index",
		"Config.Timeout=x": "Config.Timeout",
	} {
		if got := bindQuery(t, query).Malformed; !slices.Equal(got, service.Malformed{name}) {
			t.Errorf("%s: malformed: got %v, want [%s]", query, got, name)
		}
	}
}

// wideLaunch returns the parameters of a RunInstances with the given number of interfaces, each
// with a list of its own.
func wideLaunch(interfaces int) parameters {
	p := parameters{"RegionId": "cn-hangzhou", "ImageId": "m-1", "InstanceType": "ecs.g6.large", "VSwitchId": "vsw-1",
		"SecurityGroupId": "sg-1"}
	for i := range interfaces {
		p[fmt.Sprintf("NetworkInterface.%d.SecurityGroupIds.1", i+1)] = "sg-1"
	}
	return p
}

// A list that is longer than any action allows is bound only up to a limit. So the rest costs
// nothing, and the action's rule still refuses it.
func TestBindLimitsListItems(t *testing.T) {
	t.Parallel()
	launch := bind[service.RunInstancesRequest](wideLaunch(1980))
	if got := len(launch.NetworkInterfaces); got != maxBoundItems {
		t.Errorf("got %d interfaces bound of 1980, want %d", got, maxBoundItems)
	}
	if got := bind[service.RunInstancesRequest](wideLaunch(50)); len(got.NetworkInterfaces) != 50 {
		t.Errorf("got %d interfaces bound of 50, want all", len(got.NetworkInterfaces))
	}
}

// The cost of binding grows at most linearly with the number of parameters, in whatever list they
// are.
func TestBindIsLinear(t *testing.T) {
	// Not parallel, because the allocations of other tests would be counted.
	for name, build := range map[string]func(n int) parameters{
		"interfaces with a list each": wideLaunch,
		"one list in many interfaces": func(n int) parameters {
			p := parameters{}
			for i := range n {
				p[fmt.Sprintf("NetworkInterface.%d.SecurityGroupIds.%d", i%10+1, i/10+1)] = "sg-1"
			}
			return p
		},
		"a long list":        func(n int) parameters { return numbered("SecurityGroupIds.%d", n) },
		"unknown parameters": func(n int) parameters { return numbered("Nobody.%d.Knows", n) },
		"invalid numbers":    func(n int) parameters { return numbered("NetworkInterface.x%d.SecurityGroupIds.1", n) },
	} {
		work := func(n int) int {
			p := build(n)
			b := &binding{parameters: p}
			b.fields(reflect.ValueOf(new(service.RunInstancesRequest)).Elem(), "")
			return b.looked
		}
		one, two := work(900), work(1800)
		if two > 2*one+100 {
			t.Errorf("%s: got %d steps for 900 parameters and %d for 1800, want at most twice as many", name, one, two)
		}
	}
}

// numbered returns n parameters whose names have a number.
func numbered(format string, n int) parameters {
	p := parameters{}
	for i := range n {
		p[fmt.Sprintf(format, i+1)] = "x"
	}
	return p
}

// BenchmarkBindWideLaunch measures the most expensive list that fits into a request.
func BenchmarkBindWideLaunch(b *testing.B) {
	p := wideLaunch(1980)
	for b.Loop() {
		bind[service.RunInstancesRequest](p)
	}
}

// For any parameters, binding ends and reports at most as many malformed parameters as there are.
func FuzzBind(f *testing.F) {
	f.Add("RegionId=cn-hangzhou&MaxResults=20&DryRun=True&Ids.1=a&Tag.1.Key=k")
	f.Add(`List=["a","b"]&Nested.1.GroupIds.2=g&Config.Timeout=x`)
	f.Add("Ids.99999999999999999999=a&Ids.00001=b&Tag..Key=c&Tag.1=d")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := parseQuery(query)
		if err != nil {
			t.Skip("refused by the parser")
		}
		p := parameters{}
		for name, value := range values {
			p[name] = value[0]
		}
		got := bind[allKinds](p)
		if len(got.Malformed) > len(p) || len(got.IDs) > len(p) || len(got.Tags) > len(p) {
			t.Fatalf("%q: got %+v, want no more values than parameters", query, got)
		}
		for _, id := range got.IDs {
			if id == "" {
				t.Fatalf("%q: got an empty value in the list %q", query, got.IDs)
			}
		}
	})
}
