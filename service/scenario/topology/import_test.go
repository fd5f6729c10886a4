package topology_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enisim.alt/service/scenario"
	"enisim.alt/service/scenario/topology"
)

const dir = "../../../testdata/import"

// answers returns the files of testdata/import, with some texts replaced.
func answers(t *testing.T, changes ...string) []topology.Source {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("got files %v, error %v, want answers", files, err)
	}
	var sources []topology.Source
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, topology.Source{
			Name: filepath.Base(file), Data: []byte(strings.NewReplacer(changes...).Replace(string(data))),
		})
	}
	return sources
}

// without returns the files except those with these names.
func without(sources []topology.Source, names ...string) []topology.Source {
	var kept []topology.Source
	for _, s := range sources {
		if !strings.Contains(strings.Join(names, " "), s.Name) {
			kept = append(kept, s)
		}
	}
	return kept
}

// mustImport imports files, and returns the scenario as text and parsed.
func mustImport(t *testing.T, sources []topology.Source) (string, *scenario.Scenario) {
	t.Helper()
	text, err := topology.Import(sources, topology.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sc, err := scenario.Parse("imported.yaml", text)
	if err != nil {
		t.Fatalf("got a scenario with problems\n%v\n%s", err, text)
	}
	return string(text), sc
}

// The files can be in any order, or concatenated to one file.
func TestImportAcceptsFilesInAnyOrder(t *testing.T) {
	t.Parallel()
	sources := answers(t)
	want, sc := mustImport(t, sources)
	const summary = "1 account, 1 new region, 2 new zones, 1 instance type, 2 VPCs, 3 VSwitches, 3 security groups, " +
		"4 instances, 11 network interfaces (3 primary)"
	if got := sc.Summary(); got != summary {
		t.Errorf("got %s, want %s", got, summary)
	}
	for range sources {
		sources = append(sources[1:], sources[0])
		if got, _ := mustImport(t, sources); got != want {
			t.Errorf("with %s first: got\n%s\nwant\n%s", sources[0].Name, got, want)
		}
	}
	var all topology.Source // one file, as made with >> in a shell
	for _, s := range sources {
		all.Data = append(all.Data, s.Data...)
	}
	if got, _ := mustImport(t, []topology.Source{all}); got != want {
		t.Errorf("concatenated: got\n%s\nwant\n%s", got, want)
	}
}

// Regions, zones and types that the catalogue does not have are declared in the scenario.
func TestImportDeclaresWhatTheCatalogueLacks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		changes []string
		want    []string
	}{
		{"an unknown type, zone and region", nil, []string{
			"# The catalogue does not know this type. Its limits are guesses: at least what its instances hold now.\n  - {id: ecs.zz9.4xlarge, vcpus: 16, memory_gib: 64, eni_quantity: 4}",
			"zones: [cn-future-1a]", "zones: [cn-hangzhou-z]",
		}},
		{"a type with a lower limit in the catalogue", []string{"ecs.zz9.4xlarge", "ecs.g6.large"}, []string{
			"# The catalogue's type holds less than its instances do here. The raised limits are guesses.\n" +
				"  - {id: ecs.g6.large, vcpus: 2, memory_gib: 8, eni_quantity: 4, private_ipv4_per_eni: 6, ipv6_per_eni: 1, cpu_architecture: x86_64}",
		}},
		{
			"texts that YAML would not read as texts", []string{"web #1", `{\"a\": [1]}\n- b: *c {n}`},
			[]string{`name: "{\"a\": [1]}\n- b: *c {n}"`},
		},
		{"a member without its trunk", []string{`"Status": "Available",
        "Type": "Secondary"`, `"Status": "InUse", "Type": "Member"`}, []string{
			"# It is a member of a trunk that the files do not attach, and free here.", "trunking: true",
		}},
	} {
		text, _ := mustImport(t, answers(t, c.changes...))
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: got\n%s\nwant in it\n%s", c.name, text, want)
			}
		}
	}
}

