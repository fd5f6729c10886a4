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

// The SDK drops a field that its models do not have, and converts or refuses a value of another type: so what it has read is the whole reply
// only if every field has the name and the type that the vendor gave it. The Go SDK keeps the reply as it came.
func testTypeScriptLosesNothing(t *testing.T, s *typeScriptSDK) {
	endpoint := serve(t, attachErrors(t)).endpoint
	asItCame := goSDK{}.client(t, endpoint, attachErrorsKey)
	client := s.client(t, endpoint, attachErrorsKey).(typeScriptClient)

	interfaces := networkInterfaceQuery{RegionID: "cn-hangzhou", page: page{PageSize: 100}}
	sentInterfaces, err := describeNetworkInterfaces(asItCame, interfaces)
	if err != nil {
		t.Fatal(err)
	}
	instances := instanceQuery{RegionID: "cn-hangzhou", page: page{PageSize: 100}}
	sentInstances, err := describeInstances(asItCame, instances)
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
				t.Errorf("%s: read %s, was sent %s", path, cmp.Or(got[path], "nothing"), want[path])
			}
		}
	}
}

// flatten spells a JSON value and all that is in it, each part under its path.
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
