package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// repeatsWorld returns a world with two instances, and an interface in each status that a repeat
// may find. The options are those of the account.
func repeatsWorld(options ...worldtest.Option) *worldtest.World {
	return world(options...).
		Instance("i-1").
		Instance("i-2", worldtest.Type("ecs.g6.2xlarge")).
		NetworkInterface("eni-free").
		NetworkInterface("eni-attaching", worldtest.AttachedTo("i-1"), worldtest.Status("Attaching")).
		NetworkInterface("eni-used", worldtest.AttachedTo("i-2")).
		NetworkInterface("eni-detaching", worldtest.AttachedTo("i-2"), worldtest.Status("Detaching")).
		NetworkInterface("eni-deleting", worldtest.Status("Deleting"))
}

// repeats are calls whose answer depends on the setting, and calls whose answer does not.
var repeats = []struct{ name, action, instance, eni, accepting, refusing string }{
	// i-1 is full
	{"attach while Attaching", "AttachNetworkInterface", "i-1", "eni-attaching", ok,
		"InvalidOperation.InvalidEniState"},
	{"attach while InUse", "AttachNetworkInterface", "i-2", "eni-used", ok, "InvalidOperation.InvalidEniState"},
	{"detach while Available", "DetachNetworkInterface", "i-2", "eni-free", ok, "InvalidOperation.InvalidEniState"},
	{"detach while Detaching", "DetachNetworkInterface", "i-2", "eni-detaching", ok, ok},

	{"attach to another instance", "AttachNetworkInterface", "i-2", "eni-attaching", "InvalidOperation.InvalidEniState",
		"InvalidOperation.InvalidEniState"},
	{"attach while Detaching", "AttachNetworkInterface", "i-2", "eni-detaching", "InvalidOperation.InvalidEniState",
		"InvalidOperation.InvalidEniState"},
	{"attach of a primary interface", "AttachNetworkInterface", "i-1", "", "InvalidOperation.InvalidEniType",
		"InvalidOperation.InvalidEniType"},
	{"attach to no instance", "AttachNetworkInterface", "i-nowhere", "eni-used", "InvalidEcsId.NotFound",
		"InvalidEcsId.NotFound"},
	{"detach while Attaching", "DetachNetworkInterface", "i-1", "eni-attaching", "InvalidOperation.InvalidEniState",
		"InvalidOperation.InvalidEniState"},
	{"detach while Deleting", "DetachNetworkInterface", "i-1", "eni-deleting", "InvalidOperation.InvalidEniState",
		"InvalidOperation.InvalidEniState"},
	{"detach from another instance", "DetachNetworkInterface", "i-1", "eni-used", "InvalidParameter.EniNotBelongEcs",
		"InvalidParameter.EniNotBelongEcs"},
	{"detach from no instance", "DetachNetworkInterface", "i-nowhere", "eni-free", "InvalidEcsId.NotFound",
		"InvalidEcsId.NotFound"},
	{"detach of no interface", "DetachNetworkInterface", "i-1", "eni-nowhere", "InvalidEniId.NotFound",
		"InvalidEniId.NotFound"},
}

// Repeats are accepted by the account's setting, or by the server's if the account has none. A
// repeat changes nothing.
func TestRepeatsFollowAccountOrServerSetting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		account   worldtest.Option
		server    bool
		accepting bool
	}{
		{"both unset", worldtest.Set("name", "x"), false, false},
		{"the server accepts", worldtest.Set("name", "x"), true, true},
		{"the account accepts", worldtest.Set("repeats", "accept"), false, true},
		{"the account refuses", worldtest.Set("repeats", "refuse"), true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, repeatsWorld(c.account),
				service.Options{AcceptRepeats: c.server, AttachDelay: time.Hour, DetachDelay: time.Hour})
			before := encodeJSON(s.mustCall(t, "DescribeNetworkInterfaces",
				"PageSize", "100").body["NetworkInterfaceSets"])
			for _, r := range repeats {
				want := r.refusing
				if c.accepting {
					want = r.accepting
				}
				eni := r.eni
				if eni == "" {
					eni = primaryOf(t, s, r.instance)
				}
				if got := s.mustCall(t, r.action, "InstanceId", r.instance,
					"NetworkInterfaceId", eni); got.code() != want {
					t.Errorf("%s: got %d %v, want %q", r.name, got.status, got.body, want)
				}
			}
			if after := encodeJSON(s.mustCall(t, "DescribeNetworkInterfaces",
				"PageSize", "100").body["NetworkInterfaceSets"]); after != before {
				t.Errorf("afterwards: got\n%s\nwant\n%s", after, before)
			}
			checkInvariants(t, s.pool)
		})
	}
}

