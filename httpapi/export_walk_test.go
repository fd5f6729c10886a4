package httpapi_test

import (
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enisim.alt/service/operator"
	"enisim.alt/service/scenario"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// walkWorld is the start of each walk: two VPCs, one with IPv6, and some resources.
const walkWorld = `
enisim: 1
accounts:
  - id: "` + account + `"
    access_keys: [{id: ` + accessKey + `, secret: test-secret}]
    ram_users: [{name: ci, allow: ["ecs:Describe*"]}]
    trunking: true
    quotas: {network_interfaces_per_region: 500}
    repeats: accept
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            ipv6_cidr_block: 2001:db8:0:100::/56
            vswitches:
              - {id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/24, ipv6_cidr_block: 2001:db8:0:101::/64}
              - {id: vsw-2, zone: cn-hangzhou-i, cidr_block: 10.1.0.0/24, ipv6_cidr_block: 2001:db8:0:102::/64}
            security_groups: [{id: sg-1}, {id: sg-2}, {id: sg-few, instance_limit: 2}]
            secondary_cidr_blocks: [192.168.0.0/16]
            route_tables:
              - {type: System, name: main, tags: {a: b}, entries: [{destination_cidr_block: 0.0.0.0/0, next_hop: i-2}]}
              - id: vtb-own
                vswitches: [vsw-2]
                entries: [{id: rte-own, destination_cidr_block: 172.16.0.0/12, next_hop: eni-5}]
              - {id: vtb-idle}
          - id: vpc-2
            cidr_block: 172.16.0.0/12
            vswitches: [{id: vsw-3, zone: cn-hangzhou-h, cidr_block: 172.16.0.0/24}]
            security_groups: [{id: sg-3}]
        instances:
          - {id: i-1, type: own.type, vswitch: vsw-1, security_groups: [sg-1]}
          - {id: i-2, type: ecs.g6.2xlarge, vswitch: vsw-1, security_groups: [sg-1, sg-2]}
          - {id: i-3, type: ecs.g6.xlarge, vswitch: vsw-2, security_groups: [sg-2], status: Stopped,
             instance_charge_type: PrePaid}
          - {id: i-old, type: ecs.n1.small, zone: cn-hangzhou-h, network_type: classic}
        key_pairs: [{name: key}, {name: key-2, tags: {a: b}}]
        disks: [{id: d-1, zone: cn-hangzhou-h, tags: {team: net}}, {id: d-2, attached_to: i-1, device: /dev/xvdc},
          {id: d-3, attached_to: i-1}, {id: d-4, attached_to: i-2}, {id: d-5, attached_to: i-2},
          {id: d-6, attached_to: i-3}]
        eips: [{id: eip-1}, {id: eip-2, ip_address: 203.0.113.2, associated_with: i-1}]
        network_interfaces:
          - {id: "eni-{n}", count: 4, vswitch: vsw-1, security_groups: [sg-1]}
          - {id: eni-trunk, type: Trunk, vswitch: vsw-1, security_groups: [sg-1], attached_to: i-1}
          - {id: eni-member, vswitch: vsw-1, security_groups: [sg-1], attached_to: i-1, trunk: eni-trunk}
          - {id: eni-on, vswitch: vsw-1, security_groups: [sg-few], attached_to: i-2}
          - {id: eni-5, vswitch: vsw-2, security_groups: [sg-2]}
          - id: eni-both
            vswitch: vsw-1
            security_groups: [sg-2, sg-1]
            rx_queue_size: 8192
            tx_queue_size: 8192
            secondary_private_ip_address_count: 2
instance_types:
  - id: own.type
    vcpus: 1
    memory_gib: 1
    eni_quantity: 4
    private_ipv4_per_eni: 40
    ipv6_per_eni: 40
    network_cards: 2
    eni_trunk_supported: true
    eni_total_quantity: 6
`

// releaseOfWalks is a time of release within the bounds.
var releaseOfWalks = time.Now().UTC().AddDate(1, 0, 0).Format("2006-01-02T15:04:05Z")

// walker calls random actions on the current resources of an account.
type walker struct {
	*rapid.T
	*server
	successes map[string]int // number of successful calls of each action
	count     int
}

// pick draws one of the values.
func (w *walker) pick(what string, from ...string) string {
	return rapid.SampledFrom(from).Draw(w.T, what)
}

// pickID draws one of the ids that are in a table now.
func (w *walker) pickID(t *testing.T, what, table string) string {
	var ids []string
	if err := w.pool.QueryRow(t.Context(),
		`SELECT array_agg(id ORDER BY created_at, id) FROM `+table).Scan(&ids); err != nil {
		w.Fatal(err)
	}
	if len(ids) == 0 {
		ids = []string{"none"}
	}
	return w.pick(what, ids...)
}

// optionalPairs draws some of a request's optional parameters.
func (w *walker) optionalPairs(pairs ...string) (given []string) {
	for i := 0; i < len(pairs); i += 2 {
		if rapid.IntRange(0, 3).Draw(w.T, pairs[i]+" given") == 3 {
			given = append(given, pairs[i], pairs[i+1])
		}
	}
	return given
}

// name returns a new name.
func (w *walker) name() string {
	w.count++
	return fmt.Sprintf("%s:%d", w.pick("word", "no", "true", "雲-_."), w.count)
}

// text returns a new text with special characters.
func (w *walker) text() string {
	w.count++
	return fmt.Sprintf("text: %d %s", w.count, w.pick("sign", "#", "'", `"`, "{n}", "\\n", "雲"))
}

// newEntry draws a route entry. destination and hop are the names of the parameters.
func (w *walker) newEntry(t *testing.T, destination, hop string) []string {
	pairs := []string{"RouteTableId", w.pickID(t, "table", "route_tables"),
		destination, w.pick("destination", "203.0.113.0/24", "198.51.100.7", "0.0.0.0/0", "10.1.0.0/25")}
	if w.pick("hop", "instance", "interface") == "instance" {
		return append(pairs, "NextHopType", "Instance", hop, w.pickID(t, "instance", "instances"))
	}
	return append(pairs, "NextHopType", ofInterface, hop, w.pickID(t, "interface", "network_interfaces"))
}

// parallelWalks is the number of series of walks that run in parallel. One series would take longer
// than all other tests.
const parallelWalks = 4

// With 100 walks, the default of rapid, this test would take longer than all others. -rapid.checks
// overrides the number.
func init() { _ = flag.Set("rapid.checks", "40") }

// walkSteps are the actions that change an account, each with a function that draws its parameters.
var walkSteps = map[string]func(*walker, *testing.T) []string{
	"CreateNetworkInterface": func(w *walker, t *testing.T) []string {
		return append([]string{"VSwitchId", w.pickID(t, "VSwitch", "vswitches"),
			"SecurityGroupIds.1", w.pickID(t, "group", "security_groups")},
			w.optionalPairs("SecondaryPrivateIpAddressCount", "3", "Ipv6AddressCount", "2",
				"NetworkInterfaceName", w.name(), "Description", w.text(),
				"Tag.1.Key", w.text(), "Tag.1.Value", "v", "QueueNumber", "4", "DeleteOnRelease", "false",
				"SourceDestCheck", "true", "ResourceGroupId", "rg-1",
				"ConnectionTrackingConfiguration.UdpTimeout", "30", "InstanceType", "Trunk",
				"SecurityGroupIds.2", w.pickID(t, "second group", "security_groups"))...)
	},
	"AttachNetworkInterface": func(w *walker, t *testing.T) []string {
		return append([]string{"InstanceId", w.pickID(t, "instance", "instances WHERE network_type = 'vpc'"),
			"NetworkInterfaceId", w.pickID(t, "interface", "whole_network_interfaces WHERE instance_id IS NULL")},
			w.optionalPairs("NetworkCardIndex", "1", "TrunkNetworkInstanceId",
				w.pickID(t, "trunk", "whole_network_interfaces WHERE type = 'Trunk'"))...)
	},
	"DetachNetworkInterface": func(w *walker, t *testing.T) []string {
		eni := w.pickID(t, "interface", "whole_network_interfaces WHERE device_index > 0 AND status <> 'Detaching'")
		var on string
		// empty if there is none
		_ = w.pool.QueryRow(t.Context(), `SELECT instance_id FROM slots WHERE network_interface_id = $1`, eni).Scan(&on)
		return []string{"InstanceId", on, "NetworkInterfaceId", eni}
	},
	"DeleteNetworkInterface": func(w *walker, t *testing.T) []string {
		return []string{"NetworkInterfaceId",
			w.pickID(t, "interface", "whole_network_interfaces WHERE instance_id IS NULL")}
	},
	"ModifyNetworkInterfaceAttribute": func(w *walker, t *testing.T) []string {
		return append([]string{"NetworkInterfaceId", w.pickID(t, "interface", "network_interfaces"),
			"NetworkInterfaceName", w.name()},
			w.optionalPairs("Description", w.text(), "QueueNumber", "2", "DeleteOnRelease", "false",
				"SourceDestCheck", "true", "SecurityGroupId.1", w.pickID(t, "group", "security_groups"),
				"NetworkInterfaceTrafficConfig.QueueNumber", "2",
				"ConnectionTrackingConfiguration.TcpEstablishedTimeout", "60")...)
	},
	"AssignPrivateIpAddresses": func(w *walker, t *testing.T) []string {
		return append([]string{"NetworkInterfaceId", w.pickID(t, "interface", "network_interfaces")},
			w.pick("kind", "SecondaryPrivateIpAddressCount", "Ipv4PrefixCount"), w.pick("count", "1", "2"))
	},
	"UnassignPrivateIpAddresses": func(w *walker, t *testing.T) []string {
		eni := w.pickID(t, "interface",
			"network_interfaces n WHERE EXISTS (SELECT FROM private_ip_addresses a "+
				"WHERE a.network_interface_id = n.id AND NOT a.is_primary AND family(a.address) = 4)")
		var address string
		_ = w.pool.QueryRow(t.Context(),
			`SELECT host(address) FROM private_ip_addresses
			WHERE network_interface_id = $1 AND NOT is_primary AND family(address) = 4
			ORDER BY address LIMIT 1`, eni).Scan(&address)
		return []string{"NetworkInterfaceId", eni, "PrivateIpAddress.1", address}
	},
	"AssignIpv6Addresses": func(w *walker, t *testing.T) []string {
		return []string{"NetworkInterfaceId", w.pickID(t, "interface", "network_interfaces"),
			w.pick("kind", "Ipv6AddressCount", "Ipv6PrefixCount"), w.pick("count", "1", "2")}
	},
	"TagResources": func(w *walker, t *testing.T) []string {
		kind := w.pick("kind", "instance", "eni", "securitygroup", "disk")
		table := map[string]string{"instance": "instances", "eni": "network_interfaces",
			"securitygroup": "security_groups", "disk": "instances"}[kind]
		id := w.pickID(t, "resource", table)
		if kind == "disk" {
			id = store.SystemDiskID(id)
		}
		return []string{"ResourceType", kind, "ResourceId.1", id, "Tag.1.Key", w.text(), "Tag.1.Value", w.text()}
	},
	"JoinSecurityGroup": func(w *walker, t *testing.T) []string {
		return []string{"NetworkInterfaceId", w.pickID(t, "interface", "network_interfaces"),
			"SecurityGroupId", w.pickID(t, "group", "security_groups")}
	},
	"LeaveSecurityGroup": func(w *walker, t *testing.T) []string {
		eni := w.pickID(t, "interface",
			"network_interfaces n WHERE (SELECT count(*) FROM network_interface_security_groups m WHERE "+
				"m.network_interface_id = n.id) > 1")
		var first string
		_ = w.pool.QueryRow(t.Context(),
			`SELECT security_group_id FROM network_interface_security_groups
			WHERE network_interface_id = $1 ORDER BY position LIMIT 1`, eni).Scan(&first)
		return []string{"NetworkInterfaceId", eni, "SecurityGroupId", first}
	},
	"AuthorizeSecurityGroup": func(w *walker, t *testing.T) []string {
		return append([]string{"SecurityGroupId", w.pickID(t, "group", "security_groups"),
			"Permissions.1.IpProtocol", w.pick("protocol", "TCP", "udp"),
			"Permissions.1.PortRange", w.pick("ports", "22/22", "80/90")},
			w.pick("peer", "Permissions.1.SourceCidrIp", "Permissions.1.SourceGroupId"),
			w.pick("who", "10.0.0.0/8", "sg-1"), "Permissions.1.Description", w.text())
	},
	"AuthorizeSecurityGroupEgress": func(w *walker, t *testing.T) []string {
		return []string{"SecurityGroupId", w.pickID(t, "group", "security_groups"),
			"Permissions.1.IpProtocol", w.pick("protocol", "ICMP", "47", "ALL"), "Permissions.1.PortRange", "-1/-1",
			"Permissions.1.Ipv6DestCidrIp", "2001:db8::1", "Permissions.1.Policy", "drop",
			"Permissions.1.Priority", w.pick("priority", "1", "100")}
	},
	"CreateSecurityGroup": func(w *walker, t *testing.T) []string {
		return append([]string{"VpcId", w.pickID(t, "VPC", "vpcs")},
			w.optionalPairs("SecurityGroupName", w.name(), "SecurityGroupType", "enterprise",
				"ResourceGroupId", "rg-2")...)
	},
	"ModifySecurityGroupPolicy": func(w *walker, t *testing.T) []string {
		return []string{"SecurityGroupId", w.pickID(t, "group", "security_groups"),
			"InnerAccessPolicy", w.pick("policy", "Accept", "Drop")}
	},
	"CreateVpc": func(w *walker, _ *testing.T) []string {
		return append([]string{"CidrBlock", "192.168.0.0/16"},
			w.optionalPairs("VpcName", w.name(), "EnableIpv6", "true", "UserCidr", "192.168.7.0/24",
				"ResourceGroupId", "rg-3")...)
	},
	"CreateVSwitch": func(w *walker, t *testing.T) []string {
		w.count++
		return append([]string{"VpcId", w.pickID(t, "VPC", "vpcs"), "ZoneId", "cn-hangzhou-h",
			"CidrBlock", w.pick("block", "192.168.", "172.17.", "10.7.") + strconv.Itoa(w.count) + ".0/24"},
			w.optionalPairs("VSwitchName", w.name())...)
	},
	"RunInstances": func(w *walker, t *testing.T) []string {
		return append([]string{"ImageId", "m-test", "InstanceType", w.pick("type", "ecs.g6.large", "own.type"),
			"VSwitchId", w.pickID(t, "VSwitch", "vswitches"),
			"SecurityGroupId", w.pickID(t, "group", "security_groups"), "Amount", "2"},
			w.optionalPairs("InstanceName", w.name(), "UserData", "ZWNobw==", "HostName", "host", "KeyPairName", "key",
				"RamRoleName", "role", "InternetMaxBandwidthOut", "5", "SystemDisk.Size", "100",
				"DataDisk.1.Size", "50", "DataDisk.1.DiskName", "data", "DeletionProtection", "true",
				"Tag.1.Key", w.text(), "Tag.1.Value", "v", "SpotStrategy", "SpotAsPriceGo",
				"ResourceGroupId", "rg-4")...)
	},
	"AssociateVpcCidrBlock": func(w *walker, t *testing.T) []string {
		return []string{"VpcId", w.pickID(t, "VPC", "vpcs"),
			"SecondaryCidrBlock", w.pick("block", "192.168.0.0/16", "172.20.0.0/24", "11.0.0.0/16")}
	},
	"UnassociateVpcCidrBlock": func(w *walker, t *testing.T) []string {
		return []string{"VpcId", w.pickID(t, "VPC", "vpcs WHERE secondary_cidr_blocks <> '{}'"),
			"SecondaryCidrBlock", w.pick("block", "192.168.0.0/16", "11.0.0.0/16")}
	},
	"CreateRouteTable": func(w *walker, t *testing.T) []string {
		return append([]string{"VpcId", w.pickID(t, "VPC", "vpcs")},
			w.optionalPairs("RouteTableName", w.name(), "Description", w.text(), "Tag.1.Key", w.text(),
				"Tag.1.Value", "v")...)
	},
	"ModifyRouteTableAttributes": func(w *walker, t *testing.T) []string {
		return append([]string{"RouteTableId", w.pickID(t, "table", "route_tables"), "RouteTableName", w.name()},
			w.optionalPairs("RoutePropagationEnable", "false", "Description", w.text())...)
	},
	"DeleteRouteTable": func(w *walker, t *testing.T) []string {
		return []string{"RouteTableId", w.pickID(t, "table", "route_tables WHERE type = 'Custom'")}
	},
	"AssociateRouteTable": func(w *walker, t *testing.T) []string {
		return []string{"RouteTableId", w.pickID(t, "table", "route_tables WHERE type = 'Custom'"),
			"VSwitchId", w.pickID(t, "VSwitch", "vswitches")}
	},
	"UnassociateRouteTable": func(w *walker, t *testing.T) []string {
		return []string{"RouteTableId", w.pickID(t, "table", "route_tables r WHERE EXISTS ("+
			"SELECT FROM route_table_associations a WHERE a.route_table_id = r.id)"),
			"VSwitchId", w.pickID(t, "VSwitch", "vswitches v WHERE EXISTS ("+
				"SELECT FROM route_table_associations a WHERE a.vswitch_id = v.id)")}
	},
	"CreateRouteEntry": func(w *walker, t *testing.T) []string {
		return append(w.newEntry(t, "DestinationCidrBlock", "NextHopId"),
			w.optionalPairs("RouteEntryName", w.name())...)
	},
	"CreateRouteEntries": func(w *walker, t *testing.T) []string {
		var pairs []string
		for i, pair := 0, w.newEntry(t, "DstCidrBlock", "NextHop"); i < len(pair); i += 2 {
			pairs = append(pairs, "RouteEntries.1."+pair[i], pair[i+1])
		}
		return pairs
	},
	"DeleteRouteEntry": func(w *walker, t *testing.T) []string {
		return []string{"RouteEntryId", w.pickID(t, "entry", "route_entries")}
	},
	"DeleteRouteEntries": func(w *walker, t *testing.T) []string {
		return []string{"RouteEntries.1.RouteEntryId", w.pickID(t, "entry", "route_entries")}
	},
	"CreateKeyPair": func(w *walker, _ *testing.T) []string {
		w.count++
		return append([]string{"KeyPairName", fmt.Sprintf("new_%d", w.count)},
			w.optionalPairs("Tag.1.Key", w.text(), "Tag.1.Value", "v", "ResourceGroupId", "rg-6")...)
	},
	"ImportKeyPair": func(w *walker, _ *testing.T) []string {
		w.count++
		return []string{"KeyPairName", fmt.Sprintf("imported:%d", w.count), "PublicKeyBody", aPublicKey}
	},
	"AttachKeyPair": func(w *walker, t *testing.T) []string {
		return []string{"KeyPairName", w.pick("key", "key", "key-2"),
			"InstanceIds", `["` + w.pickID(t, "instance", "instances") + `"]`}
	},
	"DetachKeyPair": func(w *walker, t *testing.T) []string {
		return []string{"KeyPairName", "key", "InstanceIds", `["` + w.pickID(t, "instance", "instances") + `"]`}
	},
	"DeleteKeyPairs": func(w *walker, _ *testing.T) []string {
		return []string{"KeyPairNames", w.pick("keys", `["key-2"]`, `["imported:1","key"]`)}
	},
	"CreateDisk": func(w *walker, _ *testing.T) []string {
		return append([]string{"ZoneId", "cn-hangzhou-h", "Size", w.pick("size", "20", "100")},
			w.optionalPairs("DiskName", w.name(), "DiskCategory", "cloud_ssd", "Encrypted", "true",
				"Description", w.text(), "Tag.1.Key", w.text(), "Tag.1.Value", "v", "ResourceGroupId", "rg-6")...)
	},
	"AttachDisk": func(w *walker, t *testing.T) []string {
		pairs := []string{"DiskId", w.pickID(t, "disk", "disks"), "InstanceId", w.pickID(t, "instance", "instances")}
		return append(pairs,
			w.optionalPairs("DeleteWithInstance", "true", "Device", "/dev/xvdf")...)
	},
	"DetachDisk": func(w *walker, t *testing.T) []string {
		id := w.pickID(t, "disk", "disks WHERE status = 'In_use'")
		var instance string
		_ = w.server.pool.QueryRow(t.Context(), `SELECT instance_id FROM disks WHERE id = $1`, id).Scan(&instance)
		return []string{"DiskId", id, "InstanceId", instance}
	},
	"DeleteDisk": func(w *walker, t *testing.T) []string {
		return []string{"DiskId", w.pickID(t, "disk", "disks WHERE instance_id IS NULL")}
	},
	"ModifyDiskAttribute": func(w *walker, t *testing.T) []string {
		return append([]string{"DiskId", w.pickID(t, "disk", "disks"), "DiskName", w.name()},
			w.optionalPairs("Description", "changed", "DeleteWithInstance", "false")...)
	},
	"ResizeDisk": func(w *walker, t *testing.T) []string {
		return []string{"DiskId", w.pickID(t, "disk", "disks"), "NewSize", "500"}
	},
	"AllocateEipAddress": func(w *walker, _ *testing.T) []string {
		return w.optionalPairs("Name", w.name(), "Bandwidth", "20", "InternetChargeType", "PayByTraffic",
			"Description", w.text(), "Tag.1.Key", w.text(), "Tag.1.Value", "v", "ResourceGroupId", "rg-5")
	},
	"AssociateEipAddress": func(w *walker, t *testing.T) []string {
		pairs := []string{"AllocationId", w.pickID(t, "EIP", "eips")}
		if w.pick("with", "instance", "interface") == "instance" {
			return append(pairs, "InstanceId", w.pickID(t, "instance", "instances"))
		}
		return append(pairs, "InstanceType", ofInterface, "Mode", w.pick("mode", "NORMAL", "BINDED"),
			"InstanceId", w.pickID(t, "interface", "network_interfaces"))
	},
	"UnassociateEipAddress": func(w *walker, t *testing.T) []string {
		return []string{"AllocationId", w.pickID(t, "EIP", "eips e WHERE EXISTS ("+
			"SELECT FROM eip_associations a WHERE a.eip_id = e.id)")}
	},
	"ReleaseEipAddress": func(w *walker, t *testing.T) []string {
		return []string{"AllocationId", w.pickID(t, "EIP", "eips")}
	},
	"ModifyEipAddressAttribute": func(w *walker, t *testing.T) []string {
		return []string{"AllocationId", w.pickID(t, "EIP", "eips"), "Name", w.name(), "Bandwidth", "7"}
	},
	"AllocatePublicIpAddress": func(w *walker, t *testing.T) []string {
		return []string{"InstanceId", w.pickID(t, "instance", "instances")}
	},
	"StartInstance": func(w *walker, t *testing.T) []string {
		return []string{"InstanceId", w.pickID(t, "instance", "instances WHERE status LIKE 'Stop%'")}
	},
	"StopInstance": func(w *walker, t *testing.T) []string {
		return append([]string{"InstanceId", w.pickID(t, "instance", "instances")},
			w.optionalPairs("StoppedMode", "StopCharging")...)
	},
	"DeleteInstance": func(w *walker, t *testing.T) []string {
		return []string{"InstanceId", w.pickID(t, "instance", "instances"), "Force", "true"}
	},
	"ModifyInstanceAttribute": func(w *walker, t *testing.T) []string {
		return append([]string{"InstanceId", w.pickID(t, "instance", "instances"), "InstanceName", w.name()},
			w.optionalPairs("Description", w.text(), "UserData", "ZQ==", "DeletionProtection", "false",
				"CreditSpecification", "Unlimited", "HostName", "renamed")...)
	},
	"AttachInstanceRamRole": func(w *walker, t *testing.T) []string {
		return []string{"InstanceIds", `["` + w.pickID(t, "instance", "instances WHERE network_type = 'vpc'") + `"]`,
			"RamRoleName", "reader"}
	},
	"DetachInstanceRamRole": func(w *walker, t *testing.T) []string {
		return []string{"InstanceIds", `["` + w.pickID(t, "instance", "instances WHERE network_type = 'vpc'") + `"]`}
	},
	"ModifyInstanceMetadataOptions": func(w *walker, t *testing.T) []string {
		return append([]string{"InstanceId", w.pickID(t, "instance", "instances"), "HttpEndpoint", "enabled"},
			w.optionalPairs("HttpTokens", "required", "HttpPutResponseHopLimit", "7")...)
	},
	"ModifyInstanceAutoReleaseTime": func(w *walker, t *testing.T) []string {
		return append([]string{"InstanceId", w.pickID(t, "instance", "instances")},
			w.optionalPairs("AutoReleaseTime", releaseOfWalks)...)
	},
	"ModifyInstanceChargeType": func(w *walker, t *testing.T) []string {
		return []string{"InstanceIds", `["` + w.pickID(t, "instance", "instances") + `"]`,
			"InstanceChargeType", w.pick("charge type", "PrePaid", "PostPaid")}
	},
	"ModifyInstanceAutoRenewAttribute": func(w *walker, t *testing.T) []string {
		return []string{"InstanceId", w.pickID(t, "instance",
			"instances WHERE attributes->>'InstanceChargeType' = 'PrePaid'"),
			"RenewalStatus", w.pick("renewal", "AutoRenewal", "NotRenewal"), "PeriodUnit", "year"}
	},
	"ModifyInstanceSpec": func(w *walker, t *testing.T) []string {
		return []string{"InstanceId", w.pickID(t, "instance", "instances WHERE status = 'Stopped'"),
			"InstanceType", w.pick("type", "ecs.g6.large", "ecs.g6.2xlarge", "own.type")}
	},
}

// An account is exported after random calls, while time passes. Applying the file to the same
// account changes nothing. Applied elsewhere, it gives the same rows, except the times of creation
// and of the last start.
func TestExportAfterAnyCalls(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	actions := slices.Sorted(maps.Keys(walkSteps))
	successes := map[string]int{}
	// Walks are random, so an action without a success gets further rounds.
	const maxRounds = 5
	for range maxRounds {
		t.Run("walks", func(t *testing.T) { // returns after its parallel subtests
			var mu sync.Mutex
			for n := range parallelWalks {
				t.Run(strconv.Itoa(n), func(t *testing.T) {
					t.Parallel()
					effects := walk(t, actions)
					mu.Lock()
					defer mu.Unlock()
					for action, times := range effects {
						successes[action] += times
					}
				})
			}
		})
		if t.Failed() || !slices.ContainsFunc(actions, func(action string) bool { return successes[action] == 0 }) {
			break
		}
	}
	for _, action := range actions {
		if successes[action] == 0 {
			t.Errorf("%s: got no success in all walks, want some", action)
		}
	}
}

// walk runs its share of rapid's walks on a server of its own, and returns the number of successful
// calls of each action.
func walk(t *testing.T, actions []string) map[string]int {
	t.Helper()
	s, clock := serveWithDelays(t, world())
	elsewhere := storetest.Pool(t)
	fresh := store.New(elsewhere, slog.New(slog.DiscardHandler))
	successes := map[string]int{}
	checks, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if err != nil {
		t.Fatal(err)
	}
	walks, failed := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		// after a failure, rapid looks for a shorter walk that fails
		if walks++; walks > max(1, checks/parallelWalks) && !failed {
			return
		}
		completed := false
		defer func() { failed = failed || !completed || rt.Failed() }()
		worldtest.Apply(t, s.store, clock.now(), walkWorld)
		w := &walker{T: rt, server: s, successes: successes}
		for range rapid.IntRange(5, 50).Draw(rt, "calls") {
			action := w.pick("action", actions...)
			r := s.mustCall(t, action, walkSteps[action](w, t)...)
			if r.status >= 500 {
				rt.Fatalf("%s: %v", action, r)
			}
			if r.code() == ok {
				successes[action]++
			}
			if rapid.Bool().Draw(rt, "time passes") {
				clock.advance(rapid.SampledFrom([]time.Duration{time.Second, 4 * time.Second, time.Minute}).Draw(rt,
					"by"))
			}
		}
		now := clock.now()
		file, err := scenario.Export(t.Context(), s.store, account, true, now)
		if err != nil {
			rt.Fatal(err)
		}
		sc, err := scenario.Parse("exported.yaml", file)
		if err != nil {
			rt.Fatalf("%v, in\n%s", err, file)
		}
		if diff, err := scenario.Diff(t.Context(), s.store, sc, now); err != nil || len(diff) > 0 {
			rt.Fatalf("diff: got %v, %v, want nothing, for\n%s", diff, err, file)
		}
		if applied, err := scenario.Apply(t.Context(), s.store, sc, now); err != nil || len(applied.Tables) > 0 {
			rt.Fatalf("apply: got %v, %v, want nothing to change, for\n%s", applied, err, file)
		}
		// otherwise transitions would keep their due times
		worldtest.Apply(t, fresh, now, "enisim: 1\naccounts: [{id: \""+account+"\"}]\n")
		if _, err := scenario.Apply(t.Context(), fresh, sc, now); err != nil {
			rt.Fatal(err)
		}
		if got, want := withoutTimes(snapshotRows(t, elsewhere)), withoutTimes(snapshotRows(t, s.pool)); got != want {
			rt.Fatalf("elsewhere: got\n%s\nwant\n%s\nfor\n%s", got, want, file)
		}
		checkInvariants(t, elsewhere)
		restoreStart(rt, t, s.store, now)
		completed = true
	})
	return successes
}

