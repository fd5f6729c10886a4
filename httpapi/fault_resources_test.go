package httpapi

import (
	"slices"
	"testing"
)

// Ids of resources are found in parameters, lists and JSON lists. Places, images and keys are none.
func TestNamedResources(t *testing.T) {
	t.Parallel()
	got := namedResources(parameters{
		"InstanceId": "i-1", "NetworkInterfaceId.1": "eni-1", "InstanceIds": `["i-2", "i-3"]`, "ResourceId.2": "eni-2",
		"NetworkInterface.1.NetworkInterfaceId": "eni-3", "VSwitchId": "", "InstanceIds.x": "[",
		"RegionId": "cn-hangzhou", "ZoneId": "cn-hangzhou-h", "ImageId": "m-1", "AccessKeyId": "LTAI1",
		"InstanceName": "i-4",
	})
	slices.Sort(got)
	if want := []string{"eni-1", "eni-2", "eni-3", "i-1", "i-2", "i-3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
