package topology_test

import (
	"regexp"
	"strings"
	"testing"

	"enisim.alt/service/scenario/topology"
)

// A trunk keeps its slot, and a member its trunk, although the answers list the member first and, as some
// do, name its instance in its attachment only. The type gets places for members if the catalogue gives it none.
func TestImportOfATrunkWithAMember(t *testing.T) {
	t.Parallel()
	const (
		trunk  = "eni-bp1nodesecond0000002"
		member = "eni-bp1nodesecond0000001"
		node   = "i-bp1bignode0000000000"
	)
	sources := answers(t)
	for k, s := range sources {
		text := string(s.Data)
		text = changeInterface(text, trunk, `"Type": "Secondary"`, `"Type": "Trunk"`)
		text = changeInterface(text, member, `"Type": "Secondary"`, `"Type": "Member"`)
		text = changeInterface(text, member, `"InstanceId": "`+node+`",`, ``)
		text = changeInterface(text, member, `"DeviceIndex": 1`,
			`"DeviceIndex": 1007, "TrunkNetworkInterfaceId": "`+trunk+`"`)
		sources[k] = topology.Source{Name: s.Name, Data: []byte(text)}
	}
	text, _ := mustImport(t, sources)
	for _, want := range []string{
		"trunking: true",
		"type: Trunk, attached_to: " + node,
		"attached_to: " + node + ", trunk: " + trunk,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("got\n%s\nwant in it\n%s", text, want)
		}
	}
	if strings.Index(text, "id: "+trunk) > strings.Index(text, "id: "+member) {
		t.Errorf("got\n%s\nwant the trunk before its member", text)
	}
	if !regexp.MustCompile(`eni_quantity: \d+.*eni_trunk_supported: true`).MatchString(text) {
		t.Errorf("got\n%s\nwant a type with trunks", text)
	}
}

// changeInterface replaces the first text behind the id of an interface.
func changeInterface(text, id, from, to string) string {
	before, after, found := strings.Cut(text, `"NetworkInterfaceId": "`+id+`"`)
	if !found {
		return text
	}
	return before + `"NetworkInterfaceId": "` + id + `"` + strings.Replace(after, from, to, 1)
}
