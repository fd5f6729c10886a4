package signature

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Whatever the parameters, their string to sign has only the characters that the protocol leaves as they are, gives the parameters back when it is
// decoded, and differs when they differ.
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
			t.Fatalf("%q: %v", encoded, err)
		}
		back, err := url.ParseQuery(inner)
		if err != nil {
			t.Fatalf("%q: %v", inner, err)
		}
		if len(back) != len(parameters) {
			t.Fatalf("decoded: got %v, want %v", back, parameters)
		}
		for name, values := range parameters {
			if !slices.Equal(back[name], values) {
				t.Fatalf("decoded %q: got %q, want %q", name, back[name], values)
			}
		}
		parameters.Add("Fuzz", "1")
		if StringToSignV1("GET", parameters) == got {
			t.Fatalf("an added parameter does not change %q", got)
		}
	})
}

// Whatever the header, parsing it ends with all three parts or with an error.
func FuzzParseAuthorization(f *testing.F) {
	f.Add("ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host;x-acs-date,Signature=b")
	f.Add("ACS3-HMAC-SHA256 Credential=a, Signature=b, SignedHeaders=")
	f.Add("ACS3-HMAC-SHA256 ,,,")
	f.Fuzz(func(t *testing.T, header string) {
		a, err := ParseAuthorization(header)
		if err != nil {
			return
		}
		if !strings.HasPrefix(header, AlgorithmV3+" ") || a.AccessKeyID == "" || a.Signature == "" || len(a.SignedHeaders) == 0 || !slices.IsSorted(a.SignedHeaders) {
			t.Fatalf("%q: got %+v without an error", header, a)
		}
		// Nor does building the string to sign from it fail.
		if s := (RequestV3{Method: "POST"}).StringToSign(a.SignedHeaders); !strings.HasPrefix(s, AlgorithmV3+"\n") {
			t.Fatalf("%q: got %q", header, s)
		}
	})
}
