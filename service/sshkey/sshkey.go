package sshkey

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// MaxLength is how many bytes a public key may have. An RSA key of 16,384 bits with a certificate has fewer.
const MaxLength = 8 << 10

// bits is the size of a new key.
const bits = 2048

// ErrInvalid is returned for a text that is no public key of a documented type.
var ErrInvalid = errors.New("sshkey: not a public key of a known type")

// types are the types of imported keys that the vendor documents, as far as they are read here: certificates of the
// oldest form are not.
var types = []string{
	ssh.KeyAlgoRSA, "ssh-dss", ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
	ssh.CertAlgoRSAv01, "ssh-dss-cert-v01@openssh.com", ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01,
	ssh.CertAlgoECDSA521v01,
}

// Public is the public half of a key pair.
type Public struct {
	Text        string // type, Base64 and comment, as in an authorized_keys file
	Fingerprint string // MD5 of the key, in hexadecimal bytes with colons
}

// Parse reads a public key: one line of an authorized_keys file, without options.
func Parse(text string) (Public, error) {
	text = strings.TrimSpace(text)
	if len(text) > MaxLength || strings.ContainsAny(text, "\r\n\x00") {
		return Public{}, ErrInvalid
	}
	key, comment, options, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil || len(options) > 0 || !slices.Contains(types, key.Type()) {
		return Public{}, ErrInvalid
	}
	return newPublic(key, comment), nil
}

func newPublic(key ssh.PublicKey, comment string) Public {
	text := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)) + " " + comment)
	return Public{
		Text:        strings.Join(strings.Fields(text), " "),
		Fingerprint: ssh.FingerprintLegacyMD5(key),
	}
}

// Generate returns a new RSA key pair. private is the private key in PEM.
func Generate() (public Public, private string, err error) {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return Public{}, "", fmt.Errorf("make a key: %w", err)
	}
	half, err := ssh.NewPublicKey(&key.PublicKey)
	if err != nil {
		return Public{}, "", fmt.Errorf("read the public half of a key: %w", err)
	}
	block := pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return newPublic(half, ""), string(pem.EncodeToMemory(&block)), nil
}

// Derived returns the public key that follows from a name. It looks like the key of an RSA pair, of which
// nobody has the private half.
func Derived(name string) Public {
	var modulus []byte
	for n := uint64(0); len(modulus) < bits/8; n++ {
		sum := sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, n), name...))
		modulus = append(modulus, sum[:]...)
	}
	modulus[0] |= 0x80           // it has all its bits,
	modulus[len(modulus)-1] |= 1 // and is odd
	const exponent = 65537
	key, err := ssh.NewPublicKey(&rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: exponent})
	if err != nil {
		panic(err) // only a key of an unknown type fails
	}
	return newPublic(key, "")
}
