package httpapi

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"enisim/service"
	"enisim/service/scenario"
	"enisim/store"
	"enisim/store/storetest"
)

// tenants are two accounts with the same world, but for the ids: the first one's end in -own, the other's in -other.
const tenants = `
enisim: 1
accounts:
  - id: "1000000000000001"
    access_keys: [{id: LTAIown, secret: s}]
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-own
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-own, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]
            security_groups: [{id: sg-own}]
        instances: [{id: i-own, type: ecs.g6.xlarge, vswitch: vsw-own, security_groups: [sg-own]}]
        network_interfaces: [{id: eni-own, vswitch: vsw-own, security_groups: [sg-own]}]
  - id: "1000000000000002"
    access_keys: [{id: LTAIother, secret: s}]
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-other
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-other, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]
            security_groups: [{id: sg-other}]
        instances: [{id: i-other, type: ecs.g6.xlarge, vswitch: vsw-other, security_groups: [sg-other]}]
        network_interfaces: [{id: eni-other, vswitch: vsw-other, security_groups: [sg-other]}]
`

// idKinds are the parameters that name a resource of an account, by the prefix of its ids. An action with an id parameter that is neither
// here nor among namesNoTenant fails the test, until somebody says what it names.
var idKinds = map[string]string{
	"InstanceId": "i-", "InstanceIds": "i-",
	"NetworkInterfaceId": "eni-",
	"SecurityGroupId":    "sg-", "SecurityGroupIds": "sg-",
	"VpcId": "vpc-", "VSwitchId": "vsw-",
}

// namesNoTenant are id parameters that name nothing that an account owns.
var namesNoTenant = map[string]string{
	"RegionId": "regions are everybody's", "ZoneId": "zones are everybody's", "ImageId": "images are everybody's",
	"ResourceGroupId":        "a label: groups are accepted and stored, not looked up",
	"TrunkNetworkInstanceId": "refused whatever it names",
}

// For every action and every id parameter: what belongs to another account does not exist for the caller. An action on a resource answers its NotFound,
// a list is empty. It walks the action table, so a new action is covered without a new test.
func TestAnotherAccountsResourcesDoNotExist(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	st := store.New(pool, slog.New(slog.DiscardHandler))
	sc, err := scenario.Parse("tenants.yaml", []byte(tenants))
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
	call := func(version, name string, request reflect.Type, tested, key, owner string) (status int, body string) {
		query := url.Values{
			"Action": {name}, "Version": {version}, "Format": {"JSON"}, "AccessKeyId": {key}, "RegionId": {"cn-hangzhou"},
		}
		isList := answersList(request)
		for i := range request.NumField() {
			field := request.Field(i)
			prefix, isID := idKinds[field.Name]
			if !isID || (isList && field.Name != tested) {
				continue
			}
			id := prefix + "own"
			if field.Name == tested {
				id = prefix + owner
			}
			switch {
			case field.Type == jsonListType:
				query.Set(field.Name, `["`+id+`"]`)
			case field.Type.Kind() == reflect.Slice:
				query.Set(field.Name+".1", id)
			default:
				query.Set(field.Name, id)
			}
		}
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
	for version, table := range actions(svc) {
		for name, act := range table {
			for i := range act.request.NumField() {
				parameter := act.request.Field(i).Name
				if !strings.HasSuffix(parameter, "Id") && !strings.HasSuffix(parameter, "Ids") || namesNoTenant[parameter] != "" {
					continue
				}
				prefix, known := idKinds[parameter]
				if !known {
					t.Errorf("%s: tell this test what %s names", name, parameter)
					continue
				}
				walked++
				status, body := call(version, name, act.request, parameter, "LTAIown", "other")
				isList := answersList(act.request)
				switch {
				case isList && (status != http.StatusOK || strings.Contains(body, prefix+"other") || strings.Contains(body, prefix+"own")):
					t.Errorf("%s, %s of another account: got %d %s, want an empty list", name, parameter, status, body)
				case !isList && (status != http.StatusNotFound || !strings.Contains(body, `.NotFound"`)):
					t.Errorf("%s, %s of another account: got %d %s, want its NotFound", name, parameter, status, body)
				}
				if isList { // its owner finds something by the same id, so an empty list means something
					if status, body := call(version, name, act.request, parameter, "LTAIother", "other"); status != http.StatusOK || strings.Contains(body, `"TotalCount":0`) {
						t.Errorf("%s, %s of the caller: got %d %s, want a resource", name, parameter, status, body)
					}
				}
			}
		}
	}
	if walked == 0 {
		t.Error("no id parameter was walked")
	}
}

// answersList tells whether an action answers a list: its request is paged.
func answersList(request reflect.Type) bool {
	return slices.ContainsFunc(reflect.VisibleFields(request), func(f reflect.StructField) bool { return f.Name == "PageSize" || f.Name == "MaxResults" })
}