// restoreStart applies the world of the start again, and compares the changes with the diff.
func restoreStart(rt *rapid.T, t *testing.T, st *store.Store, now time.Time) {
	sc, err := scenario.Parse("walk.yaml", []byte(walkWorld))
	if err != nil {
		rt.Fatal(err)
	}
	diff, err := scenario.Diff(t.Context(), st, sc, now)
	if err != nil {
		rt.Fatal(err)
	}
	applied, err := scenario.Apply(t.Context(), st, sc, now)
	if err != nil {
		rt.Fatal(err)
	}
	predicted := map[string]operator.TableChange{}
	for _, d := range diff {
		table := d.What + "s"
		if d.What == "vswitch" {
			table = "vswitches"
		}
		change := predicted[table]
		switch d.Mark {
		case "+":
			change.Inserted++
		case "~":
			change.Updated++
		case "-":
			change.Deleted++
		}
		predicted[table] = change
	}
	counted := map[string]operator.TableChange{}
	for _, c := range applied.Tables {
		counted[c.Table] = operator.TableChange{Inserted: c.Inserted, Updated: c.Updated, Deleted: c.Deleted}
	}
	for _, table := range []string{
		"vpcs", "vswitches", "security_groups", "security_group_rules", "instances",
	} {
		if predicted[table] != counted[table] {
			rt.Errorf("%s: got the changes %+v by the diff and %+v by apply, want the same: %v", table,
				predicted[table], counted[table], diff)
		}
	}
	// Apply also rewrites unchanged interfaces on instances that change their type, and counts
	// addresses and groups separately.
	got, want := predicted["network_interfaces"], counted["network_interfaces"]
	if got.Inserted != want.Inserted || got.Deleted != want.Deleted || (len(diff) == 0) != (len(applied.Tables) == 0) {
		rt.Errorf("got the changes %v by the diff and %v by apply, want the same", diff, applied)
	}
}

// withoutTimes returns rows without the times that a scenario does not have.
func withoutTimes(rows []string) string {
	for i, row := range rows {
		for _, column := range []string{"created_at", "started_at"} {
			if before, after, found := strings.Cut(row, `"`+column+`": `); found {
				_, after, _ = strings.Cut(after, ",")
				row = before + after
			}
		}
		rows[i] = row
	}
	slices.Sort(rows)
	return strings.Join(rows, "\n")
}
