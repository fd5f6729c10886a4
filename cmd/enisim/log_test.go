package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"unicode"
)

// hostileTexts are texts that forge lines, drive terminals, or are no UTF-8.
var hostileTexts = []string{
	"a\nlevel=ERROR msg=forged", "a\r\n\x00b", "\x1b[2J\x1b]0;title\x07", "\x7f\x08\x08", "\u0085next", "\u009b31mred",
	"\u202eright to left\u2066", "\u2028\u2029", "\U000e0001tag", "\xff\xfe", `"quoted" \back\`, "世界",
}

// prints reports whether a text has only characters that print.
func prints(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// Both formats of the log escape control characters, and JSON gives back each text that is UTF-8.
func TestLogEscapesControlCharacters(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		for _, text := range hostileTexts {
			var out bytes.Buffer
			log := logFlags{LogFormat: format}.logger(&out)
			log.Info(text, "action", text, text, slog.GroupValue(slog.String(text, text)))
			line, ended := strings.CutSuffix(out.String(), "\n")
			if !ended || !prints(line) {
				t.Errorf("%s of %q: got %q, want one line of characters that print", format, text, out.String())
			}
			if format != "json" {
				continue
			}
			var record struct{ Action string }
			err := json.Unmarshal(out.Bytes(), &record)
			if want := strings.ToValidUTF8(text, "\ufffd"); err != nil || record.Action != want &&
				strings.ReplaceAll(record.Action, "\ufffd", "") != strings.ReplaceAll(want, "\ufffd", "") {
				t.Errorf("JSON of %q: got %q and %v, want the text", text, record.Action, err)
			}
		}
	}
}

// A server logs one line for each request, with its request id, whatever bytes the request has. No
// secret is in the log: of the control API, the database, an access key, a signature, a session.
func TestLogOfRequests(t *testing.T) {
	t.Parallel()
	const token, secret = "a-token-for-this-test", "quickstart-secret"
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			server := start(t, "--data-dir", dataDir(t), "--log-format", format, "--log-level", "debug",
				"--control-token", token)
			// First calls with signatures, which are answered and refused.
			for _, pairs := range [][]string{{}, {"--access-key-secret", "wrong-secret-of-a-caller"}} {
				output(t, append([]string{"call", "DescribeRegions", "--endpoint", server.endpoint}, pairs...)...)
			}
			// Then requests with hostile bytes wherever a client can have them.
			requests := 2
			send := func(method, path, body string, header http.Header) {
				t.Helper()
				request, err := http.NewRequestWithContext(t.Context(), method, server.endpoint+path,
					strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				request.Header = header
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				if err := response.Body.Close(); err != nil {
					t.Fatal(err)
				}
				requests++
			}
			form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
			for _, text := range hostileTexts {
				send(http.MethodPost, "/", url.Values{
					"Action": {text}, "Version": {text}, "AccessKeyId": {text}, "Signature": {"secret-signature"},
					"SecurityToken": {"secret-session"}, text: {text},
				}.Encode(), form)
				send(http.MethodGet, "/_enisim/"+url.PathEscape(text)+"?"+url.QueryEscape(text), "",
					http.Header{"Authorization": {"Bearer secret-guess"}, "X-Tab": {"a\tb"}})
			}
			send(http.MethodPost, "/", url.Values{"Action": {strings.Repeat("x", 60_000)}}.Encode(), form)
			send(http.MethodGet, "/_enisim/accounts", "", http.Header{"Authorization": {"Bearer " + token}})
			server.end(t, syscall.SIGTERM)
			// Then read the log.
			before := map[string]string{"text": "request_id=", "json": `"request_id":"`}
			log, ids := server.log.String(), map[string]bool{}
			for line := range strings.Lines(log) {
				if len(line) > 1000 {
					t.Errorf("got a line of %d bytes, want at most 1000: %.200s", len(line), line)
				}
				if !prints(strings.TrimSuffix(line, "\n")) {
					t.Errorf("got %q, want only characters that print", line)
				}
				_, id, found := strings.Cut(line, before[format])
				if found && len(id) >= 36 {
					ids[id[:36]] = true
				}
			}
			if len(ids) != requests {
				t.Errorf("lines with a request id of their own: got %d, want %d: %s", len(ids), requests, log)
			}
			for _, word := range []string{
				token, secret, "wrong-secret", "secret-signature", "secret-session", "secret-guess",
			} {
				if strings.Contains(log, word) {
					t.Errorf("got a log with %q, want no secret", word)
				}
			}
		})
	}
}
