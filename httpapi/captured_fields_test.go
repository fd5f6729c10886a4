package httpapi_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// fieldsOf returns one field of each item of a list in a reply, formatted by fmt, or "absent" if an
// item lacks it.
func fieldsOf(t *testing.T, r reply, list, item, field string) []string {
	t.Helper()
	items, _ := r.body[list].(map[string]any)[item].([]any)
	var out []string
	for _, i := range items {
		value := i
		for name := range strings.SplitSeq(field, ".") {
			object, _ := value.(map[string]any)
			found := false
			if value, found = object[name]; !found {
				value = "absent"
				break
			}
		}
		out = append(out, fmt.Sprint(value))
	}
	return out
}

// Replies have the fields and types of captured replies of the real service, and omit a field where
// those omit it.
func TestFieldsOfCapturedAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-1-plain", worldtest.Type("ecs.g6.2xlarge")).
		Instance("i-2-burst", worldtest.Type("ecs.t6-c1m1.large"), worldtest.Set("internet_max_bandwidth_out", 5),
			worldtest.Set("name", "web"), worldtest.Set("host_name", "web-1"), worldtest.Set("key_pair", "ops"),
			worldtest.Set("tags", map[string]any{"team": "net"})).
		Instance("i-3-wide", worldtest.Type("ecs.t6-c1m1.large"), worldtest.Set("internet_max_bandwidth_out", 100),
			worldtest.Set("internet_max_bandwidth_in", 50), worldtest.Set("credit_specification", "Unlimited")).
		NetworkInterface("eni-1-free").
		NetworkInterface("eni-2-set", worldtest.Set("queue_number", 3)), service.Options{})

	instances := s.mustCall(t, "DescribeInstances")
	for field, want := range map[string][]string{
		"InstanceName":            {"i-1-plain", "web", "i-3-wide"},
		"HostName":                {"iZ1-plainZ", "web-1", "iZ3-wideZ"},
		"InternetMaxBandwidthIn":  {"-1", "80", "50"},
		"InternetMaxBandwidthOut": {"0", "5", "100"},
		"CreditSpecification":     {"", "Standard", "Unlimited"},
		"KeyPairName":             {"absent", "ops", "absent"},
		"Tags": {"absent", "map[Tag:[map[TagKey:team TagValue:net]]]",
			"absent"},
		"MetadataOptions.HttpTokens":                       {"", "", ""},
		"MetadataOptions.HttpEndpoint":                     {"", "", ""},
		"CpuOptions.ThreadsPerCore":                        {"0", "0", "0"},
		"CpuOptions.CoreCount":                             {"0", "0", "0"},
		"CpuOptions.Numa":                                  {"", "", ""},
		"DedicatedInstanceAttribute.Tenancy":               {"", "", ""},
		"DedicatedHostAttribute.DedicatedHostId":           {"", "", ""},
		"HibernationOptions.Configured":                    {"false", "false", "false"},
		"EcsCapacityReservationAttr.CapacityReservationId": {"", "", ""},
	} {
		if got := fieldsOf(t, instances, "Instances", "Instance", field); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
	serials := fieldsOf(t, instances, "Instances", "Instance", "SerialNumber")
	if again := fieldsOf(t, s.mustCall(t, "DescribeInstances"), "Instances", "Instance",
		"SerialNumber"); !reflect.DeepEqual(serials, again) {
		t.Errorf("SerialNumber: got %q and then %q, want the same", serials, again)
	}
	for k, serial := range serials {
		if _, err := uuid.Parse(serial); err != nil || serials[(k+1)%len(serials)] == serial {
			t.Errorf("SerialNumber: got %q, want a different UUID for each", serials)
		}
	}
	// An instance without a name is found by its displayed name, which is its id.
	if got := fieldsOf(t, s.mustCall(t, "DescribeInstances", "InstanceName", "i-1*"), "Instances", "Instance",
		"InstanceId"); !reflect.DeepEqual(got, []string{"i-1-plain"}) {
		t.Errorf("by its name: got %q, want i-1-plain", got)
	}

	free := s.mustCall(t, "DescribeNetworkInterfaces", "Type", "Secondary")
	primary := s.mustCall(t, "DescribeNetworkInterfaces", "InstanceId", "i-1-plain")
	for field, want := range map[string]struct{ free, primary []string }{
		"InstanceId":      {[]string{"", ""}, []string{"i-1-plain"}},
		"QueueNumber":     {[]string{"0", "3"}, []string{"8"}}, // the default of ecs.g6.2xlarge
		"QueuePairNumber": {[]string{"0", "0"}, []string{"0"}},
		"ServiceID":       {[]string{"0", "0"}, []string{"0"}},
		"Attachment": {[]string{"map[]", "map[]"},
			[]string{"map[DeviceIndex:0 InstanceId:i-1-plain NetworkCardIndex:0]"}},
		"AssociatedPublicIp":          {[]string{"map[]", "map[]"}, []string{"map[]"}},
		"Ipv6Sets.Ipv6Set":            {[]string{"[]", "[]"}, []string{"[]"}}, // a tool crashes without it
		"Tags.Tag":                    {[]string{"[]", "[]"}, []string{"[]"}},
		"NetworkInterfaceTrafficMode": {[]string{"Standard", "Standard"}, []string{"Standard"}},
	} {
		if got := fieldsOf(t, free, "NetworkInterfaceSets", "NetworkInterfaceSet", field); !reflect.DeepEqual(got,
			want.free) {
			t.Errorf("free interfaces: %s: got %q, want %q", field, got, want.free)
		}
		if got := fieldsOf(t, primary, "NetworkInterfaceSets", "NetworkInterfaceSet", field); !reflect.DeepEqual(got,
			want.primary) {
			t.Errorf("the primary interface: %s: got %q, want %q", field, got, want.primary)
		}
	}
}
