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

	"enisim.alt/service"
	"enisim.alt/service/scenario"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// tenantsWorld returns a world with two accounts that differ in their ids only: those of the first
// account end in -own, those of the other in -other.
func tenantsWorld() *worldtest.World {
	return worldtest.New("1000000000000001").
		AccessKey("LTAIown").
		VPC("vpc-own", "10.0.0.0/8").
		VSwitch("vsw-own", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-own").
		Instance("i-own", worldtest.Type("ecs.g6.xlarge"), worldtest.Set("instance_charge_type", "PrePaid")).
		NetworkInterface("eni-own", worldtest.Set("tags", map[string]string{"team": "own"})).
		RouteTable("vtb-custom-own", oneEntry("own")).
		KeyPair("key-own").
		Disk("d-free-own", "cn-hangzhou-h").
		EIP("eip-own", worldtest.AssociatedWith("i-own"), worldtest.Set("ip_address", "203.0.113.1")).
		Account("1000000000000002").
		AccessKey("LTAIother").
		VPC("vpc-other", "10.0.0.0/8").
		VSwitch("vsw-other", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-other").
		Instance("i-other", worldtest.Type("ecs.g6.xlarge"), worldtest.Set("instance_charge_type", "PrePaid")).
		NetworkInterface("eni-other", worldtest.Set("tags", map[string]string{"team": "other"})).
		RouteTable("vtb-custom-other", oneEntry("other")).
		KeyPair("key-other").
		Disk("d-free-other", "cn-hangzhou-h").
		EIP("eip-other", worldtest.AssociatedWith("i-other"), worldtest.Set("ip_address", "203.0.113.1"))
}

// oneEntry gives a route table an entry to an interface.
func oneEntry(tenant string) worldtest.Option {
	return worldtest.Set("entries", []map[string]string{
		{"id": "rte-" + tenant, "destination_cidr_block": "198.51.100.0/24", "next_hop": "eni-" + tenant},
	})
}

// idPrefixes has the id prefix of each parameter that names a resource of an account. An action
// with an id parameter that is neither here nor in sharedIDs fails the test. A parameter with
// another meaning in one product has the product before its name, as vpc:ResourceId.
var idPrefixes = map[string]string{
	"ecs:ResourceId": "eni-", "vpc:ResourceId": "vpc-", // by the ResourceType in requiredPairs
	"AllocationId": "eip-", "AssociatedInstanceId": "i-",
	"InstanceId": "i-", "InstanceIds": "i-",
	"DiskIds": "d-", "DiskId": "d-",
	"NetworkInterfaceId": "eni-",
	"RouteTableId":       "vtb-", "VRouterId": "vrt-", "RouterId": "vrt-", "RouteEntryId": "rte-", "NextHopId": "i-",
	"SecurityGroupId": "sg-", "SecurityGroupIds": "sg-", "SourceGroupId": "sg-", "DestGroupId": "sg-",
	"SecurityGroupRuleId": "sgr-",
	"VpcId":               "vpc-", "VSwitchId": "vsw-",
}

// sharedIDs are id parameters that do not name a resource of an account, each with its reason.
var sharedIDs = map[string]string{
	"RegionId": "regions are everybody's", "ZoneId": "zones are everybody's", "ImageId": "images are everybody's",
	"SnapshotId": "there are none", "AutoSnapshotPolicyId": "there are none", "KMSKeyId": "there are none",
	"ResourceGroupId":        "a label: groups are accepted and stored, not looked up",
	"ResourceGroupIds":       "labels, like ResourceGroupId",
	"EniId":                  "of the instance that is named beside it: another one is refused as a mismatch",
	"EventId":                "there are none",
	"EventId.1":              "there are none",
	"Id":                     "a region, which is everybody's",
	"TrunkNetworkInstanceId": "refused whatever it names",

	"NextHopList.1.NextHopId": "refused whatever it names",
	"InstanceRegionId":        "regions are everybody's",
	"SegmentInstanceId":       "there are none",
	"IpamPoolId":              "there are none",
	"BandwidthPackageId":      "there are none",
	"PublicIpAddressPoolId":   "there are none",
	"VlanId":                  "accepted, without effect",
	"VpcOwnerId":              "an account: another than the caller's selects none",
	"VSwitchOwnerId":          "an account: another than the caller's selects none",
	"DhcpOptionsSetId":        "nobody has any",
	"SourcePrefixListId":      "a label: there are no prefix lists",
	"DestPrefixListId":        "a label: there are no prefix lists",
}

// emptyIfMissing are actions on one resource that answer empty fields if there is no such resource.
var emptyIfMissing = map[string]bool{"DescribeVSwitchAttributes": true}

// failuresInReply are actions on several resources that list in their reply those that do not exist.
var failuresInReply = map[string]bool{
	"CreateRouteEntries": true, "DeleteRouteEntries": true, "AttachKeyPair": true, "DetachKeyPair": true,
}

var failedNotFound = regexp.MustCompile(`"(?:Failed)?Code":"[\w.]*(NotFound|NOT_EXIST)"`)

// refusedIDs are id parameters that are refused whatever they name.
var refusedIDs = map[string]bool{"CreateDisk InstanceId": true}

// ignoredIfMissing are actions that succeed without effect if there is no such resource, each with the action
// and the parameter that show the resource to its owner.
var ignoredIfMissing = map[string][]string{"DeleteDisk": {"DescribeDisks", "DiskIds"}}

// isFilter are id parameters that filter the parts of one resource.
var isFilter = map[string]bool{"DescribeRouteEntryList RouteEntryId": true, "DescribeRouteEntryList NextHopId": true}

// recently is a time for which there is monitor data.
var recently = time.Now().UTC().Add(-time.Hour).Format("2006-01-02T15:04:05Z")

// alwaysEmpty are lists of what there is not here.
var alwaysEmpty = map[string]bool{"DescribeInstanceHistoryEvents": true}

// requiredPairs are the parameters that an action needs besides ids. An empty value omits a
// parameter.
var requiredPairs = map[string][]string{
	"CreateDisk":                   {"ZoneId", "cn-hangzhou-h", "Size", "20", "InstanceId", ""},
	"ModifyDiskAttribute":          {"DiskName", "renamed"},
	"ResizeDisk":                   {"NewSize", "500"},
	"AssignIpv6Addresses":          {"Ipv6AddressCount", "1"},
	"AssignPrivateIpAddresses":     {"SecondaryPrivateIpAddressCount", "1"},
	"UnassignIpv6Addresses":        {"Ipv6Address.1", "2001:db8::1"},
	"UnassignPrivateIpAddresses":   {"PrivateIpAddress.1", "10.0.0.1"},
	"AddTags":                      {"ResourceType", "eni", "Tag.1.Key", "team"},
	"RemoveTags":                   {"ResourceType", "eni"},
	"DescribeTags":                 {"ResourceType", "eni"},
	"DescribeEniMonitorData":       {"StartTime", recently, "EndTime", recently},
	"ecs:ListTagResources":         {"ResourceType", "eni"},
	"ecs:TagResources":             {"ResourceType", "eni", "Tag.1.Key", "team"},
	"ecs:UntagResources":           {"ResourceType", "eni", "All", "true"},
	"vpc:ListTagResources":         {"ResourceType", "VPC"},
	"vpc:TagResources":             {"ResourceType", "VPC", "Tag.1.Key", "team"},
	"vpc:UntagResources":           {"ResourceType", "VPC", "All", "true"},
	"UnTagResources":               {"ResourceType", "VPC", "All", "true"},
	"AttachKeyPair":                {"KeyPairName", "key-own"},
	"AttachInstanceRamRole":        {"RamRoleName", "reader"},
	"DetachKeyPair":                {"KeyPairName", "key-own"},
	"CreateInstance":               {"ImageId", "m-tenants", "InstanceType", "ecs.g6.xlarge"},
	"CreateNetworkInterface":       {"SecurityGroupIds.1", ""},
	"RunInstances":                 {"ImageId", "m-tenants", "InstanceType", "ecs.g6.xlarge", "SecurityGroupIds.1", ""},
	"CreateVSwitch":                {"ZoneId", "cn-hangzhou-h", "CidrMask", "24"},
	"AuthorizeSecurityGroup":       rulePairs,
	"AuthorizeSecurityGroupEgress": rulePairs,
	"RevokeSecurityGroup":          append([]string{"SecurityGroupRuleId.1", ""}, rulePairs...),
	"RevokeSecurityGroupEgress":    append([]string{"SecurityGroupRuleId.1", ""}, rulePairs...),
	"AssociateVpcCidrBlock":        {"SecondaryCidrBlock", "192.168.0.0/16"},
	"UnassociateVpcCidrBlock":      {"SecondaryCidrBlock", "192.168.0.0/16"},
	"CreateRouteEntry":             {"DestinationCidrBlock", "203.0.113.0/24"},
	"CreateRouteEntries": {"RouteEntries.1.RouteTableId", "vtb-own", "RouteEntries.1.DstCidrBlock", "203.0.113.0/24",
		"RouteEntries.1.NextHop", "i-own"},
	"DeleteRouteEntry": {"RouteTableId", ""},
	"DeleteRouteEntries": {"RouteEntries.1.RouteTableId", "vtb-custom-own",
		"RouteEntries.1.DstCidrBlock", "198.51.100.0/24",
		"RouteEntries.1.NextHop", "eni-own"},
	"JoinSecurityGroup":         {"NetworkInterfaceId", ""},
	"LeaveSecurityGroup":        {"NetworkInterfaceId", ""},
	"ModifySecurityGroupPolicy": {"InnerAccessPolicy", "Drop"},
}

// rulePairs are two rules of a group: one in Permissions, and one in the old form.
var rulePairs = []string{
	"IpProtocol", "tcp", "PortRange", "22/22", "SourceCidrIp", "10.0.0.0/8", "DestCidrIp", "10.0.0.0/8",
	"Permissions.1.IpProtocol", "tcp", "Permissions.1.PortRange", "22/22", "Permissions.1.SourceCidrIp", "10.0.0.0/8",
	"Permissions.1.DestCidrIp", "10.0.0.0/8",
}

// exclusiveWith are parameters that an action accepts only instead of another one.
var exclusiveWith = map[string]map[string]string{
	"CreateNetworkInterface": {"SecurityGroupIds.1": "SecurityGroupId"},
	"RunInstances":           {"SecurityGroupIds.1": "SecurityGroupId"},
	"JoinSecurityGroup":      {"NetworkInterfaceId": "InstanceId"},
	"ModifyDiskAttribute":    {"DiskId": "DiskIds.1", "DiskIds.1": "DiskId"},
	"LeaveSecurityGroup":     {"NetworkInterfaceId": "InstanceId"},
}

// lookUp returns the entry of a table for a name, in one product or in all.
func lookUp[T any](table map[string]T, version, name string) (T, bool) {
	if found, ok := table[productForVersion(version).ram+":"+name]; ok {
		return found, true
	}
	found, ok := table[name]
	return found, ok
}

// For each action and each id parameter, the resources of another account do not exist for the
// caller: an action on a resource answers its NotFound, a list is empty. The test reads the action
// table, so it covers new actions.
func TestResourcesOfOtherAccountsAreNotFound(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	st := store.New(pool, slog.New(slog.DiscardHandler))
	sc, err := scenario.Parse("tenants.yaml", []byte(tenantsWorld().String()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Apply(t.Context(), st, sc, time.Now()); err != nil {
		t.Fatal(err)
	}
	svc := service.New(st, service.Options{})
	api := httptest.NewServer(New(svc, Options{Log: slog.New(slog.DiscardHandler), Signature: IdentifyOnly}))
	t.Cleanup(api.Close)

	// call sends an action with each id parameter set to a resource of the caller, except the
	// tested one.
	call := func(version, name string, request reflect.Type, tested leaf, key, owner string) (status int, body string) {
		query := url.Values{
			"Action": {name}, "Version": {version}, "Format": {"JSON"}, "AccessKeyId": {key},
			"RegionId": {"cn-hangzhou"},
		}
		isList := returnsList(name, request)
		send := func(p leaf, owner string) {
			prefix, _ := lookUp(idPrefixes, version, p.lastName())
			if id := prefix + owner; p.kind == jsonListType {
				query.Set(p.name, `["`+id+`"]`)
			} else {
				query.Set(p.name, id)
			}
		}
		for _, p := range leaves(request, "") {
			if _, isID := lookUp(idPrefixes, version, p.lastName()); isID && !isList && !p.nested() {
				send(p, "own")
			}
		}
		required, _ := lookUp(requiredPairs, version, name)
		for i := 0; i < len(required); i += 2 {
			query.Set(required[i], required[i+1])
		}
		query.Del(exclusiveWith[name][tested.name])
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

	tested := 0
	for version, table := range actionsByVersion() {
		for name, act := range table {
			for _, p := range leaves(act.request, "") {
				parameter := p.lastName()
				if !strings.HasSuffix(parameter, "Id") && !strings.HasSuffix(parameter, "Ids") ||
					sharedIDs[parameter] != "" || sharedIDs[p.name] != "" || refusedIDs[name+" "+p.name] {
					continue
				}
				prefix, known := lookUp(idPrefixes, version, parameter)
				if !known {
					t.Errorf("%s: got the unknown id parameter %s, want it in idPrefixes or sharedIDs", name, p.name)
					continue
				}
				tested++
				status, body := call(version, name, act.request, p, "LTAIown", "other")
				isList := returnsList(name, act.request) || emptyIfMissing[name]
				switch {
				case ignoredIfMissing[name] != nil:
					read := ignoredIfMissing[name]
					list := leaf{read[1], jsonListType}
					if _, shown := call(version, read[0], table[read[0]].request, list, "LTAIother",
						"other"); status != http.StatusOK || !strings.Contains(shown, prefix+"other") {
						t.Errorf("%s, %s of another account: got %d %s, want a success, and %s to stay, got %s", name,
							p.name, status, body, prefix+"other", shown)
					}
				case failuresInReply[name]:
					if !failedNotFound.MatchString(body) {
						t.Errorf("%s, %s of another account: got %d %s, want a failure of the entry", name, p.name,
							status, body)
					}
				case isFilter[name+" "+p.name]:
					if status != http.StatusOK || !strings.Contains(body, `"RouteEntry":[]`) {
						t.Errorf("%s, %s of another account: got %d %s, want an empty list", name, p.name, status, body)
					}
				case isList && (status != http.StatusOK || strings.Contains(body, prefix+"other") ||
					strings.Contains(body, prefix+"own")):
					t.Errorf("%s, %s of another account: got %d %s, want an empty list", name, p.name, status, body)
				case !isList && !isNotFound(status, body):
					t.Errorf("%s, %s of another account: got %d %s, want its NotFound", name, p.name, status, body)
				}
				if emptyIfMissing[name] {
					if status, body := call(version, name, act.request, p,
						"LTAIother", "other"); status != http.StatusOK || !strings.Contains(body, prefix+"other") {
						t.Errorf("%s, %s of the caller: got %d %s, want the resource", name, p.name, status, body)
					}
				} else if isList && !alwaysEmpty[name] {
					// The owner finds a resource by the same id, so the empty list is significant.
					if status, body := call(version, name, act.request, p,
						"LTAIother", "other"); status != http.StatusOK || strings.Contains(body, `"TotalCount":0`) {
						t.Errorf("%s, %s of the caller: got %d %s, want a resource", name, p.name, status, body)
					}
				}
			}
		}
	}
	if tested == 0 {
		t.Error("got no id parameter, want at least one")
	}
}

// returnsList reports whether an action returns a list of resources: its request has pages, but not
// of the parts of one resource.
func returnsList(name string, request reflect.Type) bool {
	if name == "DescribeInstanceAutoRenewAttribute" { // of several instances
		return true
	}
	return !strings.HasSuffix(name, "Attribute") && name != "DescribeRouteEntryList" &&
		slices.ContainsFunc(parameterFields(request), func(f parameterField) bool {
			return f.name == "PageSize" || f.name == "MaxResults" || f.name == "NextToken"
		})
}

// isNotFound reports whether a reply says that a resource does not exist. Some such codes have
// another status, as Forbidden.VpcNotFound.
func isNotFound(status int, body string) bool {
	var apiError struct{ Code string }
	return json.Unmarshal([]byte(body), &apiError) == nil &&
		(strings.Contains(apiError.Code, "NotFound") || strings.Contains(apiError.Code, "NotExist")) &&
		(status == http.StatusBadRequest || status == http.StatusForbidden || status == http.StatusNotFound)
}

// leaf is a parameter with one value. A list has its first item.
type leaf struct {
	name string // NetworkInterface.1.SecurityGroupIds.1
	kind reflect.Type
}

// lastName returns the name without its parents and its number: SecurityGroupIds.
func (l leaf) lastName() string {
	name := strings.TrimSuffix(l.name, ".1")
	return name[strings.LastIndex(name, ".")+1:]
}

// nested reports whether the parameter belongs to another one.
func (l leaf) nested() bool { return strings.Contains(strings.TrimSuffix(l.name, ".1"), ".") }

// leaves returns all parameters of a request.
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

// requestKinds are the types that a parameter may have.
var requestKinds = []reflect.Type{reflect.TypeFor[string](), integerType, boolType, jsonListType}

// goSpelling matches names that are spelled as in Go, not as on the wire (VpcId, CidrBlock). Such a
// field lacks its tag.
var goSpelling = regexp.MustCompile(`ID|VPC|CIDR|ENI|IP|URL|MAC|DNS|CPU`)

// allowedGoNames are parameters that are spelled on the wire as in Go.
var allowedGoNames = []string{"EnablePrimaryIPv6", "EnableIPv6", "IPv6CidrBlock"}

// Each request type can be bound, names each of its parameters once and as on the wire, and reports
// malformed values.
func TestRequestTypes(t *testing.T) {
	t.Parallel()
	for _, table := range actionsByVersion() {
		for name, act := range table {
			seen, typed := map[string]bool{}, false
			for _, p := range leaves(act.request, "") {
				if !slices.Contains(requestKinds, p.kind) {
					t.Errorf("%s: %s: got the type %v, want one of requestKinds", name, p.name, p.kind)
				}
				if goSpelling.MatchString(p.name) && !slices.Contains(allowedGoNames, p.name) {
					t.Errorf("%s: got %s, which is spelled as in Go, want a tag on the field", name, p.name)
				}
				if seen[p.name] {
					t.Errorf("%s: got two fields with the name %s", name, p.name)
				}
				seen[p.name] = true
				typed = typed || p.kind.Kind() != reflect.String
			}
			if malformed := slices.ContainsFunc(reflect.VisibleFields(act.request), func(f reflect.StructField) bool {
				return f.Type == malformedType && len(f.Index) == 1
			}); typed && !malformed {
				t.Errorf("%s: got no field of type service.Malformed, so a malformed value would count as absent", name)
			}
		}
	}
}

// leaves returns nested and inlined parameters, and the first item of each list.
func TestLeaves(t *testing.T) {
	t.Parallel()
	type want struct {
		name, last string
		nested     bool
	}
	var got []want
	for _, l := range leaves(reflect.TypeFor[allKinds](), "") {
		got = append(got, want{l.name, l.lastName(), l.nested()})
	}
	if all := []want{
		{"RegionId", "RegionId", false}, {"DryRun", "DryRun", false}, {"Ids.1", "Ids", false}, {"List", "List", false},
		{"Tag.1.Key", "Key", true}, {"Tag.1.Value", "Value", true}, {"Nested.1.GroupIds.1", "GroupIds", true},
		{"Nested.1.Index", "Index", true},
		{"Config.Timeout", "Timeout", true},
		{"MaxResults", "MaxResults", false}, {"NextToken", "NextToken", false}, {"PageNumber", "PageNumber", false},
		{"PageSize", "PageSize", false},
		{"OwnerAccount", "OwnerAccount", false},
	}; !slices.Equal(got, all) {
		t.Errorf("got  %v\nwant %v", got, all)
	}
}

// isNotFound accepts a code with NotFound and a status of 400, 403 or 404.
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
