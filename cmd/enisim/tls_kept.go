package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// The certificates of --tls-self-signed in a data folder. A file with a private key also has its certificate, so that one rename replaces both.
func tlsFolder(dir string) string  { return filepath.Join(dir, "tls") }
func caFile(dir string) string     { return filepath.Join(tlsFolder(dir), "ca.pem") } // for clients
func caKeyFile(dir string) string  { return filepath.Join(tlsFolder(dir), "ca-key.pem") }
func serverFile(dir string) string { return filepath.Join(tlsFolder(dir), "server.pem") }

// keptCertificate returns the server's certificate, from the authority in the data folder. What is missing is made; the server's is made anew when it
// is about to expire or lacks a name, and the authority stays, so that clients go on trusting it.
func keptCertificate(dir string, address net.IP, now time.Time) (_ tls.Certificate, err error) {
	if err := os.MkdirAll(tlsFolder(dir), 0o755); err != nil {
		return tls.Certificate{}, fmt.Errorf("keep the certificate: %w", err)
	}
	unlock, err := lockFolder(tlsFolder(dir)) // against a server that starts at the same time
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("keep the certificate: %w", err)
	}
	defer unlock()
	authority, err := readCertificate(caKeyFile(dir))
	switch {
	case errors.Is(err, os.ErrNotExist), err == nil && now.Add(renewBefore).After(authority.Leaf.NotAfter):
		if authority, err = issue(authorityTemplate(now), nil); err != nil {
			return tls.Certificate{}, err
		}
		if err := writeCertificate(caKeyFile(dir), authority); err != nil {
			return tls.Certificate{}, err
		}
	case err != nil:
		return tls.Certificate{}, fmt.Errorf("the authority in %s cannot be read: %w; bring the file back, or remove the folder %s to have another one made, which clients must then trust",
			caKeyFile(dir), err, tlsFolder(dir))
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Leaf.Raw})
	if there, err := os.ReadFile(caFile(dir)); err != nil || !bytes.Equal(there, public) {
		if err := replaceFile(caFile(dir), public, 0o644); err != nil {
			return tls.Certificate{}, err
		}
	}
	wanted := serverTemplate(address, now)
	if kept, err := readCertificate(serverFile(dir)); err == nil && isGoodFor(kept.Leaf, wanted, authority.Leaf, now) {
		return kept, nil
	}
	made, err := issue(wanted, &authority)
	if err != nil {
		return tls.Certificate{}, err
	}
	return made, writeCertificate(serverFile(dir), made)
}

// isGoodFor reports whether a certificate is the authority's, lasts for a while, and has all names of the wanted one.
func isGoodFor(kept, wanted, authority *x509.Certificate, now time.Time) bool {
	lacksName := slices.ContainsFunc(wanted.DNSNames, func(name string) bool { return !slices.Contains(kept.DNSNames, name) })
	lacksAddress := slices.ContainsFunc(wanted.IPAddresses, func(ip net.IP) bool { return !slices.ContainsFunc(kept.IPAddresses, ip.Equal) })
	return !lacksName && !lacksAddress && kept.CheckSignatureFrom(authority) == nil && now.After(kept.NotBefore) && now.Add(renewBefore).Before(kept.NotAfter)
}

// readCertificate reads a certificate and its key from one file.
func readCertificate(path string) (tls.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(text, text)
}

// writeCertificate writes a certificate and its key into one file, for its owner only.
func writeCertificate(path string, certificate tls.Certificate) error {
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		return err
	}
	return replaceFile(path, slices.Concat(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Leaf.Raw}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
	), 0o600)
}

// replaceFile writes a file in one step: after a crash the old one is there, or the new one.
func replaceFile(path string, content []byte, mode os.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// lockFolder waits until no other process holds the folder. The lock ends with the process at the latest.
func lockFolder(path string) (unlock func(), err error) {
	folder, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return func() { _ = folder.Close() }, nil
}
