package httpapi_test

import (
	"net/http/httptest"
	"slices"
	"time"

	"enisim.alt/service"
)

// disks is a world with disks in all statuses, on instances and on none.
const disks = `
enisim: 1
accounts:
  - id: "1000000000000006"
    access_keys:
      - {id: ` + goldenKey + `, secret: disks-secret}
      - {id: LTAIexpired00000001, secret: expired-secret, expires_at: 2020-01-01T00:00:00Z}
    ram_users:
      - {name: allowed, allow: ["*"], access_keys: [{id: LTAIramallowed00001, secret: ram-allowed-secret}]}
      - {name: nothing, access_keys: [{id: LTAIramnothing00001, secret: ram-nothing-secret}]}
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}, {id: vsw-i, zone: cn-hangzhou-i, cidr_block: 10.1.0.0/16}]
            security_groups: [{id: sg-1}]
        instances:
          - {id: i-plain, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1]}
          - {id: i-data, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], data_disks: [{id: d-on}, {id: d-kept, delete_with_instance: false}]}
          - {id: i-starting, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], status: Starting, data_disks: [{id: d-waiting}]}
          - {id: i-elsewhere, type: ecs.g6.large, vswitch: vsw-i, security_groups: [sg-1]}
          - {id: i-stopped, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], status: Stopped, data_disks: [{id: d-asleep}]}
        disks:
          - {id: d-free, zone: cn-hangzhou-h, name: free, description: a < b & c, tags: {team: net}, resource_group: rg-1, delete_with_instance: false}
          - {id: d-new, zone: cn-hangzhou-h, status: Creating}
          - {id: d-coming, attached_to: i-data, status: Attaching, device: /dev/xvde}
          - {id: d-leaving, attached_to: i-data, status: Detaching}
`

// inDisks returns cases in the world of disks.
func inDisks(groups ...[]goldenCase) []goldenCase {
	cases := slices.Concat(groups...)
	for k := range cases {
		cases[k].world = disks
	}
	return cases
}

// brokenDisks lacks a column, as after a manual migration that failed.
func brokenDisks(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `ALTER TABLE disks RENAME COLUMN instance_id TO holder`)
	return server
}

// withManyDisks has as many disks on no instance as an account may have in a region.
func withManyDisks(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO disks (account_id, id, region_id, zone_id, status, created_at)
		SELECT '1000000000000006', 'd-many-' || n, 'cn-hangzhou', 'cn-hangzhou-h', 'Available', now()
		FROM generate_series(1, 500) n`)
	return server
}

// withFullInstance has as many data disks on two instances as these may have.
func withFullInstance(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO disks (account_id, id, region_id, zone_id, instance_id, slot, status, created_at)
		SELECT '1000000000000006', concat_ws('-', 'd', i, n), 'cn-hangzhou', 'cn-hangzhou-h', i, n, 'In_use', now()
		FROM unnest('{i-plain,i-data}'::text[]) i, generate_series(1, 16) n
		WHERE NOT EXISTS (SELECT FROM disks d WHERE d.instance_id = i AND d.slot = n)`)
	return server
}

// withSlowDisks has disks that are in transition for a second.
func withSlowDisks(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{
		CreateDelay: time.Second, AttachDelay: time.Second, DetachDelay: time.Second,
	}, "")
	return server
}

// lockedDisks makes a server whose accounts, instances and disks are locked for longer than a caller waits.
var lockedDisks = holding(`SELECT FROM accounts FOR UPDATE`, `SELECT FROM instances FOR UPDATE`,
	`SELECT FROM disks FOR UPDATE`)

// refusedDiskWrite returns the refusals of the gateway, the admission rules and the lock timeout for a valid
// request of an action that reads no region.
func refusedDiskWrite(pairs []string) []goldenCase {
	return slices.DeleteFunc(refusedDiskCreation(pairs), func(c goldenCase) bool {
		return c.name == "InvalidRegionId.NotFound"
	})
}

// refusedDiskCreation is refusedDiskWrite for an action with a region.
func refusedDiskCreation(pairs []string) []goldenCase {
	cases := refused(pairs)
	for k := range cases {
		if cases[k].name == "InternalError" {
			cases[k].in = brokenDisks
		}
	}
	return append(cases, goldenCase{name: "OperationConflict", pairs: pairs, in: lockedDisks})
}

