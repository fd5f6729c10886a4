package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// AlgorithmV3 begins the Authorization header of a V3 request.
const AlgorithmV3 = "ACS3-HMAC-SHA256"

// Headers of a V3 request.
const (
	HeaderAction        = "X-Acs-Action"
	HeaderVersion       = "X-Acs-Version"
	HeaderDate          = "X-Acs-Date"
	HeaderNonce         = "X-Acs-Signature-Nonce"
	HeaderContentSHA256 = "X-Acs-Content-Sha256"
	HeaderSecurityToken = "X-Acs-Security-Token"
)

// requiredHeaders are the headers that must be signed if a request has them, so that changing them
// breaks the signature.
var requiredHeaders = []string{
	"host",
	"x-acs-action",
	"x-acs-content-sha256",
	"x-acs-date",
	"x-acs-security-token",
	"x-acs-signature-nonce",
	"x-acs-version",
}

// Authorization is a parsed Authorization header.
type Authorization struct {
	AccessKeyID   string
	SignedHeaders []string // lower-case and sorted
	Signature     string
}

// ErrAuthorization is returned for an Authorization header that is not one of V3.
var ErrAuthorization = errors.New("signature: malformed Authorization header")

// IsV3 reports whether an Authorization header claims to be of V3.
func IsV3(header string) bool {
	return strings.HasPrefix(header, AlgorithmV3+" ") || header == AlgorithmV3
}

// ParseAuthorization parses the Authorization header of a V3 request.
func ParseAuthorization(header string) (Authorization, error) {
	var a Authorization
	rest, found := strings.CutPrefix(header, AlgorithmV3+" ")
	if !found {
		return a, ErrAuthorization
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if value == "" || seen[name] {
			return a, ErrAuthorization
		}
		seen[name] = true
		switch name {
		case "Credential":
			a.AccessKeyID = value
		case "SignedHeaders":
			a.SignedHeaders = strings.Split(value, ";")
		case "Signature":
			a.Signature = value
		default:
			return a, ErrAuthorization
		}
	}
	if len(seen) != 3 || !slices.IsSorted(a.SignedHeaders) {
		return a, ErrAuthorization
	}
	return a, nil
}

// Covers reports whether all headers that must be signed are signed. Every request has host and
// body hash.
func (a Authorization) Covers(header http.Header) bool {
	for _, name := range requiredHeaders {
		if (name == "host" || header.Get(name) != "") && !slices.Contains(a.SignedHeaders, name) {
			return false
		}
	}
	return true
}

// RequestV3 has the parts of a request that V3 signs.
type RequestV3 struct {
	Method string
	Host   string // with the port, as sent
	Query  url.Values
	Header http.Header
	Body   []byte
}

// StringToSign returns the text that V3 signs, given the names of the signed headers. Form
// parameters count only through the hash of the body. The hash is computed from the body itself, so
// a wrong hash in the header breaks the signature.
func (r RequestV3) StringToSign(signedHeaders []string) string {
	var out strings.Builder
	out.WriteString(r.Method)
	out.WriteString("\n/\n")
	out.Write(canonical(r.Query, ""))
	out.WriteByte('\n')
	for _, name := range signedHeaders {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		out.WriteString(name)
		out.WriteByte(':')
		out.WriteString(strings.TrimSpace(value))
		out.WriteByte('\n')
	}
	out.WriteByte('\n')
	out.WriteString(strings.Join(signedHeaders, ";"))
	out.WriteByte('\n')
	out.WriteString(hash(r.Body))
	return AlgorithmV3 + "\n" + hash([]byte(out.String()))
}

// SignV3 signs a string to sign with a key's secret.
func SignV3(stringToSign, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stringToSign))
	return hex.EncodeToString(mac.Sum(nil))
}

// Sign completes a request: it sets the hash of the body and the Authorization header. Action,
// version, date, nonce and, for a temporary key, the security token must be in the headers.
func (r RequestV3) Sign(accessKeyID, secret string) {
	r.Header.Set(HeaderContentSHA256, hash(r.Body))
	signed := []string{"host"}
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-acs-") ||
			(lower == "content-type" && len(r.Body) > 0) {
			signed = append(signed, lower)
		}
	}
	slices.Sort(signed)
	r.Header.Set("Authorization", AlgorithmV3+" Credential="+accessKeyID+",SignedHeaders="+strings.Join(signed, ";")+
		",Signature="+SignV3(r.StringToSign(signed), secret))
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
