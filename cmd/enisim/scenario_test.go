package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// Import makes a valid scenario of the answers of the vendor's CLI, and names a missing answer.
func TestScenarioImport(t *testing.T) {
	t.Parallel()
	const answersDir = "../../testdata/import"
	imported := filepath.Join(t.TempDir(), "imported.yaml")
	_, errOut, exit := output(t, "scenario", "import", answersDir, "--key", "LTAI1:s", "--output", imported)
	if exit != 0 || !strings.HasPrefix(errOut, imported+": 1 account, 1 access key, 1 new region") {
		t.Fatalf("got %q, exit code %d, want the entries of the file counted", errOut, exit)
	}
	if out, errOut, exit := output(t, "scenario", "check", imported); exit != 0 {
		t.Errorf("check: got %q, %q, exit code %d, want no problem", out, errOut, exit)
	}
	out, _, exit := output(t, "scenario", "import", "--account", "1000000000000009",
		filepath.Join(answersDir, "vpcs.json"))
	if exit != 0 || !strings.Contains(out, `- id: "1000000000000009"`) || strings.Contains(out, "access_keys") {
		t.Errorf("to standard output: got %q, exit code %d, want the account and no key", out, exit)
	}
	out, errOut, exit = output(t, "scenario", "import", filepath.Join(answersDir, "vswitches-1.json"))
	if out != "" || errOut != "fetch DescribeVpcs of vpc-bp1k7d3s9f2h6j8l0qwer: vsw-bp1z8x6c4v2b0n9m7asdf refers "+
		"to it\n" || exit != exitFailure {
		t.Errorf("without the VPC: got %q, %q, exit code %d, want the missing answer named", out, errOut, exit)
	}
}

// Check counts the entries of a valid scenario, and prints each mistake of an invalid one with its
// position.
func TestScenarioCheck(t *testing.T) {
	t.Parallel()
	valid := file(t, `enisim: 1
accounts:
  - id: "1000000000000007"
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]
            security_groups: [{id: sg-1}]
        instances:
          - {id: "i-{n}", count: 3, type: own.type, vswitch: vsw-1, security_groups: [sg-1]}
        network_interfaces:
          - {id: eni-1, vswitch: vsw-1, security_groups: [sg-1], attached_to: i-1}
  - {id: "1000000000000008", access_keys: [{id: LTAI1, secret: s}, {id: LTAI2, secret: s}]}
instance_types:
  - {id: own.type, vcpus: 1, memory_gib: 1, eni_quantity: 2}
`)
	out, errOut, exit := output(t, "scenario", "check", valid)
	want := valid + ": 2 accounts, 2 access keys, 1 instance type, 1 VPC, 1 VSwitch, 1 security group, 3 instances, " +
		"4 network interfaces (3 primary)\n"
	if out != want || errOut != "" || exit != 0 {
		t.Errorf("a valid file: got %q, %q, exit code %d, want %q", out, errOut, exit, want)
	}

	invalid := file(t, "enisim: 1\nacounts: []\naccounts:\n  - {id: \"1\", nam: x}\n")
	empty := file(t, "enisim: 1\n")
	out, errOut, exit = output(t, "scenario", "check", invalid, "nowhere.yaml", empty)
	want = strings.Join([]string{
		invalid + `:2:1: unknown key "acounts" in the file; did you mean "accounts"?`,
		invalid + `:4:10: an account id has 16 digits, got "1"`,
		invalid + `:4:15: unknown key "nam" in an account; did you mean "name"?`,
		empty + ": nothing\n",
	}, "\n")
	if out != want || !strings.Contains(errOut, "nowhere.yaml") || exit != exitFailure {
		t.Errorf("invalid files: got\n%s%s, exit code %d, want\n%s and nowhere.yaml named", out, errOut, exit, want)
	}
}
