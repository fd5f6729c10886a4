package service

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// contractRow is a line of testdata/contract: an error that the public documentation lists for an action, and what this simulator makes of it.
type contractRow struct {
	status   int
	code     string
	message  string
	decision string // rule, gateway, or not simulated: why
}

// readContract reads the table of an action.
func readContract(t *testing.T, action string) []contractRow {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "testdata", "contract", action+".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", f.Name(), err)
	}
	var rows []contractRow
	for _, line := range lines[1:] {
		status, err := strconv.Atoi(line[0])
		if err != nil {
			t.Fatalf("%s: status of %s: %v", f.Name(), line[1], err)
		}
		rows = append(rows, contractRow{status, line[1], line[2], line[3]})
	}
	return rows
}

// ruleErrors are the errors of a table of rules.
func ruleErrors[T any](rules []rule[T]) []*Error {
	var out []*Error
	for _, r := range rules {
		out = append(out, r.err)
	}
	return out
}

// contracts are the actions and all that their rules can answer.
var contracts = map[string][]*Error{
	"AssignIpv6Addresses":          slices.Concat(ruleErrors(assignIPv6AddressesParameterRules), ruleErrors(admissionRules), ruleErrors(assignIPv6AddressesRules)),
	"AssignPrivateIpAddresses":     slices.Concat(ruleErrors(assignPrivateIPAddressesParameterRules), ruleErrors(admissionRules), ruleErrors(assignPrivateIPAddressesRules)),
	"AssumeRole":                   slices.Concat(ruleErrors(assumeRoleParameterRules), ruleErrors(admissionRules[1:]), ruleErrors(assumeRoleRules)),
	"AttachNetworkInterface":       slices.Concat(ruleErrors(attachParameterRules), ruleErrors(attachAdmissionRules), ruleErrors(attachRules)),
	"AuthorizeSecurityGroup":       slices.Concat(ruleErrors(ingress.parameterRules()), ruleErrors(admissionRules), ruleErrors(ingress.sceneRules()), ruleErrors(authorizeRules)),
	"AuthorizeSecurityGroupEgress": slices.Concat(ruleErrors(egress.parameterRules()), ruleErrors(admissionRules), ruleErrors(egress.sceneRules()), ruleErrors(authorizeRules)),
	"CreateInstance": slices.Concat(ruleErrors(createInstanceParameterRules), ruleErrors(admissionRules), ruleErrors(createInstanceRules),
		ruleErrors(dryRunRules)),
	"CreateNetworkInterface":                slices.Concat(ruleErrors(createNetworkInterfaceParameterRules), ruleErrors(admissionRules), ruleErrors(createNetworkInterfaceRules)),
	"CreateSecurityGroup":                   slices.Concat(ruleErrors(createSecurityGroupParameterRules), ruleErrors(admissionRules), ruleErrors(createSecurityGroupRules)),
	"CreateVSwitch":                         slices.Concat(ruleErrors(createVSwitchParameterRules), ruleErrors(admissionRules), ruleErrors(createVSwitchRules)),
	"CreateVpc":                             slices.Concat(ruleErrors(createVPCParameterRules), ruleErrors(admissionRules), ruleErrors(dryRunRules)),
	"DeleteInstance":                        slices.Concat(ruleErrors(deleteInstanceParameterRules), ruleErrors(admissionRules), ruleErrors(deleteInstanceRules), ruleErrors(dryRunRules)),
	"DeleteNetworkInterface":                slices.Concat(ruleErrors(deleteNetworkInterfaceParameterRules), ruleErrors(admissionRules), ruleErrors(deleteNetworkInterfaceRules)),
	"DeleteSecurityGroup":                   slices.Concat(ruleErrors(deleteSecurityGroupParameterRules), ruleErrors(admissionRules), ruleErrors(deleteSecurityGroupRules)),
	"DeleteVSwitch":                         slices.Concat(ruleErrors(deleteVSwitchParameterRules), ruleErrors(admissionRules), ruleErrors(deleteVSwitchRules), ruleErrors(dryRunRules)),
	"DeleteVpc":                             slices.Concat(ruleErrors(deleteVPCParameterRules), ruleErrors(admissionRules), ruleErrors(deleteVPCRules), ruleErrors(dryRunRules)),
	"DescribeAvailableResource":             slices.Concat(ruleErrors(describeAvailableResourceRules), ruleErrors(admissionRules)),
	"DescribeDisks":                         slices.Concat(ruleErrors(describeDisksRules), ruleErrors(admissionRules), ruleErrors(dryRunRules)),
	"DescribeImages":                        slices.Concat(ruleErrors(describeImagesRules), ruleErrors(admissionRules), ruleErrors(dryRunRules)),
	"DescribeInstanceAttachmentAttributes":  slices.Concat(ruleErrors(describeInstanceAttachmentAttributesRules), ruleErrors(admissionRules)),
	"DescribeInstanceAttribute":             slices.Concat(ruleErrors(describeInstanceAttributeRules), ruleErrors(admissionRules), ruleErrors(instanceRules)),
	"DescribeInstanceMaintenanceAttributes": slices.Concat(ruleErrors(describeInstanceMaintenanceAttributesRules), ruleErrors(admissionRules)),
	"DescribeInstanceRamRole":               slices.Concat(ruleErrors(describeInstanceRAMRoleRules), ruleErrors(admissionRules)),
	"DescribeInstanceStatus":                slices.Concat(ruleErrors(describeInstanceStatusRules), ruleErrors(admissionRules), ruleErrors(zoneRules)),
	"DescribeInstanceTypeFamilies":          slices.Concat(ruleErrors(describeInstanceTypeFamiliesRules), ruleErrors(admissionRules)),
	"DescribeInstanceTypes":                 slices.Concat(ruleErrors(describeInstanceTypesRules), ruleErrors(admissionRules)),
	"DescribeInstances":                     slices.Concat(ruleErrors(describeInstancesRules), ruleErrors(admissionRules), ruleErrors(dryRunRules)),
	"DescribeNetworkInterfaceAttribute":     slices.Concat(ruleErrors(describeNetworkInterfaceAttributeRules), ruleErrors(admissionRules), ruleErrors(describedNetworkInterfaceRules)),
	"DescribeNetworkInterfaces":             slices.Concat(ruleErrors(describeNetworkInterfacesRules), ruleErrors(admissionRules)),
	"DescribeRegions":                       slices.Concat(ruleErrors(describeRegionsRules), ruleErrors(admissionRules[1:])),
	"DescribeRouteTableList":                slices.Concat(ruleErrors(describeRouteTableListRules), ruleErrors(admissionRules)),
	"DescribeRouteTables":                   slices.Concat(ruleErrors(describeRouteTablesRules), ruleErrors(admissionRules)),
	"DescribeSecurityGroupAttribute":        slices.Concat(ruleErrors(describeSecurityGroupAttributeParameterRules), ruleErrors(admissionRules), ruleErrors(securityGroupRules)),
	"DescribeSecurityGroups":                slices.Concat(ruleErrors(describeSecurityGroupsRules), ruleErrors(admissionRules), ruleErrors(dryRunRules)),
	"DescribeUserData":                      slices.Concat(ruleErrors(describeUserDataRules), ruleErrors(admissionRules), ruleErrors(instanceRules)),
	"DescribeVSwitchAttributes":             slices.Concat(ruleErrors(describeVSwitchAttributesRules), ruleErrors(admissionRules)),
	"DescribeVSwitches":                     slices.Concat(ruleErrors(describeVSwitchesRules), ruleErrors(admissionRules)),
	"DescribeVpcAttribute":                  slices.Concat(ruleErrors(describeVPCAttributeParameterRules), ruleErrors(admissionRules), ruleErrors(describeVPCAttributeRules)),
	"DescribeVpcs":                          slices.Concat(ruleErrors(describeVPCsRules), ruleErrors(admissionRules)),
	"DescribeZones":                         slices.Concat(ruleErrors(describeZonesRules), ruleErrors(admissionRules)),
	"DetachNetworkInterface":                slices.Concat(ruleErrors(detachParameterRules), ruleErrors(admissionRules), ruleErrors(detachRules)),
	"GetCallerIdentity":                     ruleErrors(admissionRules[1:3]), // nor need a permission
	"JoinSecurityGroup":                     slices.Concat(ruleErrors(joinParameterRules), ruleErrors(admissionRules), ruleErrors(joinSecurityGroupRules)),
	"LeaveSecurityGroup":                    slices.Concat(ruleErrors(joinParameterRules), ruleErrors(admissionRules), ruleErrors(leaveRules)),
	"ListTagResources":                      slices.Concat(ruleErrors(listTagResourcesRules), ruleErrors(admissionRules)),
	"ModifyInstanceAttribute":               slices.Concat(ruleErrors(modifyInstanceAttributeParameterRules), ruleErrors(admissionRules), ruleErrors(modifyInstanceAttributeRules)),
	"ModifyInstanceSpec":                    slices.Concat(ruleErrors(modifyInstanceSpecParameterRules), ruleErrors(admissionRules), ruleErrors(modifyInstanceSpecRules), ruleErrors(dryRunRules)),
	"ModifyNetworkInterfaceAttribute":       slices.Concat(ruleErrors(modifyNetworkInterfaceParameterRules), ruleErrors(admissionRules), ruleErrors(modifyNetworkInterfaceRules)),
	"ModifySecurityGroupAttribute":          slices.Concat(ruleErrors(modifySecurityGroupAttributeRules), ruleErrors(admissionRules), ruleErrors(securityGroupRules)),
	"ModifySecurityGroupPolicy":             slices.Concat(ruleErrors(modifySecurityGroupPolicyRules), ruleErrors(admissionRules), ruleErrors(securityGroupRules)),
	"ModifyVSwitchAttribute":                slices.Concat(ruleErrors(modifyVSwitchParameterRules), ruleErrors(admissionRules), ruleErrors(modifyVSwitchRules)),
	"ModifyVpcAttribute":                    slices.Concat(ruleErrors(modifyVPCParameterRules), ruleErrors(admissionRules), ruleErrors(modifyVPCRules)),
	"RebootInstance":                        slices.Concat(ruleErrors(rebootParameterRules), ruleErrors(admissionRules), ruleErrors(rebootRules), ruleErrors(dryRunRules)),
	"RevokeSecurityGroup":                   slices.Concat(ruleErrors(ingress.parameterRules()), ruleErrors(admissionRules), ruleErrors(ingress.sceneRules()), ruleErrors(revokeRules)),
	"RevokeSecurityGroupEgress":             slices.Concat(ruleErrors(egress.parameterRules()), ruleErrors(admissionRules), ruleErrors(egress.sceneRules()), ruleErrors(revokeRules)),
	"RunInstances": slices.Concat(ruleErrors(runInstancesParameterRules), ruleErrors(admissionRules), ruleErrors(runInstancesRules),
		ruleErrors(dryRunRules)),
	"StartInstance":              slices.Concat(ruleErrors(startParameterRules), ruleErrors(admissionRules), ruleErrors(startRules), ruleErrors(dryRunRules)),
	"StopInstance":               slices.Concat(ruleErrors(stopParameterRules), ruleErrors(admissionRules), ruleErrors(stopRules), ruleErrors(dryRunRules)),
	"TagResources":               slices.Concat(ruleErrors(tagResourcesParameterRules), ruleErrors(admissionRules), ruleErrors(tagResourcesRules)),
	"UnassignIpv6Addresses":      slices.Concat(ruleErrors(unassignIPv6AddressesParameterRules), ruleErrors(admissionRules), ruleErrors(unassignRules)),
	"UnassignPrivateIpAddresses": slices.Concat(ruleErrors(unassignPrivateIPAddressesParameterRules), ruleErrors(admissionRules), ruleErrors(unassignRules)),
	"UntagResources":             slices.Concat(ruleErrors(untagResourcesParameterRules), ruleErrors(admissionRules), ruleErrors(untagResourcesRules)),
}

