package scenario

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var updateGuide = flag.Bool("update", false, "write the tables of docs/scenarios.md anew")

// guideTables returns the tables of keys of docs/scenarios.md, by the names in their markers. Keys
// of several mappings have a table of their own.
func guideTables() map[string][]key {
	return map[string][]key{
		"account":                   accountMapping.keys,
		"quotas":                    quotasMapping.keys,
		"access_key":                accessKeyMapping.keys,
		"ram_user":                  userMapping.keys,
		"region":                    regionMapping.keys,
		"fault":                     faultMapping.keys,
		"stock":                     stockMapping.keys,
		"throttle":                  throttleMapping.keys,
		"clock":                     clockMapping.keys,
		"throttle_limit":            innerKeys(&throttleMapping.mapping, "limits"),
		"fault_when":                innerKeys(&faultMapping.mapping, "when"),
		"fault_do":                  innerKeys(&faultMapping.mapping, "do"),
		"lifecycle":                 lifecycleMapping.keys,
		"lifecycle_lasts":           innerKeys(&lifecycleMapping.mapping, "lasts"),
		"lifecycle_fails":           innerKeys(&lifecycleMapping.mapping, "fails"),
		"any resource":              keysOf(commonKeys),
		"vpc":                       ownKeys(&vpcMapping.mapping, keysOf(commonKeys)),
		"vswitch":                   ownKeys(&vswitchMapping.mapping, keysOf(commonKeys)),
		"security_group":            ownKeys(&groupMapping.mapping, keysOf(commonKeys)),
		"security_group_rule":       ruleMapping.keys,
		"route_table":               ownKeys(&routeTableMapping.mapping, keysOf(labelKeys)),
		"route_entry":               ownKeys(&routeEntryMapping.mapping, keysOf(labelKeys)),
		"key_pair":                  keyPairMapping.keys,
		"eip":                       ownKeys(&eipMapping.mapping, keysOf(commonKeys)),
		"instance":                  ownKeys(&instanceMapping.mapping, keysOf(commonKeys)),
		"primary_network_interface": ownKeys(&primaryMapping.mapping, keysOf(interfaceKeys)),
		"data_disk":                 ownKeys(&dataDiskMapping.mapping, keysOf(diskKeys)),
		"disk":                      ownKeys(&diskMapping.mapping, keysOf(diskKeys)),
		"any disk":                  systemDiskMapping.keys,
		"network_interface":         ownKeys(&interfaceMapping.mapping, keysOf(interfaceKeys)),
		"any network interface":     keysOf(interfaceKeys[:len(interfaceKeys)-len(commonKeys)]),
		"instance_type":             typeMapping.keys,
	}
}

// keysOf returns keys without the types of their entries.
func keysOf[E any](keys []keyOf[E]) []key {
	out := make([]key, len(keys))
	for i := range keys {
		out[i] = keys[i].key
	}
	return out
}

// innerKeys returns the keys of the mapping that a key has.
func innerKeys(m *mapping, name string) []key { return m.keys[slices.Index(m.keyNames, name)].of.keys }

// ownKeys returns the keys of a mapping that are not among the shared ones.
func ownKeys(m *mapping, shared []key) []key {
	return slices.DeleteFunc(slices.Clone(m.keys), func(k key) bool {
		return slices.ContainsFunc(shared, func(s key) bool { return s.name == k.name })
	})
}

// code matches the parts of a description that are code: key names that cannot be ordinary words,
// and placeholders.
var code = regexp.MustCompile(`\b[a-z0-9]+(_[a-z0-9]+)+\b|\{n[^}]*\}`)

// markdown formats a description for a table.
func markdown(text string) string {
	text = strings.NewReplacer("*", `\*`, "|", `\|`).Replace(text)
	return code.ReplaceAllString(strings.TrimSuffix(text, "."), "`$0`")
}

// guideRow returns the row of a key.
func guideRow(k *key) string {
	var value []string
	if k.required {
		value = append(value, "Required")
	}
	switch {
	case k.kind == kindChoice:
		value = append(value, "`"+strings.Join(k.words, "`, `")+"`")
	case k.kind == kindInteger && k.max < maxInteger:
		value = append(value, fmt.Sprintf("%d to %d", k.min, k.max))
	}
	if k.about != "" {
		value = append(value, markdown(k.about))
	}
	return fmt.Sprintf("| `%s` | %s | %s |\n", k.name, strings.Join(value, ". "), guideDefault(k))
}

// guideDefault returns the meaning of an entry that does not have the key.
func guideDefault(k *key) string {
	switch {
	case k.required:
		return ""
	case k.defaultValue != nil:
		return fmt.Sprintf("`%v`", k.defaultValue)
	case k.absent != "":
		return markdown(k.absent)
	case k.kind == kindText:
		return "empty"
	case k.kind == kindMapping:
		return "the defaults of its keys"
	}
	return "none"
}

// The tables have markers, which are comments.
var guideTable = regexp.MustCompile(`(?s)<!-- keys of ([a-z_ ]+) -->\n.*?<!-- end of keys -->\n`)

// The tables of docs/scenarios.md have exactly the keys of the format, with their values and
// defaults.
func TestGuideTables(t *testing.T) {
	t.Parallel()
	const path = "../../docs/scenarios.md"
	guide, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	left := guideTables()
	want := guideTable.ReplaceAllStringFunc(string(guide), func(old string) string {
		name := guideTable.FindStringSubmatch(old)[1]
		keys, found := left[name]
		if !found {
			t.Errorf("%s: got a table of keys of %q, want each known table once", path, name)
		}
		delete(left, name)
		var out strings.Builder
		fmt.Fprintf(&out, "<!-- keys of %s -->\n| Key | Value | Default |\n| --- | --- | --- |\n", name)
		for i := range keys {
			out.WriteString(guideRow(&keys[i]))
		}
		return out.String() + "<!-- end of keys -->\n"
	})
	for name := range left {
		t.Errorf("%s: got no table of the keys of %s, want one", path, name)
	}
	switch {
	case string(guide) == want:
	case *updateGuide:
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s: got other tables than those of the format; make golden writes them anew\ngot\n%s\nwant\n%s",
			path, guide, want)
	}
}
