package httpapi_test

import (
	"fmt"
	"net/http/httptest"
	"strings"

	"enisim.alt/service"
)

// instanceSettings is a world with subscriptions and other instances in several statuses.
const instanceSettings = `
enisim: 1
accounts:
  - id: "1000000000000006"
    access_keys:
      - {id: ` + goldenKey + `, secret: settings-secret}
      - {id: LTAIexpired00000001, secret: expired-secret, expires_at: 2020-01-01T00:00:00Z}
    ram_users:
      - {name: allowed, allow: ["*"], access_keys: [{id: LTAIramallowed00001, secret: ram-allowed-secret}]}
      - {name: nothing, access_keys: [{id: LTAIramnothing00001, secret: ram-nothing-secret}]}
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]
            security_groups: [{id: sg-1}]
        instances:
          - {id: i-paid, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], instance_charge_type: PrePaid}
          - id: i-renewed
            type: ecs.g6.large
            vswitch: vsw-1
            security_groups: [sg-1]
            instance_charge_type: PrePaid
            renewal_status: AutoRenewal
            renewal_duration: 2
            renewal_period_unit: Month
          - id: i-paid-starting
            type: ecs.g6.large
            vswitch: vsw-1
            security_groups: [sg-1]
            instance_charge_type: PrePaid
            status: Starting
          - {id: i-plain, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1]}
          - {id: i-role, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], ram_role: reader}
          - id: i-releasing
            type: ecs.g6.large
            vswitch: vsw-1
            security_groups: [sg-1]
            auto_release_time: 2027-01-31T12:00:00Z
            metadata_endpoint: enabled
            metadata_tokens: required
            metadata_hop_limit: 2
          - {id: i-starting, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], status: Starting}
          - {id: i-old, type: ecs.n1.small, zone: cn-hangzhou-h, network_type: classic}
`

// inInstanceSettings returns cases in that world, with the refusals of the gateway and the admission rules for a valid
// request.
func inInstanceSettings(valid []string, cases ...goldenCase) []goldenCase {
	refusals := refused(valid)
	for k := range refusals {
		if refusals[k].name == "InternalError" {
			refusals[k].in = brokenAttributes
		}
	}
	return casesIn(instanceSettings, append(cases, refusals...))
}

// changingSettings adds the refusal of a write whose lock timeout ends.
func changingSettings(valid []string, cases ...goldenCase) []goldenCase {
	return inInstanceSettings(valid, append(cases, goldenCase{name: "OperationConflict", pairs: valid, in: locked})...)
}

// brokenAttributes lacks a column of instances, as after a manual migration that failed.
func brokenAttributes(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `ALTER TABLE instances RENAME COLUMN attributes TO further`)
	return server
}

// ramRoleRequest names a role and instances.
func ramRoleRequest(role, instances string, more ...string) []string {
	return also(inRegion("RamRoleName", role, "InstanceIds", instances), more...)
}

// settingRequest names an instance in the region.
func settingRequest(id string, more ...string) []string {
	return also(inRegion("InstanceId", id), more...)
}

func chargeRequest(instances string, more ...string) []string {
	return also(inRegion("InstanceIds", instances), more...)
}

