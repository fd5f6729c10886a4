package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

// fields parses the output of key create: a name and a value on each line.
func fields(out string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(out) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name != "" {
			values[name] = strings.TrimSpace(value)
		}
	}
	return values
}

// Keys are created, used and revoked beside a running server. Their secrets are shown once and are
// not in the server's log.
func TestKeysBesideARunningServer(t *testing.T) {
	t.Parallel()
	database := storetest.URL(t)
	server := start(t, "--database-url", database, "--log-level", "debug")
	const account = "1000000000000001"
	key := func(args ...string) (out string) {
		t.Helper()
		out, errOut, exit := output(t, append(append([]string{"key"}, args...), "--database-url", database)...)
		if exit != 0 {
			t.Fatalf("enisim key %s: got exit code %d, %q", strings.Join(args, " "), exit, errOut)
		}
		return out
	}
	call := func(key map[string]string, more ...string) string {
		t.Helper()
		out, errOut, _ := output(t, append([]string{
			"call", "DescribeInstances", "--endpoint", server.endpoint, "--RegionId", "cn-hangzhou",
			"--access-key-id", key["AccessKeyId"], "--access-key-secret", key["AccessKeySecret"],
		}, more...)...)
		return out + errOut
	}
	wantCall := func(what, got, want string) {
		t.Helper()
		if !strings.Contains(got, want) {
			t.Errorf("a call with %s: got %q, want %q in it", what, got, want)
		}
	}

	lasting := fields(key("create", "--account", account))
	attacher := fields(key("create", "--account", account, "--ram-user", "attacher", "--expires-in", "1h"))
	temporary := fields(key("create", "--account", account, "--temporary", "--expires-in", "1h"))
	wantCall("a new key", call(lasting), `"InstanceId":"i-web"`)
	wantCall("a RAM user's key", call(attacher), `"InstanceId":"i-web"`)
	wantCall("a temporary key and its token", call(temporary, "--SecurityToken", temporary["SecurityToken"]),
		`"InstanceId":"i-web"`)
	wantCall("a temporary key alone", call(temporary), `"Code":"MissingSecurityToken"`)
	if !strings.HasPrefix(lasting["AccessKeyId"], "LTAI") || !strings.HasPrefix(temporary["AccessKeyId"], "STS.") {
		t.Errorf("got the ids %q and %q, want LTAI… and STS.…", lasting["AccessKeyId"], temporary["AccessKeyId"])
	}

	list := key("list", "--account", account)
	for _, want := range []string{lasting["AccessKeyId"], attacher["AccessKeyId"], temporary["AccessKeyId"], "attacher",
		"temporary", "never"} {
		if !strings.Contains(list, want) {
			t.Errorf("key list: got %q, want %q in it", list, want)
		}
	}

	awaitAnswer := func(answer string) {
		t.Helper()
		for deadline := time.Now().Add(2 * time.Second); ; {
			started := time.Now()
			got := call(lasting)
			if strings.Contains(got, answer) {
				return
			}
			if started.After(deadline) {
				t.Fatalf("after two seconds: got %q, want %s", got, answer)
			}
		}
	}
	key("disable", lasting["AccessKeyId"])
	awaitAnswer("InvalidAccessKeyId.Inactive")
	if list := key("list"); !strings.Contains(list, "Inactive") {
		t.Errorf("key list: got %q, want one Inactive", list)
	}
	key("delete", lasting["AccessKeyId"])
	awaitAnswer("InvalidAccessKeyId.NotFound")

	for _, c := range []struct{ args, want string }{
		{"disable LTAInobody", "enisim key list"},
		{"delete " + lasting["AccessKeyId"], "enisim key list"},
		{"create --account 1000000000000009", "enisim scenario apply"},
		{"create --account " + account + " --ram-user nobody", "ram_users"},
	} {
		_, errOut, exit := output(t,
			append(append([]string{"key"}, strings.Fields(c.args)...), "--database-url", database)...)
		if exit != exitFailure || !strings.Contains(errOut, c.want) {
			t.Errorf("key %s: got exit code %d, %q; want %d and %q", c.args, exit, errOut, exitFailure, c.want)
		}
	}

	server.end(t, syscall.SIGTERM)
	if !strings.Contains(server.log.String(), "DescribeInstances") {
		t.Errorf("got the server's log %s, want the requests in it", server.log)
	}
	for _, secret := range []string{
		"quickstart-secret", lasting["AccessKeySecret"], attacher["AccessKeySecret"], temporary["AccessKeySecret"],
		temporary["SecurityToken"],
	} {
		if secret == "" || strings.Contains(list, secret) || strings.Contains(server.log.String(), secret) {
			t.Errorf("got the secret %q empty, in the list or in the server's log", secret)
		}
	}
}

// The secrets of the quick-start keys are public, so no server accepts them from other machines
// without an explicit flag.
func TestPublishedKeysAreNotServedToOthers(t *testing.T) {
	t.Parallel()
	const everywhere = "0.0.0.0:0"
	database := storetest.URL(t)
	run := func(want int, args ...string) (out string) {
		t.Helper()
		out, errOut, exit := output(t, append(args, "--database-url", database)...)
		if exit != want {
			t.Fatalf("%s: got exit code %d, %q; want %d", strings.Join(args, " "), exit, errOut, want)
		}
		return out + errOut
	}
	refused := func(when string, parts ...string) {
		t.Helper()
		said := run(exitUsage, "serve", "--listen", everywhere)
		for _, want := range append(parts, "--allow-quickstart-key", "scenario") {
			if !strings.Contains(said, want) {
				t.Errorf("%s: got %q, want %q in it", when, said, want)
			}
		}
	}
	serves := func(more ...string) *process {
		t.Helper()
		server := start(t, append([]string{"--listen", everywhere, "--database-url", database}, more...)...)
		server.end(t, syscall.SIGTERM)
		return server
	}

	refused("an empty database", "--no-quickstart", "--scenario FILE")
	if list := run(0, "key", "list"); strings.Contains(list, "LTAI") {
		t.Errorf("after a refusal: got the keys %q, want none", list)
	}
	if said := serves("--no-quickstart").greeting["Control"]; !strings.Contains(said, "off") ||
		!strings.Contains(said, "--control-token") {
		t.Errorf("the control API of a public server: got %q, want it off, and how to turn it on", said)
	}
	serves("--allow-quickstart-key")
	refused("the quick-start world", "enisim key disable LTAIquickstart000001",
		"enisim key disable LTAIquickstart000002")
	run(0, "key", "disable", "LTAIquickstart000001")
	refused("its RAM user's key", "enisim key disable LTAIquickstart000002")
	run(0, "key", "delete", "LTAIquickstart000002")
	serves()
	serves("--scenario", file(t, worldtest.New("1000000000000001").
		AccessKey("LTAIquickstart000001", worldtest.Set("secret", "one-that-is-not-published")).
		Region("cn-hangzhou").
		String()))
}
