package sdktest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
)

// The TypeScript SDK drops unknown fields, and converts or refuses values of other types. So it
// reads a whole reply only if all names and types are the vendor's. The Go SDK keeps the reply as
// it is.
func testTypeScriptReadsAllFields(t *testing.T, s *typeScriptSDK) {
	endpoint := serve(t, attachErrors(t)).endpoint
	unchanged := goSDK{}.client(t, endpoint, attachErrorsKey)
	client := s.client(t, endpoint, attachErrorsKey).(typeScriptClient)

	interfaces := networkInterfaceQuery{RegionID: "cn-hangzhou", page: page{PageSize: 100}}
	sentInterfaces, err := describeNetworkInterfaces(unchanged, interfaces)
	if err != nil {
		t.Fatal(err)
	}
	instances := instanceQuery{RegionID: "cn-hangzhou", page: page{PageSize: 100}}
	sentInstances, err := describeInstances(unchanged, instances)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		action  string
		request requests.AcsRequest
		sent    []byte
	}{
		{"DescribeNetworkInterfaces", interfaces.request(), sentInterfaces.GetHttpContentBytes()},
		{"DescribeInstances", instances.request(), sentInstances.GetHttpContentBytes()},
	} {
		var read, sent any
		if err := s.do(client.call(c.request), &read); err != nil {
			t.Fatalf("%s: %v", c.action, err)
		}
		if err := json.Unmarshal(c.sent, &sent); err != nil {
			t.Fatalf("%s: %v", c.action, err)
		}
		got, want := map[string]string{}, map[string]string{}
		flatten(read, c.action, got)
		flatten(sent, c.action, want)
		for _, path := range slices.Sorted(maps.Keys(want)) {
			if got[path] != want[path] {
				t.Errorf("%s: got %s, want %s as sent", path, cmp.Or(got[path], "nothing"), want[path])
			}
		}
	}
}

// flatten adds a JSON value and all its parts, each with its path.
func flatten(value any, path string, out map[string]string) {
	switch v := value.(type) {
	case map[string]any:
		out[path] = "an object"
		for name, part := range v {
			flatten(part, path+"."+name, out)
		}
	case []any:
		out[path] = fmt.Sprintf("a list of %d", len(v))
		for i, part := range v {
			flatten(part, fmt.Sprintf("%s[%d]", path, i), out)
		}
	default:
		out[path] = fmt.Sprintf("%#v", v)
	}
}