// primaryOf returns the id of an instance's primary interface.
func primaryOf(t *testing.T, s *server, instance string) (id string) {
	t.Helper()
	if err := s.pool.QueryRow(t.Context(),
		`SELECT id FROM network_interfaces WHERE primary_of = $1`,
		instance).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// Concurrent repeats of one call all succeed, in whatever batches they run. The interface takes one
// slot and releases it once.
func TestRaceOfRepeats(t *testing.T) {
	t.Parallel()
	const callers = 40
	s := serve(t, repeatsWorld(worldtest.Set("repeats", "accept")), service.Options{AttachDelay: time.Hour})
	for _, action := range []string{"AttachNetworkInterface", "DetachNetworkInterface", "AttachNetworkInterface"} {
		if action == "DetachNetworkInterface" {
			// becomes InUse
			if _, err := s.pool.Exec(t.Context(),
				`UPDATE attachments SET settles_at = 'epoch' WHERE network_interface_id = 'eni-free'`); err != nil {
				t.Fatal(err)
			}
		}
		expect(t, race(t, callers, func(int) (string, error) {
			r, err := s.call(t.Context(), action, "InstanceId", "i-2", "NetworkInterfaceId", "eni-free")
			return r.code(), err
		}), map[string]int{ok: callers})
		var index *int
		if err := s.pool.QueryRow(t.Context(),
			`SELECT device_index FROM whole_network_interfaces WHERE id = 'eni-free'`).Scan(&index); err != nil {
			t.Fatal(err)
		}
		if attached := index != nil; attached != (action == "AttachNetworkInterface") {
			t.Errorf("after %d times %s: got device index %v, want one only after an attach", callers, action, index)
		}
		checkInvariants(t, s.pool)
	}
	expectNoDeadlocks(t, s)
}

// The control API sets, lists and changes the repeats setting of an account. The change takes
// effect with the next request on the same server.
func TestControlSetsRepeats(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{}, func(o *httpapi.Options) { o.Control.Open = true })
	created := s.createAccount(t, map[string]any{"repeats": "accept", "scenario": tenantWorld("web").String()})
	attach := func(want string) {
		t.Helper()
		r := s.mustCall(t, "AttachNetworkInterface", "AccessKeyId", created.Keys[0].ID, "InstanceId", "i-1",
			"NetworkInterfaceId", "eni-1")
		if r.code() != want {
			t.Errorf("attach: got %d %v, want %q", r.status, r.body, want)
		}
	}
	change := func(body string, want int, contains string) {
		t.Helper()
		status, text, _ := s.control(t, controlRequest{method: "PATCH", path: "/accounts/" + created.ID, body: body})
		if status != want || !strings.Contains(text, contains) {
			t.Errorf("PATCH %s: got %d %s, want %d with %s", body, status, text, want, contains)
		}
	}
	attach(ok)
	attach(ok)
	if _, text, _ := s.control(t, controlRequest{method: "GET", path: "/accounts"}); strings.Count(text,
		`"repeats":"accept"`) != 1 {
		t.Errorf("list: got %s, want one account that accepts repeats", text)
	}
	change(`{"repeats": "refuse"}`, http.StatusOK, `"repeats":"refuse"`)
	attach("InvalidOperation.InvalidEniState")
	change(`{}`, http.StatusOK, `"repeats":"refuse"`)
	change(`{"repeats": "accept"}`, http.StatusOK, `"id":"`+created.ID+`"`)
	attach(ok)
	change(`{"repeats": ""}`, http.StatusOK, created.ID)
	attach("InvalidOperation.InvalidEniState") // the server's setting

	change(`{"repeats": "sometimes"}`, http.StatusBadRequest, "accept, refuse")
	change(`{"repeat": "accept"}`, http.StatusBadRequest, "repeat")
	for id, want := range map[string]int{"1999999999999999": http.StatusNotFound, "x": http.StatusBadRequest} {
		if status, text, _ := s.control(t, controlRequest{method: "PATCH", path: "/accounts/" +
			id, body: `{"repeats": "accept"}`}); status != want {
			t.Errorf("PATCH of account %s: got %d %s, want %d", id, status, text, want)
		}
	}
	if status, text, _ := s.control(t, controlRequest{method: "POST", path: "/accounts",
		body: `{"repeats": "yes"}`}); status != http.StatusBadRequest {
		t.Errorf("create with an invalid setting: got %d %s, want 400", status, text)
	}
	// A scenario may have the setting, which the request overrides. A reset keeps it.
	file := tenantWorld("web", worldtest.Set("repeats", "accept")).String()
	created = s.createAccount(t, map[string]any{"scenario": file})
	change(`{}`, http.StatusOK, `"repeats":"accept"`)
	if status, text, _ := s.control(t, controlRequest{method: "POST", path: "/accounts/" + created.ID +
		"/reset", body: fmt.Sprintf(`{"scenario": %q}`, tenantWorld("web").String())}); status != http.StatusNoContent {
		t.Fatalf("reset: got %d %s, want 204", status, text)
	}
	change(`{}`, http.StatusOK, `"repeats":"accept"`)
	created = s.createAccount(t, map[string]any{"repeats": "refuse", "scenario": file})
	change(`{}`, http.StatusOK, `"repeats":"refuse"`)
}

// The setting is read with the access key, so it costs an attach no further read.
func TestIdentityIncludesRepeats(t *testing.T) {
	t.Parallel()
	s := serve(t, repeatsWorld(worldtest.Set("repeats", "accept")), service.Options{})
	identity, err := s.service.Identify(t.Context(), accessKey)
	if err != nil || !identity.Repeats {
		t.Errorf("got %v (%v), want an identity that accepts repeats", identity.Repeats, err)
	}
}
