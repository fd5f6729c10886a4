package signature

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
)

// vectorsV3 are the vectors of docs/reference/protocol.md, section 3.
var vectorsV3 = []struct {
	name, host, key, secret, action string
	query                           url.Values
	body, contentType               string
	canonicalHash, signature        string
}{
	{
		name: "1", host: "ecs.cn-shanghai.aliyuncs.com",
		key: "YourAccessKeyId", secret: "YourAccessKeySecret", action: "RunInstances",
		query: url.Values{"ImageId": {"win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
			"RegionId": {"cn-shanghai"}},
		canonicalHash: "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259",
		signature:     "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
	},
	{
		name: "2", host: "127.0.0.1:8080", key: "testid", secret: "testsecret", action: "AttachNetworkInterface",
		query: url.Values{
			"InstanceId": {"i-bp1abcd1234567890abc"}, "NetworkInterfaceId": {"eni-bp1abcd1234567890abc"},
			"RegionId": {"cn-hangzhou"},
		},
		canonicalHash: "ef3f98fba15c4ca88afc28e45fbaa952057d5215948cc38f505790075be3be6a",
		signature:     "f2fdfaa8471827c4795448a1331dce9eea0f05bf7820b973a74816621ccf92f4",
	},
	{
		name: "3", host: "127.0.0.1:8080", key: "testid", secret: "testsecret", action: "AttachNetworkInterface",
		body: "InstanceId=i-bp1abcd1234567890abc&NetworkInterfaceId=eni-bp1abcd1234567890abc&" +
			"RegionId=cn-hangzhou",
		contentType:   "application/x-www-form-urlencoded",
		canonicalHash: "08fccfdf471ae61737ec95215aafb438904bab527a45148de96352e829476f60",
		signature:     "f02b7b56504c8f6266833e0eec257e4958e35aec303d32bcf50feb86c106692b",
	},
}

// Each vector is signed as documented, and its signed headers cover the request.
func TestV3Vectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectorsV3 {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			r := RequestV3{Method: "POST", Host: v.host, Query: v.query, Body: []byte(v.body), Header: http.Header{
				HeaderAction: {v.action}, HeaderVersion: {"2014-05-26"},
				HeaderDate: {"2023-10-26T10:22:32Z"}, HeaderNonce: {"3156853299f313e23d1673dc12e1703d"},
				"User-Agent": {"is not signed"},
			}}
			if v.contentType != "" {
				r.Header.Set("Content-Type", v.contentType)
			}
			r.Sign(v.key, v.secret)
			a, err := ParseAuthorization(r.Header.Get("Authorization"))
			if err != nil {
				t.Fatal(err)
			}
			if a.AccessKeyID != v.key || a.Signature != v.signature {
				t.Errorf("signing: got key %s and signature %s, want %s and %s", a.AccessKeyID, a.Signature, v.key,
					v.signature)
			}
			if got, want := r.StringToSign(a.SignedHeaders), AlgorithmV3+"\n"+v.canonicalHash; got != want {
				t.Errorf("string to sign: got %q, want %q", got, want)
			}
			if !a.Covers(r.Header) {
				t.Errorf("got the signed headers %v, want them to cover the request", a.SignedHeaders)
			}
		})
	}
}

// A malformed header is an error, and a header that must be signed is missed if it is not.
func TestParseAuthorization(t *testing.T) {
	t.Parallel()
	for _, malformed := range []string{
		"", "ACS3-HMAC-SHA256", "ACS3-HMAC-SHA256 ", "Basic dTpw",
		"ACS3-HMAC-SM3 Credential=a,SignedHeaders=host,Signature=b",
		"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host",
		"ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=b",
		"ACS3-HMAC-SHA256 Credential=a,Credential=c,SignedHeaders=host,Signature=b",
		"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=x;host,Signature=b",
		"ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=b,More=c",
	} {
		if a, err := ParseAuthorization(malformed); !errors.Is(err, ErrAuthorization) {
			t.Errorf("%q: got %+v, %v, want ErrAuthorization", malformed, a, err)
		}
	}
	a, err := ParseAuthorization("ACS3-HMAC-SHA256 Credential=a, SignedHeaders=host;x-acs-date, Signature=b")
	if err != nil || a.AccessKeyID != "a" || a.Signature != "b" ||
		!slices.Equal(a.SignedHeaders, []string{"host", "x-acs-date"}) {
		t.Errorf("got %+v, %v; want the three parts", a, err)
	}
	for _, header := range []http.Header{{HeaderAction: {"RunInstances"}}, {HeaderSecurityToken: {"t"}},
		{HeaderDate: {"d"}, HeaderNonce: {"n"}}} {
		if a.Covers(header) {
			t.Errorf("%v: got covered by %v, want a missing header", header, a.SignedHeaders)
		}
	}
}