// A group with more instances than the default limit gets the limit that it needs.
func TestImportOfAGroupBeyondTheDefaultLimit(t *testing.T) {
	t.Parallel()
	const size = 2001
	sources := answers(t, `"172.16.4.0/24"`, `"172.16.0.0/16"`)
	var hosts, cards []string
	for n := range size {
		hosts = append(hosts, fmt.Sprintf(`{"InstanceId": "i-%d", "InstanceType": "ecs.g6.large", "Status": "Running", "InstanceNetworkType": "vpc",
			"VpcAttributes": {"VSwitchId": "vsw-bp1z8x6c4v2b0n9m7asdf"}}`, n))
		cards = append(cards, fmt.Sprintf(`{"NetworkInterfaceId": "eni-%d", "Type": "Primary", "Status": "InUse", "InstanceId": "i-%d",
			"VSwitchId": "vsw-bp1z8x6c4v2b0n9m7asdf", "SecurityGroupIds": {"SecurityGroupId": ["sg-bp1c5v7b9n1m3q5w7e9r"]}}`, n, n))
	}
	sources = append(sources,
		topology.Source{
			Name: "hosts.json", Data: []byte(`{"Instances": {"Instance": [` + strings.Join(hosts, ",") + `]}}`),
		},
		topology.Source{
			Name: "cards.json",
			Data: []byte(`{"NetworkInterfaceSets": {"NetworkInterfaceSet": [` + strings.Join(cards, ",") + `]}}`),
		})
	if text, _ := mustImport(t, sources); !strings.Contains(text, "tags: {tier: front}, instance_limit: 2002}") {
		t.Error("got no instance_limit of 2002, want it")
	}
}

