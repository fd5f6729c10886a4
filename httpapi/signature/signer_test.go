package signature

import (
	"net/url"
	"testing"

	"pgregory.net/rapid"
)

// A reused signer makes queries with the given parameters and the same signature as V1.
func TestSignerV1IsV1(t *testing.T) {
	t.Parallel()
	signer := NewSignerV1("testsecret")
	rapid.Check(t, func(t *rapid.T) {
		want := url.Values{}
		var parameters []Parameter
		for name, value := range rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "parameters") {
			if name == ParameterV1 || name == "" {
				continue
			}
			want.Set(name, value)
			parameters = append(parameters, Parameter{name, value})
		}
		want.Set(ParameterV1, V1("POST", want, "testsecret"))
		got, err := url.ParseQuery(string(signer.Query("POST", parameters)))
		got.Del("") // the empty name of an empty query
		if err != nil || got.Encode() != want.Encode() {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	})
}

// BenchmarkSignerV1 measures the signature of one request.
func BenchmarkSignerV1(b *testing.B) {
	signer := NewSignerV1("testsecret")
	parameters := []Parameter{
		{"Action", "AttachNetworkInterface"}, {"Version", "2014-05-26"}, {"Format", "JSON"}, {"AccessKeyId", "testid"},
		{"SignatureMethod", MethodV1}, {"SignatureVersion", VersionV1},
		{"SignatureNonce", "edb2b34af0af9a6d14deaf7c1a5315eb"}, {"Timestamp", "2023-03-13T08:34:30Z"},
		{"RegionId", "cn-hangzhou"}, {"InstanceId", "i-bp1abcd1234567890abc"},
		{"NetworkInterfaceId", "eni-bp1abcd1234567890abc"},
	}
	b.ReportAllocs()
	for b.Loop() {
		signer.Query("POST", parameters)
	}
}
