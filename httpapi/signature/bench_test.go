package signature

import (
	"net/http"
	"net/url"
	"testing"
)

// BenchmarkCheck measures the verification of one signature.
func BenchmarkCheck(b *testing.B) {
	b.Run("V1", func(b *testing.B) {
		parameters := url.Values{
			"Action": {"AttachNetworkInterface"}, "Version": {"2014-05-26"}, "Format": {"JSON"},
			"AccessKeyId":     {"testid"},
			"SignatureMethod": {MethodV1}, "SignatureVersion": {VersionV1}, "SignatureType": {""},
			"SignatureNonce": {"edb2b34af0af9a6d14deaf7c1a5315eb"}, "Timestamp": {"2023-03-13T08:34:30Z"},
			"RegionId": {"cn-hangzhou"}, "InstanceId": {"i-bp1abcd1234567890abc"},
			"NetworkInterfaceId": {"eni-bp1abcd1234567890abc"},
		}
		sent := V1("POST", parameters, "testsecret")
		b.ReportAllocs()
		for b.Loop() {
			if !Equal(sent, V1("POST", parameters, "testsecret")) {
				b.Fatal("refused")
			}
		}
	})
	b.Run("V3", func(b *testing.B) {
		v := vectorsV3[1]
		r := RequestV3{Method: "POST", Host: v.host, Query: v.query, Header: http.Header{
			HeaderAction: {v.action}, HeaderVersion: {"2014-05-26"}, HeaderDate: {"2023-10-26T10:22:32Z"},
			HeaderNonce: {"3156853299f313e23d1673dc12e1703d"},
		}}
		r.Sign(v.key, v.secret)
		header := r.Header.Get("Authorization")
		b.ReportAllocs()
		for b.Loop() {
			a, err := ParseAuthorization(header)
			if err != nil || !a.Covers(r.Header) ||
				!Equal(a.Signature, SignV3(r.StringToSign(a.SignedHeaders), v.secret)) {
				b.Fatal("refused")
			}
		}
	})
}
