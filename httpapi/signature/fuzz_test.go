package signature

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// For any parameters, the string to sign has only unreserved characters, decodes to the same
// parameters, and changes with them.
func FuzzStringToSignV1(f *testing.F) {
	f.Add("Action=DescribeRegions&Timestamp=2016-02-23T12%3A46%3A24Z")
	f.Add("Description=a%20b%2Ac~d%2Fe%2Bf%E4%B8%AD&Empty=&Tag.1.Value=v%3D1%262")
	f.Add("a=1&a=2&Signature=x")
	f.Fuzz(func(t *testing.T, query string) {
		parameters, err := url.ParseQuery(query)
		if err != nil {
			t.Skip("not a query")
		}
		parameters.Del(ParameterV1)
		got := StringToSignV1("GET", parameters)
		encoded, found := strings.CutPrefix(got, "GET&%2F&")
		if !found || strings.ContainsAny(encoded, " &=+*/") {
			t.Fatalf("got %q, want GET&%%2F& and an escaped rest", got)
		}
		inner, err := url.PathUnescape(encoded)
		if err != nil {
			t.Fatalf("unescape %q: got %v, want no error", encoded, err)
		}
		decoded, err := url.ParseQuery(inner)
		if err != nil {
			t.Fatalf("parse %q: got %v, want no error", inner, err)
		}
		if len(decoded) != len(parameters) {
			t.Fatalf("decoded: got %v, want %v", decoded, parameters)
		}
		for name, values := range parameters {
			if !slices.Equal(decoded[name], values) {
				t.Fatalf("decoded %q: got %q, want %q", name, decoded[name], values)
			}
		}
		parameters.Add("Fuzz", "1")
		if StringToSignV1("GET", parameters) == got {
			t.Fatalf("with another parameter: got the same %q, want another string", got)
		}
	})
}

// For any header, parsing returns all three parts or an error.
func FuzzParseAuthorization(f *testing.F) {
	f.Add("ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host;x-acs-date,Signature=b")
	f.Add("ACS3-HMAC-SHA256 Credential=a, Signature=b, SignedHeaders=")
	f.Add("ACS3-HMAC-SHA256 ,,,")
	f.Fuzz(func(t *testing.T, header string) {
		a, err := ParseAuthorization(header)
		if err != nil {
			return
		}
		if !strings.HasPrefix(header, AlgorithmV3+" ") || a.AccessKeyID == "" || a.Signature == "" ||
			len(a.SignedHeaders) == 0 || !slices.IsSorted(a.SignedHeaders) {
			t.Fatalf("%q: got %+v, want all parts or an error", header, a)
		}
		// The string to sign can be built from it.
		if s := (RequestV3{Method: "POST"}).StringToSign(a.SignedHeaders); !strings.HasPrefix(s, AlgorithmV3+"\n") {
			t.Fatalf("%q: got the string to sign %q, want the algorithm first", header, s)
		}
	})
}
