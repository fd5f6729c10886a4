package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An invalid option ends the program with exit code 2 before it changes anything. The message names
// the option and a valid value.
func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	noCertificate := filepath.Join(t.TempDir(), "no-certificate.pem")
	if err := os.WriteFile(noCertificate, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   string
		option string
		valid  string
	}{
		{"serve --listen 8080", "--listen 8080", "127.0.0.1:8080"},
		{"serve --listen 127.0.0.1:99999", "--listen 127.0.0.1:99999", "127.0.0.1:8080"},
		{"serve --attach-delay=-1s", "--attach-delay", "500ms"},
		{"serve --detach-delay=-1s", "--detach-delay", "500ms"},
		{"serve --delete-delay=-1s", "--delete-delay", "500ms"},
		{"serve --create-delay=-1s", "--create-delay", "500ms"},
		{"serve --start-delay=-1s", "--start-delay", "500ms"},
		{"serve --stop-delay=-1s", "--stop-delay", "500ms"},
		{"serve --attach-delay soon", "--attach-delay", "duration"},
		{"serve --log-level loud", "--log-level", "loud"},
		{"serve --log-format xml", "--log-format", "text"},
		{"account create --expires-in=-1h", "--expires-in", "30m"},
		{"serve --signature maybe", "--signature", "identify"},
		{"serve --closed-to-ram ecs:AttachNetworkInterfaces", "--closed-to-ram ecs:AttachNetworkInterfaces",
			"ecs:AttachNetworkInterface,"},
		{"serve --closed-to-ram AttachNetworkInterface", "--closed-to-ram AttachNetworkInterface",
			"ecs:AttachNetworkInterface,"},
		{"serve --control-token short", "--control-token", "openssl rand"},
		{"serve --control-token with_a_quote_\u00fc_in_it", "--control-token", "openssl rand"},
		{"serve --tls-cert " + noCertificate, "--tls-cert", "needs --tls-key"},
		{"serve --tls-key " + noCertificate, "--tls-key", "needs --tls-cert"},
		{"serve --tls-self-signed --tls-cert a --tls-key b", "--tls-self-signed", "either"},
		{"serve --tls-cert nowhere.pem --tls-key nowhere.key", "--tls-cert nowhere.pem", "PEM"},
		{"serve --tls-cert " + noCertificate + " --tls-key " + noCertificate, "--tls-cert", "PEM"},
		{"serve --scenario nowhere.yaml", "--scenario", "nowhere.yaml"},
		{"serve --database-url postgres://u:hunter2@host:port/db", "--database-url",
			"postgres://user:password@host:port/database"},
		{"serve --database-url mysql://u:hunter2@host/db", "--database-url",
			"postgres://user:password@host:port/database"},
		{"serve --database-url nonsense", "--database-url", "postgres://user:password@host:port/database"},
		{"key create --account 1000000000000001 --database-url nonsense", "--database-url",
			"postgres://user:password@host:port/database"},
		{"migrate up --database-url nonsense", "--database-url", "postgres://user:password@host:port/database"},
		{"key create", "--account", "ID"},
		{"fault add --account 1000000000000001 --first 0 --delay 1s", "--first", "from 1"},
		{"key create --account 1000000000000001 --expires-in=-1h", "--expires-in", "1h"},
		{"key create --account 1000000000000001 --temporary", "--temporary", "--expires-in 1h"},
		{"serve --quick", "--quick", "--quickstart"},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			out, errOut, exit := output(t, append(strings.Fields(c.args), "--data-dir", "/dev/null/nowhere")...)
			if exit != exitUsage || !strings.Contains(errOut, c.option) || !strings.Contains(errOut, c.valid) {
				t.Errorf("got exit code %d, %q; want %d, and a message with %q and %q", exit, errOut, exitUsage,
					c.option, c.valid)
			}
			for _, secret := range []string{"hunter2", "with_a_quote_"} {
				if strings.Contains(out+errOut, secret) {
					t.Errorf("got %q and %q, want no secret in them", out, errOut)
				}
			}
		})
	}
}
