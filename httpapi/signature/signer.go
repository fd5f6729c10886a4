package signature

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	mac "hash"
	"slices"
)

// Parameter is a parameter of a request to sign.
type Parameter struct{ Name, Value string }

// SignerV1 signs requests with a key's secret, like V1, and reuses its buffers: a load generator
// shares its cores with the server that it measures. It must be used by one goroutine only.
type SignerV1 struct {
	mac       mac.Hash
	query     []byte
	canonical []byte
	sum       [sha1.Size]byte
	signature [28]byte // base64 of sum
}

// NewSignerV1 returns a signer with a secret.
func NewSignerV1(secret string) *SignerV1 {
	return &SignerV1{mac: hmac.New(sha1.New, []byte(secret+"&"))}
}

// Query signs parameters, which it sorts in place, and returns them as the query of a request. The
// signature comes last. The bytes are valid until the next call.
func (s *SignerV1) Query(method string, parameters []Parameter) []byte {
	slices.SortFunc(parameters, func(a, b Parameter) int { return cmp.Compare(a.Name, b.Name) })
	s.query = s.query[:0]
	for i, p := range parameters {
		if i > 0 {
			s.query = append(s.query, '&')
		}
		s.query = appendEscaped(s.query, p.Name)
		s.query = append(s.query, '=')
		s.query = appendEscaped(s.query, p.Value)
	}
	s.canonical = append(append(s.canonical[:0], method...), "&%2F&"...)
	s.canonical = appendEscaped(s.canonical, s.query)
	s.mac.Reset()
	s.mac.Write(s.canonical)
	base64.StdEncoding.Encode(s.signature[:], s.mac.Sum(s.sum[:0]))
	s.query = append(s.query, "&"+ParameterV1+"="...)
	s.query = appendEscaped(s.query, s.signature[:])
	return s.query
}
