package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"enisim.alt/httpapi"
)

// The command lists all actions, prints one in detail, and describes all of them as JSON.
func TestActions(t *testing.T) {
	t.Parallel()
	list, _, exit := output(t, "actions")
	want := httpapi.ActionNames()
	if names := strings.Fields(list); exit != 0 || !slices.Equal(names, want) {
		t.Errorf("list: got exit code %d and %d names, want all %d actions", exit, len(names), len(want))
	}
	one, _, exit := output(t, "actions", "CreateVpc")
	for _, want := range []string{
		"CreateVpc, Version 2016-04-28, permission vpc:CreateVpc; a repeat with the same ClientToken",
		"\n  RegionId ", "string; required\n", "\n  403  Forbidden.RAM: ",
	} {
		if exit != 0 || !strings.Contains(one, want) {
			t.Errorf("one: got exit code %d and %q, want %q in it", exit, one, want)
		}
	}
	encoded, _, exit := output(t, "actions", "--json")
	var products []httpapi.Description
	if err := json.Unmarshal([]byte(encoded), &products); exit != 0 || err != nil || len(products) != 5 {
		t.Fatalf("--json: got exit code %d, %v and %d products, want five", exit, err, len(products))
	}
	if d := products[0].APIs["DescribeNetworkInterfaces"]; products[0].Info.Version != "2014-05-26" ||
		len(d.Parameters) == 0 ||
		d.Responses["200"].Schema.Properties["NetworkInterfaceSets"].Type != "object" {
		t.Errorf("--json: got %+v, want parameters and reply", d)
	}
	_, stderr, exit := output(t, "actions", "AttachNetworkInterfce")
	if exit != exitUsage || !strings.Contains(stderr, "did you mean AttachNetworkInterface?") {
		t.Errorf("a misspelt action: got exit code %d and %q, want a suggestion", exit, stderr)
	}
}

// The API ignores unknown parameters, so a misspelt one would go unnoticed without the warning.
// Parts of lists and the parameters of all actions are known.
func TestCallWarnsOfParametersThatAnActionDoesNotRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"AttachNetworkInterface", "--InstancId", "i-web"},
			"enisim: AttachNetworkInterface does not read --InstancId; did you mean --InstanceId?\n"},
		{[]string{"DescribeInstances", "--Xyz", "1"}, "enisim: DescribeInstances does not read --Xyz\n"},
		{[]string{"DescribeVpcs", "--Version", "2016-04-28", "--VpcName", "a", "--RegionId", "cn-hangzhou",
			"--Tag.1.Key", "a", "--Format", "XML"}, ""},
		{[]string{"NoSuchAction", "--Xyz", "1"}, ""}, // the server reports the unknown action
	} {
		_, stderr, _ := output(t, slices.Concat([]string{"call", "--endpoint", "127.0.0.1:1"}, c.args)...)
		warning, _, _ := strings.Cut(stderr, "enisim: no reply")
		if warning != c.want {
			t.Errorf("%v: got %q, want %q", c.args, warning, c.want)
		}
	}
}