func newDiskRequest(more ...string) []string {
	return inRegion(also([]string{"ZoneId", "cn-hangzhou-h", "Size", "100"}, more...)...)
}

func diskRequest(id string, more ...string) []string { return also([]string{"DiskId", id}, more...) }

func diskOnRequest(id, instance string, more ...string) []string {
	return diskRequest(id, also([]string{"InstanceId", instance}, more...)...)
}

var disksGolden = map[string][]goldenCase{
	"CreateDisk": inDisks([]goldenCase{
		{name: "MissingParameter", pairs: inRegion("Size", "20")},
		{name: "InvalidParameter", pairs: newDiskRequest("PerformanceLevel", "PL9")},
		{name: "InvalidPayMethod", pairs: newDiskRequest("InstanceId", "i-plain")},
		{name: "InvalidDiskCategory.ValueNotSupported", pairs: newDiskRequest("DiskCategory", "tape")},
		{name: "InvalidDiskSize.NotSupported", pairs: newDiskRequest("Size", "19")},
		{name: "InvalidDiskName.Malformed", pairs: newDiskRequest("DiskName", "1")},
		{name: "InvalidDescription.Malformed", pairs: newDiskRequest("Description", "http://a")},
		{name: "QuotaExceed.Tags", pairs: newDiskRequest(equalTags(21)...)},
		{name: "InvalidTagKey.Malformed", pairs: newDiskRequest("Tag.1.Key", "acs:mine")},
		{name: "InvalidTagValue.Malformed", pairs: newDiskRequest("Tag.1.Key", "team", "Tag.1.Value", "http://a")},
		{name: "Duplicate.TagKey", pairs: newDiskRequest(equalTags(2)...)},
		{name: "InvalidClientToken.ValueNotSupported", pairs: newDiskRequest("ClientToken", "é")},
		{name: "InvalidZoneId.NotFound", pairs: newDiskRequest("ZoneId", "cn-beijing-h")},
		{name: "InvalidSnapshotId.NotFound", pairs: newDiskRequest("SnapshotId", "s-1")},
		{name: "QuotaExceed.PostPaidDisk", pairs: newDiskRequest(), in: withManyDisks},
	}, refusedDiskCreation(newDiskRequest()), []goldenCase{
		{name: "success", pairs: newDiskRequest("DiskName", "new", "DiskCategory", "cloud_ssd", "Encrypted", "true",
			"Tag.1.Key", "team", "Tag.1.Value", "net", "ClientToken", "token-1"), in: withSlowDisks},
		{name: "IdempotentParameterMismatch", pairs: newDiskRequest("DiskName", "other", "ClientToken", "token-1")},
	}),
	"AttachDisk": inDisks([]goldenCase{
		{name: "MissingParameter", pairs: diskRequest("d-free")},
		{name: "InvalidParameter", pairs: diskOnRequest("d-free", "i-plain", "DeleteWithInstance", "maybe")},
		{name: "InvalidDevice.Malformed", pairs: diskOnRequest("d-free", "i-plain", "Device", "/dev/xvda")},
		{name: "UnsupportedParameter", pairs: diskOnRequest("d-free", "i-plain", "Bootable", "true")},
		{name: "InvalidInstanceId.NotFound", pairs: diskOnRequest("d-free", "i-not-found")},
		{name: "InvalidDiskId.NotFound", pairs: diskOnRequest("d-not-found", "i-plain")},
		{name: "IncorrectDiskStatus", pairs: diskOnRequest("d-on", "i-plain")},
		{name: "IncorrectInstanceStatus", pairs: diskOnRequest("d-free", "i-starting")},
		{name: "ResourcesNotInSameZone", pairs: diskOnRequest("d-free", "i-elsewhere")},
		{name: "InstanceDiskLimitExceeded", pairs: diskOnRequest("d-free", "i-plain"), in: withFullInstance},
		{name: "InvalidDevice.InUse", pairs: diskOnRequest("d-free", "i-data", "Device", "/dev/xvdc")},
	}, refusedDiskWrite(diskOnRequest("d-free", "i-plain")), []goldenCase{
		{name: "success", pairs: diskOnRequest("d-free", "i-plain", "Device", "/dev/vdc", "DeleteWithInstance", "true"), in: withSlowDisks},
		{name: "at-once", pairs: diskOnRequest("d-free", "i-data")},
	}),
	"DetachDisk": inDisks([]goldenCase{
		{name: "MissingParameter", pairs: diskRequest("d-on")},
		{name: "InvalidParameter", pairs: diskOnRequest("d-on", "i-data", "DeleteWithInstance", "maybe")},
		{name: "InvalidInstanceId.NotFound", pairs: diskOnRequest("d-on", "i-not-found")},
		{name: "DiskTypeViolation", pairs: diskOnRequest("d-data", "i-data")},
		{name: "InvalidDiskId.NotFound", pairs: diskOnRequest("d-not-found", "i-data")},
		{name: "DependencyViolation", pairs: diskOnRequest("d-on", "i-plain")},
		{name: "IncorrectDiskStatus", pairs: diskOnRequest("d-coming", "i-data")},
		{name: "IncorrectInstanceStatus", pairs: diskOnRequest("d-waiting", "i-starting")},
	}, refusedDiskWrite(diskOnRequest("d-on", "i-data")), []goldenCase{
		{name: "success", pairs: diskOnRequest("d-on", "i-data"), in: withSlowDisks},
		{name: "at-once", pairs: diskOnRequest("d-on", "i-data")},
	}),
	"DeleteDisk": inDisks([]goldenCase{
		{name: "MissingParameter"},
		{name: "IncorrectDiskStatus", pairs: diskRequest("d-on")},
	}, refusedDiskWrite(diskRequest("d-free")), []goldenCase{
		{name: "success", pairs: diskRequest("d-free")},
	}),
	"ModifyDiskAttribute": inDisks([]goldenCase{
		{name: "IncompleteParamter", pairs: []string{"DiskName", "renamed"}},
		{name: "InvalidParameter", pairs: diskRequest("d-free", "DeleteWithInstance", "maybe")},
		{name: "InvalidParameter.Conflict", pairs: diskRequest("d-free", "DiskIds.1", "d-on", "DiskName", "renamed")},
		{name: "NoAttributeToModify", pairs: diskRequest("d-free")},
		{name: "InvalidDiskName.Malformed", pairs: diskRequest("d-free", "DiskName", "1")},
		{name: "InvalidDescription.Malformed", pairs: diskRequest("d-free", "Description", "http://a")},
		{name: "InvalidDiskId.NotFound", pairs: diskRequest("d-not-found", "DiskName", "renamed")},
	}, refusedDiskWrite(diskRequest("d-free", "DiskName", "renamed")), []goldenCase{
		{name: "success", pairs: diskRequest("d-plain", "DiskName", "renamed", "Description", "changed", "DeleteWithInstance", "false")},
		{name: "two", pairs: []string{"DiskIds.1", "d-on", "DiskIds.2", "d-data", "DiskName", "renamed"}},
	}),
	"ResizeDisk": inDisks([]goldenCase{
		{name: "MissingParameter", pairs: []string{"NewSize", "100"}},
		{name: "InvalidParameter", pairs: diskRequest("d-free", "NewSize", "large")},
		{name: "IncompleteParamter", pairs: diskRequest("d-free")},
		{name: "InvalidParam.Type", pairs: diskRequest("d-free", "NewSize", "100", "Type", "later")},
		{name: "InvalidClientToken.ValueNotSupported", pairs: diskRequest("d-free", "NewSize", "100", "ClientToken", "é")},
		{name: "InvalidDiskId.NotFound", pairs: diskRequest("d-not-found", "NewSize", "100")},
		{name: "IncorrectDiskStatus", pairs: diskRequest("d-coming", "NewSize", "100")},
		{name: "IncorrectInstanceStatus", pairs: diskRequest("d-waiting", "NewSize", "100")},
		{name: "InvalidInstanceStatus.NotRunning", pairs: diskRequest("d-asleep", "NewSize", "100", "Type", "online")},
		{name: "InvalidDiskSize", pairs: diskRequest("d-free", "NewSize", "20")},
		{name: "InvalidDiskSize.TooLarge", pairs: diskRequest("d-plain", "NewSize", "65537")},
	}, refusedDiskWrite(diskRequest("d-free", "NewSize", "100")), []goldenCase{
		{name: "success", pairs: diskRequest("d-on", "NewSize", "100", "Type", "online", "ClientToken", "token-1")},
		{name: "of-the-system", pairs: diskRequest("d-plain", "NewSize", "41")},
		{name: "IdempotentParameterMismatch", pairs: diskRequest("d-on", "NewSize", "200", "ClientToken", "token-1")},
	}),
}