var instanceSettingsGolden = map[string][]goldenCase{
	"AttachInstanceRamRole": append(changingSettings(ramRoleRequest("reader", `["i-plain"]`),
		goldenCase{name: "MissingParameter", pairs: inRegion("InstanceIds", `["i-plain"]`)},
		goldenCase{name: "InvalidInstanceIds.Malformed", pairs: ramRoleRequest("reader", `[]`)},
		goldenCase{name: "InvalidParameter", pairs: ramRoleRequest("reader", `["i-plain"]`, "Policy", strings.Repeat("x", 1025))},
		goldenCase{name: "InvalidRamRole.NotFound", pairs: ramRoleRequest("a reader", `["i-plain"]`)},
		goldenCase{name: "InvalidInstanceId.NotFound", pairs: ramRoleRequest("reader", `["i-plain","i-not-found"]`)},
		goldenCase{name: "InvalidNetworkType.MismatchRamRole", pairs: ramRoleRequest("reader", `["i-old"]`)},
	), casesIn(instanceSettings, []goldenCase{
		{name: "success", pairs: ramRoleRequest("writer", `["i-plain","i-role","i-plain"]`)},
	})...),
	"DetachInstanceRamRole": append(changingSettings(ramRoleRequest("reader", `["i-role"]`),
		goldenCase{name: "MissingParameter.RegionId", pairs: []string{"InstanceIds", `["i-role"]`}},
		goldenCase{name: "MissingParameter.InstanceIds", pairs: inRegion("RamRoleName", "reader")},
		goldenCase{name: "InvalidInstanceIds.Malformed", pairs: ramRoleRequest("reader", `[]`)},
		goldenCase{name: "InvalidRamRole.NotFound", pairs: ramRoleRequest("a reader", `["i-role"]`)},
		goldenCase{name: "InvalidInstanceId.NotFound", pairs: ramRoleRequest("reader", `["i-not-found"]`)},
		goldenCase{name: "InvalidNetworkType.MismatchRamRole", pairs: ramRoleRequest("reader", `["i-old"]`)},
	), casesIn(instanceSettings, []goldenCase{{name: "success", pairs: ramRoleRequest("reader", `["i-role","i-plain"]`)}})...),
	"ModifyInstanceMetadataOptions": append(changingSettings(settingRequest("i-plain", "HttpTokens", "required"),
		goldenCase{name: "MissingParameter", pairs: inRegion()},
		goldenCase{name: "InvalidParameter", pairs: settingRequest("i-plain", "HttpPutResponseHopLimit", "far")},
		goldenCase{name: "InvalidHttpEndpoint.NotSupported", pairs: settingRequest("i-plain", "HttpEndpoint", "on")},
		goldenCase{name: "InvalidHttpTokens.NotSupported", pairs: settingRequest("i-plain", "HttpTokens", "none")},
		goldenCase{
			name:  "InvalidHttpPutResponseHopLimit.NotSupported",
			pairs: settingRequest("i-plain", "HttpPutResponseHopLimit", "65"),
		},
		goldenCase{name: "InvalidInstanceId.NotFound", pairs: settingRequest("i-not-found")},
	), casesIn(instanceSettings, []goldenCase{
		{name: "success", pairs: settingRequest("i-plain", "HttpEndpoint", "enabled", "HttpTokens", "required",
			"HttpPutResponseHopLimit", "3")},
	})...),
	"ModifyInstanceAutoReleaseTime": append(changingSettings(
		instanceRequest("i-plain", "AutoReleaseTime", "2027-01-31T12:00:30Z"),
		goldenCase{name: "MissingParameter", pairs: inRegion()},
		goldenCase{
			name:  "InvalidAutoReleaseTime.Malformed",
			pairs: instanceRequest("i-plain", "AutoReleaseTime", "2026-11-22T10:40:00Z"),
		},
		goldenCase{name: "InvalidInstanceId.NotFound", pairs: instanceRequest("i-not-found")},
		goldenCase{name: "ChargeTypeViolation", pairs: instanceRequest("i-paid")},
	), casesIn(instanceSettings, []goldenCase{
		{name: "success", pairs: instanceRequest("i-plain", "AutoReleaseTime", "2027-01-31T12:00:30Z")},
		{name: "never", pairs: instanceRequest("i-releasing")},
	})...),
	"ModifyInstanceChargeType": append(changingSettings(chargeRequest(`["i-plain"]`),
		goldenCase{name: "MissingParameter", pairs: inRegion()},
		goldenCase{name: "InvalidParameter.InstanceIds", pairs: chargeRequest(`[]`)},
		goldenCase{name: "InvalidParameter", pairs: chargeRequest(`["i-plain"]`, "Period", "long")},
		goldenCase{name: "InstancesIdQuotaExceed", pairs: chargeRequest(manyIDs(21))},
		goldenCase{
			name:  "InvalidInstanceChargeType.ValueNotSupported",
			pairs: chargeRequest(`["i-plain"]`, "InstanceChargeType", "Free"),
		},
		goldenCase{name: "InvalidPeriod.UnitMismatch", pairs: chargeRequest(`["i-plain"]`, "Period", "10")},
		goldenCase{name: "InvalidClientToken.ValueNotSupported", pairs: chargeRequest(`["i-plain"]`, "ClientToken", "é")},
		goldenCase{name: "InvalidInstanceId.NotFound", pairs: chargeRequest(`["i-plain","i-not-found"]`)},
		goldenCase{name: "InvalidStatus.ValueNotSupported", pairs: chargeRequest(`["i-starting"]`)},
		goldenCase{name: "ReleaseTimeHaveBeenSet", pairs: chargeRequest(`["i-releasing"]`)},
		goldenCase{name: "DryRunOperation", pairs: chargeRequest(`["i-plain"]`, "DryRun", "true")},
	), casesIn(instanceSettings, []goldenCase{
		{name: "success", pairs: chargeRequest(`["i-plain","i-role"]`, "Period", "1", "PeriodUnit", "Month", "ClientToken", "token-1")},
		{name: "IdempotentParameterMismatch", pairs: chargeRequest(`["i-plain"]`, "ClientToken", "token-1")},
		{name: "pay-as-you-go", pairs: chargeRequest(`["i-renewed"]`, "InstanceChargeType", "PostPaid")},
	})...),
	"ModifyInstanceAutoRenewAttribute": append(changingSettings(settingRequest("i-paid", "AutoRenew", "true"),
		goldenCase{name: "MissingParameter", pairs: []string{"InstanceId", "i-paid"}},
		goldenCase{name: "MissingParameter.InstanceId", pairs: inRegion()},
		goldenCase{name: "InvalidParameter", pairs: settingRequest("i-paid", "AutoRenew", "perhaps")},
		goldenCase{name: "InvalidParameter.ToManyInstanceIds", pairs: settingRequest(commas(101))},
		goldenCase{name: "InvalidParameter.InvalidInstanceId", pairs: settingRequest("i-paid,,i-renewed")},
		goldenCase{name: "InvalidParameter.RenewalStatus", pairs: settingRequest("i-paid", "RenewalStatus", "Never")},
		goldenCase{name: "InvalidPeriodUnit.ValueNotSupported", pairs: settingRequest("i-paid", "PeriodUnit", "day")},
		goldenCase{name: "InvalidParameter.Duration", pairs: settingRequest("i-paid", "Duration", "4")},
		goldenCase{name: "InvalidInstanceId.NotFound", pairs: settingRequest("i-paid,i-not-found")},
		goldenCase{name: "IncorrectInstanceStatus", pairs: settingRequest("i-paid-starting")},
		goldenCase{name: "ChargeTypeViolation", pairs: settingRequest("i-plain")},
	), casesIn(instanceSettings, []goldenCase{
		{name: "success", pairs: settingRequest("i-paid,i-renewed", "RenewalStatus", "AutoRenewal", "PeriodUnit", "year",
			"Duration", "3")},
		{name: "never", pairs: settingRequest("i-renewed", "RenewalStatus", "NotRenewal")},
	})...),
	"DescribeInstanceAutoRenewAttribute": append(inInstanceSettings(settingRequest("i-paid"),
		goldenCase{name: "MissingParameter", pairs: []string{"InstanceId", "i-paid"}},
		goldenCase{name: "InvalidParameter.RenewalStatusInstanceId", pairs: inRegion()},
		goldenCase{name: "InvalidParameter", pairs: settingRequest("i-paid", "PageSize", "101")},
		goldenCase{name: "InvalidParameter.ToManyInstanceIds", pairs: settingRequest(commas(101))},
		goldenCase{name: "InvalidParameter.InvalidInstanceId", pairs: settingRequest("i-paid,")},
		goldenCase{name: "InvalidParameter.RenewalStatus", pairs: inRegion("RenewalStatus", "Never")},
		goldenCase{name: "ChargeTypeViolation", pairs: settingRequest("i-paid,i-plain")},
	), casesIn(instanceSettings, []goldenCase{
		{name: "empty", pairs: settingRequest("i-not-found")},
		{name: "some", pairs: settingRequest("i-paid,i-renewed")},
		{name: "by-status", pairs: inRegion("RenewalStatus", "Normal", "PageSize", "1", "PageNumber", "2")},
	})...),
}

// commas returns many ids of instances, separated by commas.
func commas(n int) string { return strings.Join(instanceIDs(n), ",") }

// manyIDs returns many ids of instances as JSON.
func manyIDs(n int) string { return `["` + strings.Join(instanceIDs(n), `","`) + `"]` }

func instanceIDs(n int) []string {
	ids := make([]string, n)
	for k := range ids {
		ids[k] = fmt.Sprintf("i-%d", k)
	}
	return ids
}
