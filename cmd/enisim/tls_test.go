package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"enisim.alt/store/storetest"
)

// A server with --tls-self-signed prints the fingerprint of the certificate that it presents.
// Clients accept it only with --insecure.
func TestSelfSignedTLS(t *testing.T) {
	t.Parallel()
	server := start(t, "--database-url", storetest.URL(t), "--tls-self-signed")
	address := strings.TrimPrefix(server.endpoint, "https://")
	call := []string{"call", "DescribeInstances", "--endpoint", server.endpoint, "--RegionId", "cn-hangzhou"}
	if out, errOut, exit := output(t, append(call, "--insecure")...); exit != 0 {
		t.Errorf("call --insecure: got exit code %d, %q, %q; want 0", exit, out, errOut)
	}
	if _, errOut, exit := output(t, call...); exit != exitFailure || !strings.Contains(errOut, "--insecure") {
		t.Errorf("call: got exit code %d, %q; want %d, and --insecure named", exit, errOut, exitFailure)
	}
	if _, errOut, exit := output(t, "health", "--listen", address, "--tls-self-signed"); exit != 0 {
		t.Errorf("health: got exit code %d, %q; want 0", exit, errOut)
	}

	conn, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	presented := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if got, want := fingerprint(tls.Certificate{Certificate: [][]byte{presented.Raw}}),
		server.greeting["SHA-256"]; got != want {
		t.Errorf("got a certificate with the SHA-256 %s, want %s as printed", got, want)
	}
	server.end(t, syscall.SIGTERM)
	if got := server.cmd.ProcessState.ExitCode(); got != 0 {
		t.Errorf("exit code: got %d, want 0; log: %s", got, server.log)
	}
}

// A self-signed certificate is valid for the names of this machine and the server's address only.
func TestSelfSignedCertificate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	certificate, err := selfSigned(net.IPv4(192, 0, 2, 7), now)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(parsed)
	for _, name := range []string{"localhost", "127.0.0.1", "::1", host, "192.0.2.7"} {
		if _, err := parsed.Verify(x509.VerifyOptions{DNSName: name, Roots: trusted, CurrentTime: now}); err != nil {
			t.Errorf("a client that trusts the certificate calls %s: %v", name, err)
		}
	}
	if _, err := parsed.Verify(x509.VerifyOptions{DNSName: "example.com", Roots: trusted,
		CurrentTime: now}); err == nil {
		t.Error("got a certificate that is valid for example.com, want an error")
	}
	another, err := selfSigned(net.IPv4zero, now)
	if err != nil {
		t.Fatal(err)
	}
	if fingerprint(certificate) == fingerprint(another) {
		t.Error("got the same fingerprint for two certificates, want two")
	}
}

// A server with a certificate and a key from files serves HTTP/1.1 and HTTP/2.
func TestTLSWithFiles(t *testing.T) {
	t.Parallel()
	certificate, err := selfSigned(net.IPv4zero, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: certificate.Certificate[0]},
		keyFile:  {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(parsed)

	server := start(t, "--database-url", storetest.URL(t), "--tls-cert", certFile, "--tls-key", keyFile)
	for _, http2 := range []bool{false, true} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted},
			ForceAttemptHTTP2: http2}}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.endpoint+"/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
		if response.StatusCode != http.StatusOK || (response.ProtoMajor == 2) != http2 {
			t.Errorf("got %s %s, want 200 with HTTP/2: %v", response.Proto, response.Status, http2)
		}
	}

	// Stopped with the clients' connections still open.
	server.end(t, syscall.SIGTERM)
	if got := server.cmd.ProcessState.ExitCode(); got != 0 {
		t.Errorf("exit code: got %d, want 0; log: %s", got, server.log)
	}
}

// The certificate and its authority survive restarts. Only the authority survives when the server's
// certificate must be replaced.
func TestStoredCertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)
	leaf := func(address net.IP, now time.Time) *x509.Certificate {
		t.Helper()
		certificate, err := storedCertificate(dir, address, now)
		if err != nil {
			t.Fatal(err)
		}
		authority, err := os.ReadFile(caFile(dir))
		if err != nil {
			t.Fatal(err)
		}
		trusted := x509.NewCertPool()
		trusted.AppendCertsFromPEM(authority)
		for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
			if _, err := certificate.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: trusted,
				CurrentTime: now}); err != nil {
				t.Errorf("a client that trusts ca.pem calls %s: %v", name, err)
			}
		}
		return certificate.Leaf
	}
	first := leaf(net.IPv4zero, now)
	authority, err := os.ReadFile(caFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	sameAuthority := func(when string, want bool) {
		t.Helper()
		if text, err := os.ReadFile(caFile(dir)); err != nil || (string(text) == string(authority)) != want {
			t.Errorf("%s: got an unchanged authority: %v (%v), want %v", when, !want, err, want)
		}
	}
	if again := leaf(net.IPv4zero, now.Add(24*time.Hour)); !again.Equal(first) {
		t.Error("got another certificate a day later, want the same")
	}
	if err := os.Remove(caFile(dir)); err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]*x509.Certificate{
		"another address": leaf(net.IPv4(192, 0, 2, 7), now),
		"about to expire": leaf(net.IPv4zero, now.Add(340*24*time.Hour)),
	} {
		if other.Equal(first) {
			t.Errorf("%s: got the same certificate, want a new one", name)
		}
	}
	if err := os.WriteFile(serverFile(dir), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	leaf(net.IPv4zero, now)
	sameAuthority("after each new certificate", true)
	for _, path := range []string{caKeyFile(dir), serverFile(dir)} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %v, %v; want mode 0600", path, info.Mode(), err)
		}
	}
	leaf(net.IPv4zero, now.Add(caValidity))
	sameAuthority("ten years later", false)
	if err := os.WriteFile(caKeyFile(dir), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := storedCertificate(dir, net.IPv4zero, now); err == nil ||
		!strings.Contains(err.Error(), "remove the folder "+tlsFolder(dir)) {
		t.Errorf("an unreadable authority: got %v, want what to do", err)
	}
}

// A client that trusts the authority also trusts the server after a restart, on the same data
// folder and with another database.
func TestSelfSignedTLSOverARestart(t *testing.T) {
	t.Parallel()
	for _, own := range []bool{true, false} {
		dir := emptyDataDir(t)
		args := []string{"--data-dir", dir, "--tls-self-signed"}
		if !own {
			args = append(args, "--database-url", storetest.URL(t))
		}
		server := start(t, args...)
		first := server.greeting["SHA-256"]
		if got := server.greeting["CA"]; got != caFile(dir) {
			t.Errorf("got CA %q, want %q", got, caFile(dir))
		}
		server.end(t, syscall.SIGTERM)
		server = start(t, args...)
		if second := server.greeting["SHA-256"]; second != first || first == "" {
			t.Errorf("got the SHA-256 %s after a restart, want %s as before", second, first)
		}
		out, errOut, exit := outputOf(t, []string{"SSL_CERT_FILE=" + caFile(dir)}, "", "call", "DescribeRegions",
			"--endpoint", server.endpoint)
		if exit != 0 {
			t.Errorf("a client that trusts ca.pem: got exit code %d, %q, %q, want 0", exit, out, errOut)
		}
		server.end(t, syscall.SIGTERM)
	}
}
