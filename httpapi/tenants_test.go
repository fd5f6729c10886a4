package httpapi

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"enisim/service"
	"enisim/service/scenario"
	"enisim/service/worldtest"
	"enisim/store"
	"enisim/store/storetest"
)

// tenants are two accounts with the same world, but for the ids: the first one's end in -own, the other's in -other.
func tenants() *worldtest.World {
	return worldtest.New("1000000000000001").
		AccessKey("LTAIown").
		VPC("vpc-own", "10.0.0.0/8").
		VSwitch("vsw-own", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-own").
		Instance("i-own", worldtest.Type("ecs.g6.xlarge")).
		NetworkInterface("eni-own").
		Account("1000000000000002").
		AccessKey("LTAIother").
		VPC("vpc-other", "10.0.0.0/8").
		VSwitch("vsw-other", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-other").
		Instance("i-other", worldtest.Type("ecs.g6.xlarge")).
		NetworkInterface("eni-other")
}

// idKinds are the parameters that name a resource of an account, by the prefix of its ids. An action with an id parameter that is neither
// here nor among namesNoTenant fails the test, until somebody says what it names. What a parameter names in one product only stands behind the
// product: vpc:ResourceId.
var idKinds = map[string]string{
	"ecs:ResourceId": "eni-", "vpc:ResourceId": "vpc-", // as alsoSend has the ResourceType
	"InstanceId": "i-", "InstanceIds": "i-",
	"DiskIds":            "d-",
	"NetworkInterfaceId": "eni-",
	"RouteTableId":       "vtb-", "VRouterId": "vrt-", "RouterId": "vrt-",
	"SecurityGroupId": "sg-", "SecurityGroupIds": "sg-", "SourceGroupId": "sg-", "DestGroupId": "sg-",
	"SecurityGroupRuleId": "sgr-",
	"VpcId":               "vpc-", "VSwitchId": "vsw-",
}

// namesNoTenant are id parameters that name nothing that an account owns.
var namesNoTenant = map[string]string{
	"RegionId": "regions are everybody's", "ZoneId": "zones are everybody's", "ImageId": "images are everybody's",
	"SnapshotId": "there are none", "AutoSnapshotPolicyId": "there are none", "KMSKeyId": "there are none",
	"ResourceGroupId":        "a label: groups are accepted and stored, not looked up",
	"TrunkNetworkInstanceId": "refused whatever it names",
	"VpcOwnerId":             "an account: another than the caller's selects none",
	"VSwitchOwnerId":         "an account: another than the caller's selects none",
	"DhcpOptionsSetId":       "nobody has any",
	"SourcePrefixListId":     "a label: there are no prefix lists", "DestPrefixListId": "a label: there are no prefix lists",
}

// emptyWhenGone are the actions on a resource that answer with empty fields when there is none.
var emptyWhenGone = map[string]bool{"DescribeVSwitchAttributes": true}

// alsoSend are the parameters that an action needs beside ids, or takes in place of one: an empty value leaves a parameter out.
var alsoSend = map[string][]string{
	"AssignIpv6Addresses":          {"Ipv6AddressCount", "1"},
	"AssignPrivateIpAddresses":     {"SecondaryPrivateIpAddressCount", "1"},
	"UnassignIpv6Addresses":        {"Ipv6Address.1", "2001:db8::1"},
	"UnassignPrivateIpAddresses":   {"PrivateIpAddress.1", "10.0.0.1"},
	"ecs:ListTagResources":         {"ResourceType", "eni"},
	"ecs:TagResources":             {"ResourceType", "eni", "Tag.1.Key", "team"},
	"ecs:UntagResources":           {"ResourceType", "eni", "All", "true"},
	"vpc:ListTagResources":         {"ResourceType", "VPC"},
	"vpc:TagResources":             {"ResourceType", "VPC", "Tag.1.Key", "team"},
	"vpc:UntagResources":           {"ResourceType", "VPC", "All", "true"},
	"UnTagResources":               {"ResourceType", "VPC", "All", "true"},
	"CreateInstance":               {"ImageId", "m-tenants", "InstanceType", "ecs.g6.xlarge"},
	"CreateNetworkInterface":       {"SecurityGroupIds.1", ""},
	"RunInstances":                 {"ImageId", "m-tenants", "InstanceType", "ecs.g6.xlarge", "SecurityGroupIds.1", ""},
	"CreateVSwitch":                {"ZoneId", "cn-hangzhou-h", "CidrMask", "24"},
	"AuthorizeSecurityGroup":       oneRuleEachWay,
	"AuthorizeSecurityGroupEgress": oneRuleEachWay,
	"RevokeSecurityGroup":          append([]string{"SecurityGroupRuleId.1", ""}, oneRuleEachWay...),
	"RevokeSecurityGroupEgress":    append([]string{"SecurityGroupRuleId.1", ""}, oneRuleEachWay...),
	"JoinSecurityGroup":            {"NetworkInterfaceId", ""},
	"LeaveSecurityGroup":           {"NetworkInterfaceId", ""},
	"ModifySecurityGroupPolicy":    {"InnerAccessPolicy", "Drop"},
}

// oneRuleEachWay are two rules of a group: one of Permissions, and one as of old.
var oneRuleEachWay = []string{
	"IpProtocol", "tcp", "PortRange", "22/22", "SourceCidrIp", "10.0.0.0/8", "DestCidrIp", "10.0.0.0/8",
	"Permissions.1.IpProtocol", "tcp", "Permissions.1.PortRange", "22/22", "Permissions.1.SourceCidrIp", "10.0.0.0/8", "Permissions.1.DestCidrIp", "10.0.0.0/8",
}

// insteadOf are parameters that an action takes in place of another one.
var insteadOf = map[string]map[string]string{
	"CreateNetworkInterface": {"SecurityGroupIds.1": "SecurityGroupId"},
	"RunInstances":           {"SecurityGroupIds.1": "SecurityGroupId"},
	"JoinSecurityGroup":      {"NetworkInterfaceId": "InstanceId"},
	"LeaveSecurityGroup":     {"NetworkInterfaceId": "InstanceId"},
}

// inProduct is what a table of this test has for a name, in one product or in all.
func inProduct[T any](table map[string]T, version, name string) (T, bool) {
	if found, ok := table[productForVersion(version).ram+":"+name]; ok {
		return found, true
	}
	found, ok := table[name]
	return found, ok
}

// For every action and every id parameter: what belongs to another account does not exist for the caller. An action on a resource answers its NotFound,
// a list is empty. It walks the action table, so a new action is covered without a new test.
func TestAnotherAccountsResourcesDoNotExist(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	st := store.New(pool, slog.New(slog.DiscardHandler))
	sc, err := scenario.Parse("tenants.yaml", []byte(tenants().String()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Apply(t.Context(), st, sc, time.Now()); err != nil {
		t.Fatal(err)
	}
	svc := service.New(st, service.Options{})
	api := httptest.NewServer(New(svc, Options{Log: slog.New(slog.DiscardHandler), Signature: IdentifyOnly}))
	t.Cleanup(api.Close)

	// call sends an action with every id parameter set to what the caller owns, but the one that is tested.
	call := func(version, name string, request reflect.Type, tested leaf, key, owner string) (status int, body string) {
		query := url.Values{
			"Action": {name}, "Version": {version}, "Format": {"JSON"}, "AccessKeyId": {key}, "RegionId": {"cn-hangzhou"},
		}
		isList := answersList(name, request)
		send := func(p leaf, owner string) {
			prefix, _ := inProduct(idKinds, version, p.lastName())
			if id := prefix + owner; p.kind == jsonListType {
				query.Set(p.name, `["`+id+`"]`)
			} else {
				query.Set(p.name, id)
			}
		}
		for _, p := range leaves(request, "") {
			if _, isID := inProduct(idKinds, version, p.lastName()); isID && !isList && !p.nested() {
				send(p, "own")
			}
		}
		also, _ := inProduct(alsoSend, version, name)
		for i := 0; i < len(also); i += 2 {
			query.Set(also[i], also[i+1])
		}
		query.Del(insteadOf[name][tested.name])
		send(tested, owner)
		sent, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api.URL+"/?"+query.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := api.Client().Do(sent)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var raw json.RawMessage
		if err := json.NewDecoder(response.Body).Decode(&raw); err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(raw)
	}

	walked := 0
	for version, table := range actionsByVersion() {
		for name, act := range table {
			for _, p := range leaves(act.request, "") {
				parameter := p.lastName()
				if !strings.HasSuffix(parameter, "Id") && !strings.HasSuffix(parameter, "Ids") || namesNoTenant[parameter] != "" {
					continue
				}
				prefix, known := inProduct(idKinds, version, parameter)
				if !known {
					t.Errorf("%s: tell this test what %s names", name, p.name)
					continue
				}
				walked++
				status, body := call(version, name, act.request, p, "LTAIown", "other")
				isList := answersList(name, act.request) || emptyWhenGone[name]
				switch {
				case isList && (status != http.StatusOK || strings.Contains(body, prefix+"other") || strings.Contains(body, prefix+"own")):
					t.Errorf("%s, %s of another account: got %d %s, want an empty list", name, p.name, status, body)
				case !isList && !isNotFound(status, body):
					t.Errorf("%s, %s of another account: got %d %s, want its NotFound", name, p.name, status, body)
				}
				if emptyWhenGone[name] {
					if status, body := call(version, name, act.request, p, "LTAIother", "other"); status != http.StatusOK || !strings.Contains(body, prefix+"other") {
						t.Errorf("%s, %s of the caller: got %d %s, want the resource", name, p.name, status, body)
					}
				} else if isList { // its owner finds something by the same id, so an empty list means something
					if status, body := call(version, name, act.request, p, "LTAIother", "other"); status != http.StatusOK || strings.Contains(body, `"TotalCount":0`) {
						t.Errorf("%s, %s of the caller: got %d %s, want a resource", name, p.name, status, body)
					}
				}
			}
		}
	}
	if walked == 0 {
		t.Error("no id parameter was walked")
	}
}

// answersList tells whether an action answers a list: its request is paged, and not only through a part of one resource.
func answersList(name string, request reflect.Type) bool {
	return !strings.HasSuffix(name, "Attribute") && slices.ContainsFunc(parameterFields(request), func(f parameterField) bool {
		return f.name == "PageSize" || f.name == "MaxResults" || f.name == "NextToken"
	})
}

// isNotFound tells whether an answer says that something does not exist. Some pages say it with another status, as Forbidden.VpcNotFound.
func isNotFound(status int, body string) bool {
	var shown struct{ Code string }
	return json.Unmarshal([]byte(body), &shown) == nil && strings.Contains(shown.Code, "NotFound") &&
		(status == http.StatusBadRequest || status == http.StatusForbidden || status == http.StatusNotFound)
}

// leaf is a parameter with one value. Of a list it is the first member.
type leaf struct {
	name string // NetworkInterface.1.SecurityGroupIds.1
	kind reflect.Type
}

// lastName is the name without what it belongs to: SecurityGroupIds.
func (l leaf) lastName() string {
	name := strings.TrimSuffix(l.name, ".1")
	return name[strings.LastIndex(name, ".")+1:]
}

// nested tells whether it belongs to another parameter.
func (l leaf) nested() bool { return strings.Contains(strings.TrimSuffix(l.name, ".1"), ".") }

// leaves are all parameters of a request.
func leaves(request reflect.Type, prefix string) []leaf {
	var out []leaf
	for _, f := range parameterFields(request) {
		name, kind := prefix+f.name, f.kind
		if kind.Kind() == reflect.Slice && kind != jsonListType {
			name, kind = name+".1", kind.Elem()
		}
		if kind.Kind() == reflect.Struct {
			out = append(out, leaves(kind, name+".")...)
		} else {
			out = append(out, leaf{name, kind})
		}
	}
	return out
}

// requestKinds are what a parameter may be.
var requestKinds = []reflect.Type{reflect.TypeFor[string](), integerType, boolType, jsonListType}

// goSpelling is how Go spells what the wire spells VpcId, CidrBlock, PrivateIpAddress: the mark of a field whose tag was forgotten.
var goSpelling = regexp.MustCompile(`ID|VPC|CIDR|ENI|IP|URL|MAC|DNS|CPU`)

// spelledLikeGo are parameters that the wire spells as Go does.
var spelledLikeGo = []string{"EnablePrimaryIPv6", "EnableIPv6"}

// Every request can be bound, names its parameters as the wire does, each once, and tells of those that are not of their type.
func TestRequests(t *testing.T) {
	t.Parallel()
	for _, table := range actionsByVersion() {
		for name, act := range table {
			seen, typed := map[string]bool{}, false
			for _, p := range leaves(act.request, "") {
				if !slices.Contains(requestKinds, p.kind) {
					t.Errorf("%s: %s cannot be of type %v", name, p.name, p.kind)
				}
				if goSpelling.MatchString(p.name) && !slices.Contains(spelledLikeGo, p.name) {
					t.Errorf("%s: %s is Go's spelling: give the field its tag", name, p.name)
				}
				if seen[p.name] {
					t.Errorf("%s: two fields are %s", name, p.name)
				}
				seen[p.name] = true
				typed = typed || p.kind.Kind() != reflect.String
			}
			if malformed := slices.ContainsFunc(reflect.VisibleFields(act.request), func(f reflect.StructField) bool {
				return f.Type == malformedType && len(f.Index) == 1
			}); typed && !malformed {
				t.Errorf("%s: the request has no field of type service.Malformed, so what is not of its type would count as absent", name)
			}
		}
	}
}

func TestLeaves(t *testing.T) {
	t.Parallel()
	type want struct {
		name, last string
		nested     bool
	}
	var got []want
	for _, l := range leaves(reflect.TypeFor[everything](), "") {
		got = append(got, want{l.name, l.lastName(), l.nested()})
	}
	if all := []want{
		{"RegionId", "RegionId", false}, {"DryRun", "DryRun", false}, {"Ids.1", "Ids", false}, {"List", "List", false},
		{"Tag.1.Key", "Key", true}, {"Tag.1.Value", "Value", true}, {"Nested.1.GroupIds.1", "GroupIds", true}, {"Nested.1.Index", "Index", true},
		{"Config.Timeout", "Timeout", true},
		{"MaxResults", "MaxResults", false}, {"NextToken", "NextToken", false}, {"PageNumber", "PageNumber", false}, {"PageSize", "PageSize", false},
		{"OwnerAccount", "OwnerAccount", false},
	}; !slices.Equal(got, all) {
		t.Errorf("got  %v\nwant %v", got, all)
	}
}

func TestIsNotFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		want   bool
	}{
		{404, `{"Code":"InvalidEniId.NotFound"}`, true},
		{403, `{"Code":"InvalidEniId.NotFound"}`, true},
		{400, `{"Code":"Forbidden.VpcNotFound"}`, true},
		{404, `{"Code":"InvalidParameter","Message":"NotFound"}`, false},
		{200, `{"Code":"InvalidEniId.NotFound"}`, false},
		{500, `{"Code":"InvalidEniId.NotFound"}`, false},
	} {
		if got := isNotFound(c.status, c.body); got != c.want {
			t.Errorf("%d %s: got %t, want %t", c.status, c.body, got, c.want)
		}
	}
}
