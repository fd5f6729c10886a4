package signature

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/url"
)

// Names and values of the parameters that belong to a V1 signature.
const (
	ParameterV1 = "Signature"
	MethodV1    = "HMAC-SHA1"
	VersionV1   = "1.0"
)

// V1 signs all parameters of a request, from query and form together, with a key's secret. Method
// is GET or POST.
func V1(method string, parameters url.Values, secret string) string {
	return SignV1(StringToSignV1(method, parameters), secret)
}

// SignV1 signs a string to sign.
func SignV1(stringToSign, secret string) string {
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(stringToSign))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// StringToSignV1 returns the text that V1 signs. It includes parameters with empty values, but not
// the signature itself.
func StringToSignV1(method string, parameters url.Values) string {
	inner := canonical(parameters, ParameterV1)
	out := append(make([]byte, 0, len(method)+2*len(inner)), method...)
	return string(appendEscaped(append(out, "&%2F&"...), inner))
}
