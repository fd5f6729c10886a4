package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"enisim.alt/httpapi"
)

// actionsHead is the beginning of docs/actions.md, before the tables.
const actionsHead = `# Actions

This page is generated from the simulator's code by ` + "`make golden`" + `, and a test compares them. It lists for each
action the parameters that it reads, and what its rules require of each parameter alone. Rules on several parameters
or on resources appear in the errors of the action:

` + "```sh\nenisim actions AttachNetworkInterface\nenisim actions --json\n```" + `

The first command prints the errors too. The second prints everything, including replies, in the form of the metadata
that the vendor publishes, for tools. [documented-errors.md](documented-errors.md) has the errors that any action may
answer.
`

// The page docs/actions.md is generated from the descriptions of all actions.
func TestActionsPage(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	page.WriteString(actionsHead)
	for _, product := range httpapi.Descriptions() {
		fmt.Fprintf(&page, "\n## %s, Version %s\n", product.Info.Product, product.Info.Version)
		for _, name := range slices.Sorted(maps.Keys(product.APIs)) {
			d := product.APIs[name]
			fmt.Fprintf(&page, "\n### %s\n\n`%s`", name, d.Permission)
			if d.Idempotent {
				page.WriteString(", takes a ClientToken")
			}
			page.WriteString("\n\n| parameter | |\n| --- | --- |\n")
			for _, p := range d.Parameters {
				fmt.Fprintf(&page, "| %s | %s |\n", p.Spelling(), p.Demands())
			}
		}
	}
	path := filepath.Join("..", "docs", "actions.md")
	if *update {
		if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != page.String() {
		t.Errorf("%s differs from the code; make golden updates it", path)
	}
}

// The description of an action has its parameters, its errors in the order of the rules, and its
// reply.
func TestDescriptionOfAttachNetworkInterface(t *testing.T) {
	t.Parallel()
	d, known := httpapi.FindDescription("2014-05-26", "AttachNetworkInterface")
	if !known {
		t.Fatal("got no description of AttachNetworkInterface")
	}
	var got []string
	for _, p := range d.Parameters {
		got = append(got, p.Spelling()+" "+p.Demands())
	}
	if want := []string{
		"RegionId string; required", "NetworkInterfaceId string; required", "InstanceId string; required",
		"TrunkNetworkInstanceId string",
		"NetworkCardIndex integer; at least 0",
	}; !slices.Equal(got, want) {
		t.Errorf("parameters: got %q, want %q", got, want)
	}
	if got := d.ErrorCodes["404"]; len(got) != 3 || got[1].Code != "InvalidEcsId.NotFound" ||
		got[2].Code != "InvalidEniId.NotFound" {
		t.Errorf("errors with status 404: got %v, want region, instance and interface in the order of the rules", got)
	}
	reply, err := json.Marshal(d.Responses["200"])
	if want := `{"schema":{"type":"object","properties":{"RequestId":{"type":"string"}}}}`; err != nil ||
		string(reply) != want {
		t.Errorf("reply: got %s, %v, want %s", reply, err, want)
	}
}

// The description of a reply has all fields of the golden replies.
func TestDescriptionsMatchReplies(t *testing.T) {
	t.Parallel()
	compared := 0
	for _, product := range httpapi.Descriptions() {
		for name, d := range product.APIs {
			paths, err := filepath.Glob(filepath.Join("..", "testdata", "golden", name, "*.json"))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range paths {
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				_, body, _ := strings.Cut(string(text), "\n\n")
				var reply map[string]any
				if err := json.Unmarshal([]byte(body), &reply); err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				if _, failed := reply["Code"]; failed && reply["HostId"] != nil {
					continue
				}
				compared++
				for _, difference := range differences("", d.Responses["200"].Schema, reply) {
					t.Errorf("%s: %s", path, difference)
				}
			}
		}
	}
	if compared < 50 {
		t.Errorf("got %d compared replies, want at least 50", compared)
	}
}

// differences returns the paths where a value differs from its schema.
func differences(at string, s httpapi.Schema, value any) (found []string) {
	switch v := value.(type) {
	case map[string]any:
		if s.Type != "object" {
			return []string{fmt.Sprintf("%s is an object, described as %s", at, s.Type)}
		}
		for name, field := range v {
			described, known := s.Properties[name]
			if !known {
				found = append(found, at+"."+name+" is not described")
				continue
			}
			found = append(found, differences(at+"."+name, described, field)...)
		}
	case []any:
		if s.Items == nil {
			return []string{fmt.Sprintf("%s is a list, described as %s", at, s.Type)}
		}
		for _, item := range v {
			found = append(found, differences(at+"[]", *s.Items, item)...)
		}
	case string:
		if s.Type != "string" {
			found = append(found, fmt.Sprintf("%s is a text, described as %s", at, s.Type))
		}
	case bool:
		if s.Type != "boolean" {
			found = append(found, fmt.Sprintf("%s is a boolean, described as %s", at, s.Type))
		}
	case float64:
		if s.Type != "integer" && s.Type != "number" {
			found = append(found, fmt.Sprintf("%s is a number, described as %s", at, s.Type))
		}
	}
	return found
}
