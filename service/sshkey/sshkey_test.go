package sshkey_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"enisim.alt/service/sshkey"
)

// Keys with the fingerprints that ssh-keygen -E md5 prints of them.
const (
	rsaKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCwWh3IoORBh3zmg5r32j5Q1GqZrZ2A4X3Ko10ngZeurPTK4tXF6t" +
		"sTIlqT26Hp19BmKNyQvWS00N2y9Ak0kP6Z1/0xrpLY71LYP+u9jmL5sK8c0+tcFQ2ofqSobeDLCCGy6M55xYZ/HQi/" +
		"/UK1ETDdgtOetBF/ND0vRTtKHVYdlQ=="
	rsaFingerprint = "38:81:b0:aa:80:74:24:3f:8b:bf:25:f0:8b:5e:62:5c"
	ecdsaKey       = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNjpG/dJ+T3l5JkqNdWHRaF" +
		"EyIkwf48EzdYnB3LyZuBJQJB0P9xX5CN13QE6ALBUPq0+UmfTHpgkG/mPOjCdUWI="
	ecdsaFingerprint = "ac:22:f4:a0:9d:b2:f5:96:6c:90:8b:49:51:e4:65:a3"
	ed25519Key       = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA0FhM3fud+gyE7s1spCmy9eleEe8LnNmIGGjbsI1Q/q"
)

// A public key is read with the fingerprint that other programs print.
func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]sshkey.Public{
		rsaKey:                        {Text: rsaKey, Fingerprint: rsaFingerprint},
		" " + rsaKey + "  me@host \n": {Text: rsaKey + " me@host", Fingerprint: rsaFingerprint},
		ecdsaKey + " two words":       {Text: ecdsaKey + " two words", Fingerprint: ecdsaFingerprint},
	} {
		if got, err := sshkey.Parse(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
}

// What is no public key of a documented type is refused.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"an empty text":        "",
		"a text":               "ABC1234567",
		"a type of its own":    ed25519Key,
		"options":              "no-pty " + rsaKey,
		"two keys":             rsaKey + "\n" + ecdsaKey,
		"a comment before it":  "# mine\n" + rsaKey,
		"half a key":           rsaKey[:len(rsaKey)/2],
		"a very long comment":  rsaKey + " " + strings.Repeat("x", sshkey.MaxLength),
		"another type's bytes": "ssh-dss " + strings.TrimPrefix(rsaKey, "ssh-rsa "),
	} {
		if got, err := sshkey.Parse(text); !errors.Is(err, sshkey.ErrInvalid) {
			t.Errorf("%s: got %+v, %v, want ErrInvalid", name, got, err)
		}
	}
}

// The key that follows from a name is always the same, is one that Parse reads, and differs from those of other names.
func TestDerivedKeys(t *testing.T) {
	t.Parallel()
	key := sshkey.Derived("ops")
	if again, err := sshkey.Parse(key.Text); err != nil || again != key || sshkey.Derived("ops") != key {
		t.Errorf("got %+v and %+v, %v, want one key", key, again, err)
	}
	if other := sshkey.Derived("dev"); other.Fingerprint == key.Fingerprint {
		t.Errorf("got the fingerprint %s of two names, want two", key.Fingerprint)
	}
}

// A new key pair has two halves that belong together, and the fingerprint of its public half.
func TestNewKeyPair(t *testing.T) {
	t.Parallel()
	public, private, err := sshkey.Generate()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey([]byte(private))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	if public.Text != want || public.Fingerprint != ssh.FingerprintLegacyMD5(signer.PublicKey()) {
		t.Errorf("got %+v, want the public half %s", public, want)
	}
	block, _ := pem.Decode([]byte(private))
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil || key.N.BitLen() != 2048 {
		t.Errorf("got %v, %v, want a key of 2048 bits", key, err)
	}
	again, err := sshkey.Parse(public.Text)
	if err != nil || again != public {
		t.Errorf("Parse: got %+v, %v, want %+v", again, err, public)
	}
}
