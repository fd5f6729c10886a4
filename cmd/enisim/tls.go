package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"time"
)

// tlsFlags choose between HTTP and HTTPS, and the certificate of the latter.
type tlsFlags struct {
	TLSCert       string `help:"Certificate to serve HTTPS with: a PEM file, intermediates after it. Needs --tls-key." placeholder:"FILE"`
	TLSKey        string `help:"Private key of --tls-cert: a PEM file." placeholder:"FILE"`
	TLSSelfSigned bool   `help:"Serve HTTPS with a certificate of an authority of its own, which is kept in the data folder for clients to trust (tls/ca.pem)."`
}

// Validate refuses flags that contradict each other, and files that are no certificate.
func (f tlsFlags) Validate() error {
	switch {
	case f.TLSSelfSigned && (f.TLSCert != "" || f.TLSKey != ""):
		return errors.New("--tls-self-signed makes a certificate of its own: give either it, or --tls-cert and --tls-key")
	case f.TLSCert != "" && f.TLSKey == "":
		return errors.New("--tls-cert needs --tls-key, the file with its private key")
	case f.TLSCert == "" && f.TLSKey != "":
		return errors.New("--tls-key needs --tls-cert, the file with its certificate")
	case f.TLSCert != "":
		_, err := f.load()
		return err
	}
	return nil
}

// enabled tells whether the server speaks HTTPS.
func (f tlsFlags) enabled() bool { return f.TLSSelfSigned || f.TLSCert != "" }

// secure returns how the server at an address speaks HTTPS, or nil where it speaks HTTP. A certificate of its own is kept in dir, or in memory where
// that is "".
func (f tlsFlags) secure(address net.IP, dir string) (*tls.Config, error) {
	if !f.enabled() {
		return nil, nil
	}
	certify := f.load
	switch {
	case f.TLSSelfSigned && dir != "":
		certify = func() (tls.Certificate, error) { return keptCertificate(dir, address, time.Now()) }
	case f.TLSSelfSigned:
		certify = func() (tls.Certificate, error) { return selfSigned(address, time.Now()) }
	}
	certificate, err := certify()
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}}, nil
}

func (f tlsFlags) load() (tls.Certificate, error) {
	certificate, err := tls.LoadX509KeyPair(f.TLSCert, f.TLSKey)
	if err != nil {
		return certificate, fmt.Errorf("--tls-cert %s and --tls-key %s: %w (they are PEM files that belong together)", f.TLSCert, f.TLSKey, err)
	}
	return certificate, nil
}

// How long certificates are valid. Browsers and some systems refuse a server's that is valid for longer than this.
const (
	caValidity     = 10 * 365 * 24 * time.Hour
	serverValidity = 365 * 24 * time.Hour
	renewBefore    = 30 * 24 * time.Hour // of the end
)

// selfSigned makes a certificate for this machine that signs itself. It is kept in memory only, so each start has another.
func selfSigned(address net.IP, now time.Time) (tls.Certificate, error) {
	return issue(serverTemplate(address, now), nil)
}

// serverTemplate describes the certificate of a server on this machine, under the names by which clients may call it.
func serverTemplate(address net.IP, now time.Time) *x509.Certificate {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "enisim"},
		NotBefore:   now.Add(-time.Hour), // for clients whose clock is behind
		NotAfter:    now.Add(serverValidity),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if name, err := os.Hostname(); err == nil && name != "localhost" {
		template.DNSNames = append(template.DNSNames, name)
	}
	if !address.IsUnspecified() && !address.IsLoopback() {
		template.IPAddresses = append(template.IPAddresses, address)
	}
	return template
}

// authorityTemplate describes the certificate of an authority. Its name has a random part, so that clients that trust several tell them apart.
func authorityTemplate(now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: "enisim authority " + rand.Text()[:8]},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(caValidity),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
}

// issue makes a certificate with a new key, signed by an authority, or by itself where that is nil.
func issue(template *x509.Certificate, authority *tls.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128)); err != nil {
		return tls.Certificate{}, err
	}
	parent, signer := template, any(key)
	if authority != nil {
		parent, signer = authority.Leaf, authority.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// fingerprint spells the SHA-256 of a certificate as openssl and browsers do.
func fingerprint(certificate tls.Certificate) string {
	sum := sha256.Sum256(certificate.Certificate[0])
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}
