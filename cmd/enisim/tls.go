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

// tlsFlags select HTTP or HTTPS, and the certificate.
type tlsFlags struct {
	TLSCert       string `help:"Certificate to serve HTTPS with: a PEM file, intermediates after it. Needs --tls-key." placeholder:"FILE"`
	TLSKey        string `help:"Private key of --tls-cert: a PEM file." placeholder:"FILE"`
	TLSSelfSigned bool   `help:"Serve HTTPS with a certificate of an authority of its own, which is kept in the data folder for clients to trust (tls/ca.pem)."`
}

// Validate returns an error for flags that contradict each other, and for invalid files.
func (f tlsFlags) Validate() error {
	switch {
	case f.TLSSelfSigned && (f.TLSCert != "" || f.TLSKey != ""):
		return errors.New("--tls-self-signed makes a certificate of its own: give either it, or --tls-cert and " +
			"--tls-key")
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

// enabled reports whether the server uses HTTPS.
func (f tlsFlags) enabled() bool { return f.TLSSelfSigned || f.TLSCert != "" }

// tlsConfig returns the TLS configuration of a server at an address, or nil for HTTP. A self-signed
// certificate is stored in dir; without dir it is kept in memory.
func (f tlsFlags) tlsConfig(address net.IP, dir string) (*tls.Config, error) {
	if !f.enabled() {
		return nil, nil
	}
	certify := f.load
	switch {
	case f.TLSSelfSigned && dir != "":
		certify = func() (tls.Certificate, error) { return storedCertificate(dir, address, time.Now()) }
	case f.TLSSelfSigned:
		certify = func() (tls.Certificate, error) { return selfSigned(address, time.Now()) }
	}
	certificate, err := certify()
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}}, nil
}

// load reads the certificate of --tls-cert and --tls-key.
func (f tlsFlags) load() (tls.Certificate, error) {
	certificate, err := tls.LoadX509KeyPair(f.TLSCert, f.TLSKey)
	if err != nil {
		return certificate, fmt.Errorf("--tls-cert %s and --tls-key %s: %w (they are PEM files that belong together)",
			f.TLSCert, f.TLSKey, err)
	}
	return certificate, nil
}

// Validity of certificates. Browsers and some systems refuse a server certificate that is valid for
// longer than a year.
const (
	caValidity     = 10 * 365 * 24 * time.Hour
	serverValidity = 365 * 24 * time.Hour
	renewBefore    = 30 * 24 * time.Hour // of the end
)

// selfSigned creates a self-signed certificate for this machine. It is kept in memory, so each
// start has another one.
func selfSigned(address net.IP, now time.Time) (tls.Certificate, error) {
	return issue(serverTemplate(address, now), nil)
}

// serverTemplate returns the template of a server's certificate, with all names by which clients
// may call this machine.
func serverTemplate(address net.IP, now time.Time) *x509.Certificate {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "enisim"},
		NotBefore:   now.Add(-time.Hour), // for clients whose clock is slow
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

// authorityTemplate returns the template of an authority's certificate. Its name has a random part,
// so that clients can distinguish several authorities.
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

// issue creates a certificate with a new key. It is signed by the authority, or by itself if
// authority is nil.
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

// fingerprint returns the SHA-256 of a certificate in the form of openssl and browsers.
func fingerprint(certificate tls.Certificate) string {
	sum := sha256.Sum256(certificate.Certificate[0])
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}
