package httpapi_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"enisim.alt/service"
	"enisim.alt/service/scenario/topology"
)

// collectFields adds the instances and interfaces of a reply by their id, with the fields that an
// import keeps.
func collectFields(t *testing.T, answer []byte, into map[string]string) {
	t.Helper()
	type tag struct{ TagKey, TagValue string }
	var body struct {
		Instances struct {
			Instance []struct {
				InstanceId, InstanceName, Description, HostName, Status, InstanceType, ZoneId, RegionId,
				InstanceNetworkType string
				VpcAttributes struct{ VpcId, VSwitchId string }
				Tags          struct{ Tag []tag }
			}
		}
		NetworkInterfaceSets struct {
			NetworkInterfaceSet []struct {
				NetworkInterfaceId, NetworkInterfaceName, Description, Status, Type, InstanceId, VpcId, VSwitchId,
				ZoneId, PrivateIpAddress string
				PrivateIpSets struct {
					PrivateIpSet []struct {
						PrivateIpAddress string
						Primary          bool
					}
				}
				Ipv6Sets struct {
					Ipv6Set []struct{ Ipv6Address string }
				}
				SecurityGroupIds struct{ SecurityGroupId []string }
				Attachment       struct{ DeviceIndex int }
				DeleteOnRelease  bool
				Tags             struct{ Tag []tag }
			}
		}
	}
	if err := json.Unmarshal(answer, &body); err != nil {
		t.Fatal(err)
	}
	byKey := func(a, b tag) int { return cmp.Compare(a.TagKey, b.TagKey) }
	for _, i := range body.Instances.Instance {
		slices.SortFunc(i.Tags.Tag, byKey)
		i.InstanceName = cmp.Or(i.InstanceName, i.InstanceId)
		i.HostName = cmp.Or(i.HostName, "iZ"+strings.TrimPrefix(i.InstanceId, "i-")+"Z")
		into[i.InstanceId] = fmt.Sprintf("%+v", i)
	}
	for _, n := range body.NetworkInterfaceSets.NetworkInterfaceSet {
		slices.SortFunc(n.Tags.Tag, byKey)
		sets := n.PrivateIpSets.PrivateIpSet
		slices.SortFunc(sets, func(a, b struct {
			PrivateIpAddress string
			Primary          bool
		}) int {
			return cmp.Compare(a.PrivateIpAddress, b.PrivateIpAddress)
		})
		if n.Status == "InUse" && n.InstanceId == "" {
			n.Status = "Available" // used by a cloud service: a scenario does not attach it
		}
		into[n.NetworkInterfaceId] = fmt.Sprintf("%+v", n)
	}
}

// The server shows the same instances and interfaces for an imported account as the real replies
// that were imported.
func TestImportedAccountHasSameFields(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/import/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("got files %v, error %v, want answers", files, err)
	}
	want := map[string]string{}
	var sources []topology.Source
	for _, file := range files {
		source := topology.Source{Name: file, Data: []byte(readFile(t, file))}
		sources = append(sources, source)
		collectFields(t, source.Data, want)
	}
	text, err := topology.Import(sources, topology.Options{KeyID: accessKey, Secret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, scenarioText(string(text)), service.Options{})
	got := map[string]string{}
	for _, action := range []string{"DescribeInstances", "DescribeNetworkInterfaces"} {
		for _, region := range []string{"cn-hangzhou", "cn-future-1"} {
			answer, err := json.Marshal(s.mustCall(t, action, "RegionId", region, "MaxResults", "100").body)
			if err != nil {
				t.Fatal(err)
			}
			collectFields(t, answer, got)
		}
	}
	for id, fields := range want {
		if got[id] != fields {
			t.Errorf("got  %s\nwant %s", got[id], fields)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d instances and interfaces, want %d", len(got), len(want))
	}
	checkInvariants(t, s.pool)
}
