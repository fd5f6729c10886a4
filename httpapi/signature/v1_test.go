package signature

import (
	"net/url"
	"testing"
)

// TestV1Vectors checks the vectors of docs/reference/protocol.md, section 2, which were made with
// the vendor's SDKs.
func TestV1Vectors(t *testing.T) {
	t.Parallel()
	common := map[string]string{
		"AccessKeyId": "testid", "SignatureMethod": MethodV1, "SignatureVersion": VersionV1, "Version": "2014-05-26",
	}
	setA := map[string]string{"SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
		"Timestamp": "2016-02-23T12:46:24Z"}
	setB := map[string]string{"SignatureNonce": "edb2b34af0af9a6d14deaf7c1a5315eb", "Timestamp": "2023-03-13T08:34:30Z",
		"Format": "JSON"}
	attach := map[string]string{
		"Action": "AttachNetworkInterface", "RegionId": "cn-hangzhou",
		"InstanceId": "i-bp1abcd1234567890abc", "NetworkInterfaceId": "eni-bp1abcd1234567890abc",
	}
	for _, vector := range []struct {
		name, method    string
		set, parameters map[string]string
		want            string
	}{
		{"1", "GET", setA, map[string]string{"Action": "DescribeRegions", "Format": "XML"},
			"OLeaidS1JvxuMvnyHOwuJ+uX5qY="},
		{"2", "POST", setA, map[string]string{"Action": "DescribeRegions", "Format": "XML"},
			"MxbnVAM4w6sft9xjVpe/GCKueuk="},
		{"3", "GET", setB, map[string]string{"Action": "DescribeDedicatedHosts", "RegionId": "cn-beijing"},
			"9NaGiOspFP5UPcwX8Iwt2YJXXuk="},
		{"4", "GET", setB, attach, "dr1AAuqDJHn1FiSXcSr5vJwow80="},
		{"5", "POST", setB, attach, "J5gKOmdcuOFPWZRFXM3Sk1nJlYQ="},
		{"6", "POST", setB, map[string]string{
			"Action": "CreateNetworkInterface", "RegionId": "cn-hangzhou",
			"Description": "a b*c~d/e+f中", "Tag.1.Key": "k", "Tag.1.Value": "v=1&2",
		}, "HkBfFNyt1A/p9UZNxVhd9PdQDBk="},
	} {
		t.Run(vector.name, func(t *testing.T) {
			t.Parallel()
			parameters := url.Values{ParameterV1: {"is not part of what is signed"}}
			for _, part := range []map[string]string{common, vector.set, vector.parameters} {
				for name, value := range part {
					parameters.Set(name, value)
				}
			}
			if got := V1(vector.method, parameters, "testsecret"); got != vector.want {
				t.Errorf("got %s, want %s; string to sign: %s", got, vector.want,
					StringToSignV1(vector.method, parameters))
			}
		})
	}
}