// Every documented row is decided, every row that is decided as a rule is one, and every rule has its row.
func TestContracts(t *testing.T) {
	t.Parallel()
	for action, answered := range contracts {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			spell := func(status int, code, message string) string { return fmt.Sprintf("%d %s %q", status, code, message) }
			ruled := map[string]bool{}
			for _, row := range readContract(t, action) {
				reason, notSimulated := strings.CutPrefix(row.decision, "not simulated: ")
				switch {
				case row.decision == "rule":
					ruled[spell(row.status, row.code, row.message)] = true
				case row.decision == "gateway":
					if !slices.ContainsFunc(Declared, func(e *Error) bool {
						return e.Status == row.status && e.Code == row.code && e.Message == row.message
					}) {
						t.Errorf("%s: decided as gateway, but no such error is declared", row.code)
					}
				case !notSimulated || reason == "":
					t.Errorf("%s: got the decision %q, want rule, gateway, or not simulated with a reason", row.code, row.decision)
				}
			}
			answers := map[string]bool{}
			for _, e := range answered {
				answers[spell(e.Status, e.Code, e.Message)] = true
			}
			for row := range ruled {
				if !answers[row] {
					t.Errorf("the contract has %s, but no rule answers it", row)
				}
			}
			for row := range answers {
				if !ruled[row] {
					t.Errorf("a rule answers %s, but the contract has no such row", row)
				}
			}
		})
	}
}

// Every error is declared once. A code may have more than one status and text: the public pages differ.
func TestErrorsAreDeclaredOnce(t *testing.T) {
	t.Parallel()
	seen := map[Error]bool{}
	for _, e := range Declared {
		if seen[*e] {
			t.Errorf("declared twice: %d %s %q", e.Status, e.Code, e.Message)
		}
		seen[*e] = true
	}
}

// Every error that is declared is one that some contract has decided to answer, to the letter.
func TestEveryDeclaredErrorIsInAContract(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "contract", "*.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	answered := map[string]bool{}
	for _, path := range paths {
		for _, row := range readContract(t, strings.TrimSuffix(filepath.Base(path), ".tsv")) {
			if row.decision == "rule" || row.decision == "gateway" {
				answered[fmt.Sprintf("%d %s %q", row.status, row.code, row.message)] = true
			}
		}
	}
	for _, e := range Declared {
		if as := fmt.Sprintf("%d %s %q", e.Status, e.Code, e.Message); !answered[as] {
			t.Errorf("no contract answers %s", as)
		}
	}
}
