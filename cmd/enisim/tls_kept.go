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

// Files of --tls-self-signed in a data folder. A file with a private key also contains its
// certificate, so that one rename replaces both.
func tlsFolder(dir string) string  { return filepath.Join(dir, "tls") }
func caFile(dir string) string     { return filepath.Join(tlsFolder(dir), "ca.pem") } // for clients
func caKeyFile(dir string) string  { return filepath.Join(tlsFolder(dir), "ca-key.pem") }
func serverFile(dir string) string { return filepath.Join(tlsFolder(dir), "server.pem") }

// storedCertificate returns the server's certificate, signed by the authority in the data folder.
// Missing files are created. The server's certificate is replaced when it is about to expire or a
// name is missing. The authority stays, so clients keep trusting it.
func storedCertificate(dir string, address net.IP, now time.Time) (_ tls.Certificate, err error) {
	if err := os.MkdirAll(tlsFolder(dir), 0o755); err != nil {
		return tls.Certificate{}, fmt.Errorf("keep the certificate: %w", err)
	}
	// First lock the folder against a server that starts at the same time.
	unlock, err := lockFolder(tlsFolder(dir))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("keep the certificate: %w", err)
	}
	defer unlock()
	// Then read the authority, or create it.
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
		return tls.Certificate{}, fmt.Errorf("the authority in %s cannot be read: %w; bring the file back, or "+
			"remove the folder %s to have another one made, which clients must then trust",
			caKeyFile(dir), err, tlsFolder(dir))
	}
	// Then write its public part for clients, if it is missing or differs.
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Leaf.Raw})
	if there, err := os.ReadFile(caFile(dir)); err != nil || !bytes.Equal(there, public) {
		if err := replaceFile(caFile(dir), public, 0o644); err != nil {
			return tls.Certificate{}, err
		}
	}
	// Then use the stored certificate of the server, or issue a new one.
	wanted := serverTemplate(address, now)
	if stored, err := readCertificate(serverFile(dir)); err == nil &&
		isUsable(stored.Leaf, wanted, authority.Leaf, now) {
		return stored, nil
	}
	made, err := issue(wanted, &authority)
	if err != nil {
		return tls.Certificate{}, err
	}
	return made, writeCertificate(serverFile(dir), made)
}

// isUsable reports whether a certificate is signed by the authority, is not about to expire, and
// has all names of the wanted one.
func isUsable(stored, wanted, authority *x509.Certificate, now time.Time) bool {
	lacksName := slices.ContainsFunc(wanted.DNSNames,
		func(name string) bool { return !slices.Contains(stored.DNSNames, name) })
	lacksAddress := slices.ContainsFunc(wanted.IPAddresses,
		func(ip net.IP) bool { return !slices.ContainsFunc(stored.IPAddresses, ip.Equal) })
	return !lacksName && !lacksAddress && stored.CheckSignatureFrom(authority) == nil && now.After(stored.NotBefore) &&
		now.Add(renewBefore).Before(stored.NotAfter)
}

// readCertificate reads a certificate and its key from one file.
func readCertificate(path string) (tls.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(text, text)
}

// writeCertificate writes a certificate and its key to one file that only its owner can read.
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

// replaceFile writes a file atomically: after a crash there is the old file or the new one.
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

// lockFolder locks a folder and waits while another process holds the lock. The lock ends at the
// latest with the process.
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
