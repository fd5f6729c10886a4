package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"enisim.alt/httpapi/signature"
	"enisim.alt/service"
)

// SignatureMode is how callers are authenticated.
type SignatureMode int

// VerifySignature, the zero value, checks each request's signature, time and nonce. IdentifyOnly
// accepts the id of an access key as proof: for throw-away tests by hand.
const (
	VerifySignature SignatureMode = iota
	IdentifyOnly
)

// timeWindow is the maximum difference between a request's time and ours
// (docs/reference/protocol.md, section 1.1).
const timeWindow = 15 * time.Minute

// gatekeeper authenticates the caller of a request.
type gatekeeper struct {
	service *service.Service
	mode    SignatureMode
	nonces  *nonceMemory
	now     func() time.Time
}

// claim is what a request states about its caller, in either signature version.
type claim struct {
	accessKeyID   string
	securityToken string
	timestamp     string
	nonce         string
	signature     string
	stringToSign  func() string
	sign          func(stringToSign, secret string) string
}

// isV3 reports whether a request is signed in V3. A V1 request may have x-acs headers too, so only
// the Authorization header decides.
func isV3(r *http.Request) bool { return strings.HasPrefix(r.Header.Get("Authorization"), "ACS3-") }

// authenticate applies the checks of the caller in their order (docs/reference/protocol.md, section
// 5): parameters present, key known, time, signature, nonce.
func (g *gatekeeper) authenticate(ctx context.Context, in *incoming) (service.Caller, error) {
	c, err := g.claimOf(in)
	if err != nil {
		return service.Caller{}, err
	}
	identity, err := g.service.Identify(ctx, c.accessKeyID)
	if err != nil {
		return service.Caller{}, err
	}
	if g.mode == VerifySignature {
		err = g.verify(c, identity)
	}
	return identity.Caller, err
}

// verify checks a claim against the key that it names.
func (g *gatekeeper) verify(c claim, identity service.Identity) error {
	sent, err := time.Parse(signature.TimeFormat, c.timestamp)
	if err != nil ||
		sent.Format(signature.TimeFormat) != c.timestamp { // Parse takes fractions of a second, and hours of one digit
		return service.InvalidTimeStampFormat
	}
	now := g.now()
	if sent.Before(now.Add(-timeWindow)) || sent.After(now.Add(timeWindow)) {
		return service.InvalidTimeStampExpired
	}
	stringToSign := c.stringToSign()
	if !signature.Equal(c.signature, c.sign(stringToSign, identity.Secret)) {
		return service.SignatureDoesNotMatch.With(stringToSign)
	}
	if err := identity.CheckSecurityToken(c.securityToken); err != nil {
		return err
	}
	switch g.nonces.remember(c.accessKeyID, c.nonce, sent, now) {
	case nonceWasUsed:
		return service.SignatureNonceUsed
	case nonceMayBeForgotten: // the same request with the time of now is welcome
		return service.ServiceUnavailable
	default:
		return nil
	}
}

// claimOf reads the claim of a request. With IdentifyOnly the signature may be missing.
func (g *gatekeeper) claimOf(in *incoming) (claim, error) {
	if isV3(in.http) {
		return g.claimV3(in)
	}
	return g.claimV1(in)
}

func (g *gatekeeper) claimV1(in *incoming) (claim, error) {
	p := in.parameters
	names := []string{"Action", "Version", "AccessKeyId"}
	if g.mode == VerifySignature {
		names = append(names, "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp")
	}
	for _, name := range names {
		if p[name] == "" {
			return claim{}, service.MissingCommon[name]
		}
	}
	if g.mode == VerifySignature && p["SignatureMethod"] != signature.MethodV1 {
		return claim{}, service.InvalidSignatureParameter.With("SignatureMethod")
	}
	if g.mode == VerifySignature && p["SignatureVersion"] != signature.VersionV1 {
		return claim{}, service.InvalidSignatureParameter.With("SignatureVersion")
	}
	return claim{
		accessKeyID:   p["AccessKeyId"],
		securityToken: p["SecurityToken"],
		timestamp:     p["Timestamp"],
		nonce:         p["SignatureNonce"],
		signature:     p["Signature"],
		stringToSign:  func() string { return signature.StringToSignV1(in.http.Method, in.all) },
		sign:          signature.SignV1,
	}, nil
}

// missingHeader returns the error for a missing V3 header, which is that of the parameter with the
// same meaning. The hash of the body has no such parameter.
func missingHeader(name string) error {
	parameter := map[string]string{
		signature.HeaderAction:  "Action",
		signature.HeaderVersion: "Version",
		signature.HeaderDate:    "Timestamp",
		signature.HeaderNonce:   "SignatureNonce",
	}[name]
	if missing := service.MissingCommon[parameter]; missing != nil {
		return missing
	}
	return service.MissingNamedParameter.With(strings.ToLower(name))
}

func (g *gatekeeper) claimV3(in *incoming) (claim, error) {
	header := in.http.Header
	a, err := signature.ParseAuthorization(header.Get("Authorization"))
	request := signature.RequestV3{
		Method: in.http.Method,
		Host:   in.http.Host,
		Query:  in.query,
		Header: header,
		Body:   in.body,
	}
	stringToSign := func() string { return request.StringToSign(a.SignedHeaders) }
	if err != nil {
		return claim{}, service.IncompleteSignature.With(stringToSign())
	}
	names := []string{signature.HeaderAction, signature.HeaderVersion}
	if g.mode == VerifySignature {
		names = append(names, signature.HeaderDate, signature.HeaderNonce, signature.HeaderContentSHA256)
	}
	for _, name := range names {
		if header.Get(name) == "" {
			return claim{}, missingHeader(name)
		}
	}
	if g.mode == VerifySignature && !a.Covers(header) {
		return claim{}, service.IncompleteSignature.With(stringToSign())
	}
	return claim{
		accessKeyID:   a.AccessKeyID,
		securityToken: header.Get(signature.HeaderSecurityToken),
		timestamp:     header.Get(signature.HeaderDate),
		nonce:         header.Get(signature.HeaderNonce),
		signature:     a.Signature,
		stringToSign:  stringToSign,
		sign:          signature.SignV3,
	}, nil
}