// All problems of the files are reported, with advice.
func TestImportReportsEveryProblem(t *testing.T) {
	t.Parallel()
	one := func(text string) []topology.Source { return []topology.Source{{Name: "a.json", Data: []byte(text)}} }
	for _, c := range []struct {
		name    string
		sources []topology.Source
		want    []string
	}{
		{"missing answers", without(answers(t), "vswitches-1.json", "security-groups.json", "network-interfaces-2.json",
			"instances-future.json"), []string{
			"fetch DescribeInstances of i-ft1aaaaaaaaaaaaaaaaa: eni-ft1primary0000000000 refers to it",
			"fetch DescribeNetworkInterfaces of eni-bp1leaving0000000000: i-bp16a8d2h5k9m3q7s1vx refers to it",
			"fetch DescribeNetworkInterfaces of eni-bp1nodeprimary000000: i-bp1bignode0000000000 refers to it",
			"fetch DescribeNetworkInterfaces of eni-bp1nodesecond0000001: i-bp1bignode0000000000 refers to it",
			"fetch DescribeNetworkInterfaces of eni-bp1nodesecond0000002: i-bp1bignode0000000000 refers to it",
			"fetch DescribeNetworkInterfaces of eni-bp1nodesecond0000003: i-bp1bignode0000000000 refers to it",
			"fetch DescribeSecurityGroups of sg-bp1c5v7b9n1m3q5w7e9r: eni-bp10a2b4c6d8e0f2g4h6 and 2 more refer to it",
			"fetch DescribeSecurityGroups of sg-ft1aaaaaaaaaaaaaaaaa: eni-ft1primary0000000000 refers to it",
			"fetch DescribeVSwitches of vsw-bp1z8x6c4v2b0n9m7asdf: i-bp16a8d2h5k9m3q7s1vx and 3 more refer to it",
		}},
		{"missing VPCs", without(answers(t), "vpcs.json"), []string{
			"fetch DescribeVpcs of vpc-bp1k7d3s9f2h6j8l0qwer: vsw-bp1newzone00000000000 and 3 more refer to it",
			"fetch DescribeVpcs of vpc-ft1aaaaaaaaaaaaaaaaaa: vsw-ft1aaaaaaaaaaaaaaaaaa and 1 more refer to it",
		}},
		{"invalid JSON", append(one("{}{"), topology.Source{
			Name: "b.json", Data: []byte(`{"RequestId": "x", "Code": "Throttling", "Message": "later"}`),
		},
			topology.Source{Name: "c.json", Data: []byte(`{"Vpcs": {"Vpc": 7}}`)}, topology.Source{Name: "d.json"}),
			[]string{
				"a.json: this is no answer of DescribeVpcs, DescribeVSwitches, DescribeSecurityGroups, DescribeInstances or DescribeNetworkInterfaces: it has none of Vpcs, VSwitches, SecurityGroups, Instances and NetworkInterfaceSets",
				"a.json: this is no JSON: unexpected EOF",
				"b.json: the answer is the error Throttling: later",
				"c.json: this is no answer that can be read: json: cannot unmarshal number into Go struct field .Vpcs.Vpc of type []*topology.vpc",
				"d.json: this is no JSON: EOF",
			}},
		{"different answers for one resource", append(answers(t), topology.Source{Name: "newer.json",
			Data: []byte(`{"Vpcs": {"Vpc": [{"VpcId": "vpc-ft1aaaaaaaaaaaaaaaaaa"}]}}`)}), []string{
			"newer.json: VPC vpc-ft1aaaaaaaaaaaaaaaaaa differs from what vpcs.json tells of it; keep the newer file",
		}},
		{"no account id", one(`{"Vpcs": {"Vpc": []}}`), []string{
			"the answers name no owner: choose the account with --account",
		}},
		{"two account ids", one(`{"Vpcs": {"Vpc": [{"VpcId": "vpc-1", "OwnerId": 1}, {"VpcId": "vpc-2", "OwnerId": "2"}]}}`),
			[]string{
				"the answers name several owners, 1, 2: choose the account with --account",
			}},
		{"answers that no scenario can have", answers(t, `"172.17.0.0/20"`, `"192.168.0.0/20"`, `"Status": "Available",
        "Type": "Secondary"`, `"Status": "InUse",
        "Type": "Secondary"`), []string{
			"VSwitch vsw-bp1newzone00000000000 lies in a secondary block of VPC vpc-bp1k7d3s9f2h6j8l0qwer, and a scenario's VPC has one block: leave it out of the files, with what is in it",
			"network interface eni-bp1free0000000000000 is InUse and names no instance: fetch DescribeNetworkInterfaces again",
		}},
	} {
		_, err := topology.Import(c.sources, topology.Options{})
		if got, want := fmt.Sprint(err), strings.Join(c.want, "\n"); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, want)
		}
	}
}

// Imported interfaces keep their MAC addresses, prefixes and settings.
func TestImportKeepsPropertiesOfInterfaces(t *testing.T) {
	t.Parallel()
	sources := answers(t, "00:16:3e:12:34:56", "00:16:3E:12:34:56", `"SourceDestCheck": false`,
		`"SourceDestCheck": true`)
	found := false
	for i := range sources {
		text := string(sources[i].Data)
		if before, after, has := strings.Cut(text, `"Ipv4PrefixSet": []`); has && !found {
			found = true
			sources[i].Data = []byte(before + `"Ipv4PrefixSet": [{"Ipv4Prefix": "172.16.4.64/28"}]` + after)
		}
	}
	text, sc := mustImport(t, sources)
	if w := sc.World(); len(w.IPPrefixes) != 1 || w.IPPrefixes[0].Prefix.String() != "172.16.4.64/28" {
		t.Errorf("got prefixes %v, want the one of the answers, in\n%s", w.IPPrefixes, text)
	}
	kept := 0
	for _, n := range sc.World().NetworkInterfaces {
		if n.MACAddress == "00:16:3e:12:34:56" && n.SourceDestCheck {
			kept++
		}
	}
	if kept < 3 {
		t.Errorf("interfaces with the MAC address and the check of the answers: got %d, want at least 3, in\n%s",
			kept, text)
	}
}
