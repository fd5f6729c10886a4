package httpapi

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/scenario"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// listMember has valid members of JSON lists that are not lists of ids.
var listMember = map[string]string{
	"PrivateIpAddresses": "10.0.0.1", "PublicIpAddresses": "10.0.0.1", "EipAddresses": "10.0.0.1",
	"InnerIpAddresses": "10.0.0.1",
}

// In each list action, an empty list parameter finds nothing, and an empty value counts as absent.
// A list may have the forms that shells make of it. A list without quotes is refused with the real
// service's message.
func TestEmptyListParameters(t *testing.T) {
	t.Parallel()
	st := store.New(storetest.Pool(t), slog.New(slog.DiscardHandler))
	sc, err := scenario.Parse("tenants.yaml", []byte(tenantsWorld().String()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Apply(t.Context(), st, sc, time.Now()); err != nil {
		t.Fatal(err)
	}
	svc := service.New(st, service.Options{})
	api := httptest.NewServer(New(svc, Options{Log: slog.New(slog.DiscardHandler), Signature: IdentifyOnly,
		NewRequestID: func() string { return "one" }}))
	t.Cleanup(api.Close)
	call := func(version, action string, pairs ...string) (status int, body string) {
		query := url.Values{"Action": {action}, "Version": {version}, "Format": {"JSON"}, "AccessKeyId": {"LTAIown"},
			"RegionId": {"cn-hangzhou"}}
		also, _ := lookUp(requiredPairs, version, action)
		for pairs := append(slices.Clip(also), pairs...); len(pairs) > 0; pairs = pairs[2:] {
			query.Set(pairs[0], pairs[1])
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, api.URL+"/?"+query.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := api.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}

	jsonLists, numbered := 0, 0
	for version, table := range actionsByVersion() {
		for action, act := range table {
			if !strings.HasPrefix(action, "Describe") && !strings.HasPrefix(action, "List") {
				continue
			}
			for _, p := range leaves(act.request, "") {
				switch {
				case p.kind == jsonListType:
					jsonLists++
					for _, empty := range []string{"[]", " [ ] ", "null", "'[]'"} {
						if status, body := call(version, action, p.name, empty); status != http.StatusOK ||
							strings.Contains(body, "-own") || !emptyPage(body) {
							t.Errorf("%s %s=%s: got %d %s, want an empty list", action, p.name, empty, status, body)
						}
					}
					member := listMember[p.name]
					if prefix, known := lookUp(idPrefixes, version, p.name); known {
						member = prefix + "own"
					}
					_, found := call(version, action, p.name, `["`+member+`"]`)
					for _, written := range []string{"['" + member + "']", `[\"` + member + `\"]`, `"` + member +
						`"`, `'["` + member + `"]'`} {
						if status, body := call(version, action, p.name, written); status != http.StatusOK ||
							body != found {
							t.Errorf("%s %s=%s: got %d %s, want %s", action, p.name, written, status, body, found)
						}
					}
					for _, unquoted := range []string{member, "[" + member + "]", "[" + member + "," + member +
						"]", member + "," + member} {
						if status, body := call(version, action, p.name, unquoted); status != http.StatusBadRequest ||
							!strings.Contains(body, `"Message":"The specified parameter \"`+p.name+
								`\" is not valid."`) {
							t.Errorf("%s %s=%s: got %d %s, want a 400 that names the parameter", action, p.name,
								unquoted, status, body)
						}
					}
				case strings.HasSuffix(p.name, ".1"):
					numbered++
					_, without := call(version, action)
					if _, body := call(version, action, p.name, ""); body != without {
						t.Errorf("%s %s=: got %s, want the reply without it: %s", action, p.name, body, without)
					}
				}
			}
		}
	}
	if jsonLists == 0 || numbered == 0 {
		t.Errorf("got %d JSON lists and %d numbered lists, want some of both", jsonLists, numbered)
	}
}

// emptyPage reports whether a reply has lists and all of them are empty.
func emptyPage(body string) bool {
	var reply map[string]any
	if json.Unmarshal([]byte(body), &reply) != nil {
		return false
	}
	lists := 0
	for _, value := range reply {
		group, isGroup := value.(map[string]any)
		for _, inner := range group {
			if list, isList := inner.([]any); !isList || len(list) > 0 {
				return false
			}
		}
		if isGroup {
			lists++
		}
	}
	return lists > 0
}
