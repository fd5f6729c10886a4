package scenario_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enisim.alt/service/scenario"
)

// network is the beginning of a file, up to line 18. Tests append instances and network_interfaces
// of the region.
const network = `enisim: 1
accounts:
  - id: "1000000000000001"
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-main
            cidr_block: 10.0.0.0/8
            vswitches:
              - {id: vsw-h, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}
              - {id: vsw-i, zone: cn-hangzhou-i, cidr_block: 10.1.0.0/16}
              - {id: vsw-tiny, zone: cn-hangzhou-h, cidr_block: 10.2.0.0/29}
            security_groups: [{id: sg-main}, {id: sg-big, type: enterprise}, {id: sg-one, instance_limit: 1}]
          - id: vpc-other
            cidr_block: 172.16.0.0/12
            vswitches: [{id: vsw-other, zone: cn-hangzhou-h, cidr_block: 172.16.0.0/24}]
            security_groups: [{id: sg-other}]
`

// web is an instance with one free slot.
const web = `        instances:
          - {id: i-web, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
`

// wrong are files with errors, and the problems that are reported.
var wrong = []struct {
	name, file string
	want       []string
}{
	{"an empty file", "", []string{
		`s.yaml:1:1: the file is empty; start it with enisim: 1`,
	}},
	{"only a comment", "# nothing\n", []string{
		`s.yaml:1:1: the file is empty; start it with enisim: 1`,
	}},
	{"not YAML", "enisim: 1\naccounts: [\n", []string{
		`s.yaml:2:11: this is not YAML: sequence end token ']' not found`,
	}},
	{"a tab", "enisim: 1\naccounts:\n\t- id: a\n", []string{
		`s.yaml:3:1: this is not YAML: found character '	' that cannot start any token; indent with spaces`,
	}},
	{"a placeholder without quotes", "enisim: 1\naccounts:\n  - {id: eni-{n}, a: b}\n", []string{
		`s.yaml:3:14: this is not YAML: ',' or '}' must be specified; within {...} or [...] a text with {n} needs quotes: "eni-{n}"`,
	}},
	{"typical mistakes with keys", network + `        instances:
          - {id: i-1, instance_type: ecs.g6.large, vswitch_id: vsw-h, security_groups: sg-main, tags: [{key: a, value: b}]}
        network_interfaces:
          - {id: eni-1, private_ip_address: 10.0.0.9, vswitch: vsw-h, security_groups: [sg-main]}
        security_groups: [{id: sg-new}]
`, []string{
		`s.yaml:19:23: unknown key "instance_type" in an instance; did you mean "type"?`,
		`s.yaml:19:52: unknown key "vswitch_id" in an instance; did you mean "vswitch"?`,
		`s.yaml:19:88: security_groups must be a list, got "sg-main"; write security_groups: [sg-main]`,
		`s.yaml:19:103: tags must be a mapping of keys to values, got a list; write tags: {team: network, env: test}`,
		`s.yaml:21:25: unknown key "private_ip_address" in a network interface; did you mean "private_ip_addresses"?`,
		`s.yaml:22:9: unknown key "security_groups" in a region; it belongs in a VPC, or in an instance, or in a network interface`,
	}},
	{"wrong indentation", "enisim: 1\naccounts:\n  - id: \"1000000000000001\"\n   name: x\n", []string{
		`s.yaml:4:4: this is not YAML: value is not allowed in this context; the keys of one mapping begin in the same column, and the dashes of one list do`,
	}},
	{"rules", edit(network, "{id: sg-main}", "{id: sg-main, rules: [{protocol: TCP, port: 80, cidr: 0.0.0.0/0}, {ip_protocol: tcp, source_cidr_ip: ::/0},"+
		"{id: sgr-1, ip_protocol: UDP, port_range: 90/80, source_group: sg-mian}, {id: sgr-1, direction: egress, ip_protocol: ICMP, port_range: 8/8, source_cidr_ip: 10.0.0.1}, {ip_protocol: TCP, source_prefix_list: pl-1, priority: 0}]}"), []string{
		`s.yaml:13:54: unknown key "protocol" in a rule of a security group; did you mean "ip_protocol"?`,
		`s.yaml:13:69: unknown key "port" in a rule of a security group; did you mean "port_range"?`,
		`s.yaml:13:75: a port range is first/last from 1 to 65535, such as 80/80, got "80"`,
		`s.yaml:13:79: unknown key "cidr" in a rule of a security group; did you mean "source_cidr_ip"?`,
		`s.yaml:13:111: ip_protocol is TCP, UDP, ICMP, ICMPV6, GRE, ALL or an IANA number, got "tcp"; write TCP`,
		`s.yaml:13:132: "::/0" is no IPv4 block or address, such as 10.0.0.0/8`,
		`s.yaml:13:180: a port range is first/last from 1 to 65535, such as 80/80, got "90/80"`,
		`s.yaml:13:201: there is no security group sg-mian in this account; did you mean "sg-main"?`,
		`s.yaml:13:211: an egress rule names its destination: dest_cidr_ip, ipv6_dest_cidr_ip, dest_group or dest_prefix_list; dest_cidr_ip: 0.0.0.0/0 is everybody`,
		`s.yaml:13:216: rule "sgr-1" is there twice, first on line 13`,
		`s.yaml:13:273: ICMP has no ports, got "8/8"; leave it out`,
		`s.yaml:13:305: a rule on TCP lacks a port_range; port_range: 1/65535 is all of them`,
		`s.yaml:13:360: priority must be from 1 to 100, got 0`,
	}},
	{"prefixes, MAC addresses and device indexes", network + web + `        network_interfaces:
          - {id: eni-1, vswitch: vsw-h, security_groups: [sg-main], ipv4_prefixes: [10.0.0.16/28, 10.0.0.0/28, 10.0.0.32/27, 10.9.0.0/28], ipv6_prefixes: ["2001:db8::/80"]}
          - {id: eni-2, vswitch: vsw-h, security_groups: [sg-main], ipv4_prefixes: [10.0.0.16/28], private_ip_addresses: [10.0.0.20]}
          - {id: eni-3, vswitch: vsw-h, security_groups: [sg-main], mac_address: 00-16-3E-00-00-01, device_index: 1}
          - {id: "eni-n-{n}", count: 2, vswitch: vsw-h, security_groups: [sg-main], mac_address: 00:16:3e:00:00:01}
          - {id: eni-4, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-web, device_index: 2}
          - {id: eni-5, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-web, device_index: 1, settles_to: Available, status: Detaching, settles_in: 5s}
          - {id: eni-6, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-web, device_index: 1}
`, []string{
		`s.yaml:21:99: prefix 10.0.0.0/28 is reserved in VSwitch vsw-h; the first and the last prefix of a VSwitch have addresses that are the cloud's own`,
		`s.yaml:21:112: a prefix is a /28 such as 10.0.0.16/28, or a /80 of IPv6, got "10.0.0.32/27"`,
		`s.yaml:21:126: prefix 10.9.0.0/28 lies outside 10.0.0.0/16 of VSwitch vsw-h`,
		`s.yaml:21:156: the interface has an IPv6 prefix, VSwitch vsw-h has no IPv6 block; give the VSwitch and its VPC an ipv6_cidr_block`,
		`s.yaml:22:85: prefix 10.0.0.16/28 is given twice in VSwitch vsw-h, first on line 21`,
		`s.yaml:22:123: address 10.0.0.20 lies in a prefix that the file gives to an interface on line 21`,
		`s.yaml:23:13: a network interface lacks the required key attached_to`,
		`s.yaml:23:82: a MAC address has six pairs of lower-case digits, such as 00:16:3e:01:02:03, got "00-16-3E-00-00-01"`,
		`s.yaml:24:98: copies of this entry would share the MAC address 00:16:3e:00:00:01; leave it out: it follows from the id`,
		`s.yaml:25:103: instance i-web of type ecs.g6.large has the device indexes 1 to 1 for secondary interfaces, got 2`,
		`s.yaml:27:103: device index 1 of instance i-web is given twice, first on line 26`,
	}},
	{"two documents", "enisim: 1\n---\nenisim: 1\n", []string{
		`s.yaml:3:1: the file has a second YAML document; put each into a file of its own`,
	}},
	{"a list", "- enisim: 1\n", []string{
		`s.yaml:1:1: the file must be a mapping of keys to values, got a list`,
	}},
	{"no version", "accounts: []\n", []string{
		`s.yaml:1:1: the file lacks the required key enisim; it is the version of the format: start the file with enisim: 1`,
	}},
	{"a later version", "enisim: 2\naccounts: []\nnonsense: 1\n", []string{
		`s.yaml:1:9: this enisim reads version 1 of the format, the file says 2`,
	}},
	{"a version that is a text", "enisim: one\n", []string{
		`s.yaml:1:9: enisim must be a whole number, got "one"`,
	}},
	{"not UTF-8", "enisim: 1\nname: \xff\n", []string{
		`s.yaml:1:1: the file is not UTF-8 text; save it as UTF-8`,
	}},
	{"unknown keys", "enisim: 1\nacounts: []\nzzz: 1\naccounts:\n  - id: \"1000000000000001\"\n    ram_user: []\n",
		[]string{
			`s.yaml:2:1: unknown key "acounts" in the file; did you mean "accounts"?`,
			`s.yaml:3:1: unknown key "zzz" in the file; the nearest known key is "enisim", all of them are enisim, accounts, instance_types`,
			`s.yaml:6:5: unknown key "ram_user" in an account; did you mean "ram_users"?`,
		}},
	{"a duplicate key", "enisim: 1\naccounts: []\naccounts: []\n", []string{
		`s.yaml:3:1: key "accounts" is given twice, first on line 2`,
	}},
	{"values of wrong types", `enisim: 1
accounts:
  - nonsense
  - id: [1]
    name: true
    access_keys: LTAIx
    quotas: {network_interfaces_per_region: many}
    ram_users:
      name: ci
  - id:
`, []string{
		`s.yaml:3:5: an account must be a mapping of keys to values, got "nonsense"`,
		`s.yaml:4:9: id must be text, got a list`,
		`s.yaml:5:11: name must be text, got the boolean true; write "true" in quotes`,
		`s.yaml:6:18: access_keys must be a list, got "LTAIx"; put each entry on a line of its own, behind a dash`,
		`s.yaml:7:45: network_interfaces_per_region must be a whole number, got "many"`,
		`s.yaml:9:7: ram_users must be a list, got a mapping; put each entry on a line of its own, behind a dash`,
		`s.yaml:10:5: id has no value; give it one, or remove the line`,
	}},
	{"accounts and keys", `enisim: 1
accounts:
  - id: "123"
  - id: 1000000000000001
    access_keys:
      - {id: LTAI_1, secret: s}
      - {id: LTAI2}
      - {id: LTAI3, secret: s, status: inactive}
      - {id: LTAI4, secret: s, expires_at: tomorrow}
      - {id: LTAI5, secret: s}
      - {id: LTAI6, secret: s, security_token: t}
    quotas: {network_interfaces_per_region: -1, vpcs: 3}
    ram_users:
      - name: ci user
      - name: ci
        allow: [AttachNetworkInterface, "ecs:", "ecs:Describe*", "*"]
        access_keys: [{id: LTAI5, secret: s}]
      - name: ci
  - id: "1000000000000001"
    access_keys: [{id: LTAI5, secret: s}]
`, []string{
		`s.yaml:3:9: an account id has 16 digits, got "123"`,
		`s.yaml:6:14: id "LTAI_1" must have 1 to 128 letters, digits and '-'`,
		`s.yaml:7:9: an access key lacks the required key secret`,
		`s.yaml:8:40: unknown status "inactive": it is one of Active, Inactive; did you mean "Inactive"?`,
		`s.yaml:9:44: expires_at must be a time such as 2030-01-31T12:00:00Z, got "tomorrow"`,
		`s.yaml:11:9: an access key lacks the required key expires_at`,
		`s.yaml:12:45: network_interfaces_per_region must be from 0 to 2147483647, got -1`,
		`s.yaml:12:49: unknown key "vpcs" in the mapping of quotas; it belongs in a region`,
		`s.yaml:14:15: a RAM user's name has 1 to 64 letters, digits, '.', '_' and '-', got "ci user"`,
		`s.yaml:16:17: "AttachNetworkInterface" is not of the form product:Action; write "ecs:AttachNetworkInterface", "ecs:Describe*" or "*"`,
		`s.yaml:16:41: "ecs:" is not of the form product:Action; write "ecs:AttachNetworkInterface", "ecs:Describe*" or "*"`,
		`s.yaml:17:28: access key "LTAI5" is there twice, first on line 10`,
		`s.yaml:18:15: RAM user "ci" is there twice, first on line 15`,
		`s.yaml:19:9: account "1000000000000001" is there twice, first on line 4`,
		`s.yaml:20:24: access key "LTAI5" is there twice, first on line 10`,
	}},
	{"regions and zones", `enisim: 1
accounts:
  - id: "1000000000000001"
    regions:
      - id: cn-hangzou
        vpcs: [{id: vpc-1, cidr_block: 10.0.0.0/8, vswitches: [{id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]}]
      - id: moon-1
      - id: mars-1
        zones: [mars-1a, cn-hangzhou-h, "mars 1b"]
        vpcs: [{id: vpc-2, cidr_block: 10.0.0.0/8, vswitches: [{id: vsw-2, zone: mars-1b, cidr_block: 10.0.0.0/16}]}]
      - id: mars-2
        zones: [mars-1a]
      - id: cn-hangzhou
      - id: cn-hangzhou
`, []string{
		`s.yaml:5:13: unknown region "cn-hangzou"; did you mean "cn-hangzhou"?`,
		`s.yaml:7:13: unknown region "moon-1"; did you mean "mars-1"?`,
		`s.yaml:9:26: zone cn-hangzhou-h lies in region cn-hangzhou`,
		`s.yaml:9:41: id "mars 1b" must have 1 to 128 letters, digits and '-'`,
		`s.yaml:10:82: unknown zone "mars-1b"; region mars-1 has mars-1a`,
		`s.yaml:12:17: zone mars-1a is declared in region mars-1 on line 9`,
		`s.yaml:14:13: region "cn-hangzhou" is there twice, first on line 13`,
	}},
	{"networks", `enisim: 1
accounts:
  - id: "1000000000000001"
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/16
            vswitches:
              - {id: vsw-outside, zone: cn-hangzhou-h, cidr_block: 10.1.0.0/24}
              - {id: vsw-wide, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/15}
              - {id: vsw-narrow, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/30}
              - {id: vsw-crooked, zone: cn-hangzhou-h, cidr_block: 10.0.0.1/24}
              - {id: vsw-a, zone: cn-hangzhou-h, cidr_block: 10.0.1.0/24}
              - {id: vsw-b, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/20}
              - {id: vsw-c, zone: cn-hangzhou-x, cidr_block: 10.0.16.0/24}
              - {id: vsw-d, zone: cn-beijing-a, cidr_block: 10.0.17.0/24}
              - {id: vsw-a, zone: cn-hangzhou-h, cidr_block: 10.0.18.0/24}
              - {id: "vsw a", zone: cn-hangzhou-h, cidr_block: 10.0.19.0/24}
              - {id: vsw-e, cidr_block: ten}
              - {id: vsw-f, zone: cn-hangzhou-h, cidr_block: 10.0.20.0/24, ipv6_cidr_block: "2001:db8::/64"}
            security_groups:
              - {id: sg-1, type: huge}
              - {id: sg-1, instance_limit: few}
          - {id: vpc-1, cidr_block: 10.0.0.0/7}
          - {id: vpc-2, cidr_block: 100.64.0.0/16, vswitches: [{id: vsw-x, zone: cn-hangzhou-h, cidr_block: 100.64.0.0/24}]}
          - {id: vpc-3, cidr_block: "2001:db8::/64"}
`, []string{
		`s.yaml:10:68: block 10.1.0.0/24 lies outside 10.0.0.0/16 of VPC vpc-1`,
		`s.yaml:11:65: the mask of cidr_block must be from /16 to /29, got /15`,
		`s.yaml:12:67: the mask of cidr_block must be from /16 to /29, got /30`,
		`s.yaml:13:68: cidr_block 10.0.0.1/24 has bits set beyond its mask; the block is 10.0.0.0/24`,
		`s.yaml:15:62: block 10.0.0.0/20 overlaps 10.0.1.0/24 of VSwitch vsw-a on line 14`,
		`s.yaml:16:35: unknown zone "cn-hangzhou-x"; region cn-hangzhou has cn-hangzhou-b, cn-hangzhou-e, cn-hangzhou-f, cn-hangzhou-g, cn-hangzhou-h, cn-hangzhou-i, cn-hangzhou-j, cn-hangzhou-k`,
		`s.yaml:17:35: zone cn-beijing-a lies in region cn-beijing, not in cn-hangzhou`,
		`s.yaml:18:22: VSwitch "vsw-a" is there twice, first on line 14`,
		`s.yaml:19:22: id "vsw a" must have 1 to 128 letters, digits and '-'`,
		`s.yaml:20:17: a VSwitch lacks the required key zone`,
		`s.yaml:20:41: cidr_block must be an IPv4 block such as 10.0.0.0/16, got "ten"`,
		`s.yaml:21:93: VPC vpc-1 has no IPv6 block for 2001:db8::/64 to lie in; give the VPC an ipv6_cidr_block`,
		`s.yaml:23:34: unknown type "huge": it is one of normal, enterprise`,
		`s.yaml:24:22: security group "sg-1" is there twice, first on line 23`,
		`s.yaml:24:44: instance_limit must be a whole number, got "few"`,
		`s.yaml:25:18: VPC "vpc-1" is there twice, first on line 7`,
		`s.yaml:25:37: the mask of cidr_block must be from /8 to /28, got /7`,
		`s.yaml:26:109: block 100.64.0.0/24 lies in 100.64.0.0/10, which no VSwitch may use`,
		`s.yaml:27:37: cidr_block must be an IPv4 block such as 10.0.0.0/16, got "2001:db8::/64"`,
	}},
	{"instances", network + `        instances:
          - {id: i-1, type: ecs.g6.lage, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: i-2, type: my.own.type, vswitch: vsw-g, security_groups: [sg-main]}
          - {id: i-3, type: ecs.g6.large}
          - {id: i-4, type: ecs.g6.large, vswitch: vsw-h, security_groups: []}
          - {id: i-5, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-other, sg-man]}
          - {id: i-6, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main, sg-big, sg-main]}
          - {id: i-7, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], status: Runnin}
          - {id: i-8, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], settles_in: 5s}
          - {id: i-9, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], status: Pending, settles_in: 5}
          - {id: i-9, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: i-10, type: ecs.n1.small, network_type: classic, vswitch: vsw-h}
          - {id: i-11, type: ecs.g6.large, zone: cn-hangzhou-h, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: i-12, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], private_ip_address: 10.1.0.1}
          - {id: i_13, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: "14", type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: i-14, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], tags: {a: [1], b: true}}
          - {type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: i-15, type: ecs.n1.small, network_type: classic, zone: cn-hangzhou-z}
`, []string{
		`s.yaml:19:29: unknown instance type "ecs.g6.lage"; did you mean "ecs.g6.large"?`,
		`s.yaml:20:29: unknown instance type "my.own.type"; declare it under instance_types`,
		`s.yaml:20:51: there is no VSwitch vsw-g in this account; did you mean "vsw-h"?`,
		`s.yaml:21:13: an instance lacks the required key vswitch`,
		`s.yaml:21:13: an instance lacks the required key security_groups`,
		`s.yaml:22:59: security_groups must name at least one group`,
		`s.yaml:23:77: security group sg-other belongs to VPC vpc-other, the VSwitch to vpc-main`,
		`s.yaml:23:87: there is no security group sg-man in this account; did you mean "sg-main"?`,
		`s.yaml:24:86: an interface joins either normal or enterprise groups: sg-main is normal, sg-big is enterprise`,
		`s.yaml:24:94: security group sg-main is listed twice`,
		`s.yaml:25:95: unknown status "Runnin": it is one of Running, Stopped, Pending, Starting, Stopping; did you mean "Running"?`,
		`s.yaml:26:99: settles_in goes with the transient statuses Pending, Starting, Stopping, this entry is Running`,
		`s.yaml:27:116: settles_in must be a time span such as 5s, 1m30s or 500ms, got "5"`,
		`s.yaml:28:18: instance "i-9" is there twice, first on line 27`,
		`s.yaml:29:13: an instance lacks the required key zone`,
		`s.yaml:29:67: vswitch does not go with the network_type of this instance; a classic instance lies in no VPC`,
		`s.yaml:30:44: zone does not go with the network_type of this instance; it lies in the zone of its vswitch; only an instance with network_type: classic names a zone`,
		`s.yaml:31:108: address 10.1.0.1 lies outside 10.0.0.0/16 of VSwitch vsw-h`,
		`s.yaml:32:18: id "i_13" must have 1 to 128 letters, digits and '-'`,
		`s.yaml:34:18: the primary interfaces of the instances i-14 and 14, on line 33, would share the id eni-14-primary`,
		`s.yaml:34:98: a must be text, got a list`,
		`s.yaml:34:106: b must be text, got the boolean true; write "true" in quotes`,
		`s.yaml:35:13: an instance lacks the required key id`,
		`s.yaml:36:73: unknown zone "cn-hangzhou-z"; region cn-hangzhou has cn-hangzhou-b, cn-hangzhou-e, cn-hangzhou-f, cn-hangzhou-g, cn-hangzhou-h, cn-hangzhou-i, cn-hangzhou-j, cn-hangzhou-k`,
	}},
	{"primary interfaces", network + `        instances:
          - {id: i-1, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], primary_network_interface: {id: eni-1, vswitch: vsw-h}}
          - {id: i-2, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], primary_network_interface: {id: eni-1}}
          - {id: i-3, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], primary_network_interface: {id: eni_3, ipv6_address_count: 1}}
          - {id: i-4, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], primary_network_interface: {secondary_private_ip_address_count: 6}}
          - {id: i-5, type: ecs.n1.small, network_type: classic, zone: cn-hangzhou-h, primary_network_interface: {id: eni-5}}
        network_interfaces:
          - {id: eni-1, vswitch: vsw-h, security_groups: [sg-main]}
`, []string{
		`s.yaml:19:126: unknown key "vswitch" in the mapping of a primary network interface; it belongs in an instance, or in a network interface`,
		`s.yaml:20:119: the primary interfaces of the instances i-2 and i-1, on line 19, would share the id eni-1`,
		`s.yaml:21:13: the interface has IPv6 addresses, VSwitch vsw-h has no IPv6 block; give the VSwitch and its VPC an ipv6_cidr_block`,
		`s.yaml:21:119: id "eni_3" must have 1 to 128 letters, digits and '-'`,
		`s.yaml:22:13: the interface has 7 private addresses, an interface of an instance of type ecs.g6.large has 6 at most`,
		`s.yaml:23:87: primary_network_interface does not go with the network_type of this instance; a classic instance lies in no VPC`,
		`s.yaml:25:18: "eni-1" is the id of the primary interface of instance i-1 on line 19; choose another id`,
	}},
	{"trunks", network + `        instances:
          - {id: i-1, type: own.type, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: i-2, type: own.type, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: i-3, type: ecs.g6.4xlarge, vswitch: vsw-h, security_groups: [sg-main]}
        network_interfaces:
          - {id: eni-early, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-1, trunk: eni-t1}
          - {id: eni-t1, type: Trunk, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-1}
          - {id: eni-t2, type: Trunk, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-1}
          - {id: eni-t3, type: Trunk, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-3}
          - {id: eni-t4, type: Trunk, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-2, status: Detaching}
          - {id: eni-m1, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-2, trunk: eni-t4}
          - {id: eni-m2, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-2, trunk: eni-t1}
          - {id: eni-m3, type: Trunk, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-1, trunk: eni-t1}
          - {id: eni-m4, vswitch: vsw-h, security_groups: [sg-main], trunk: eni-t1}
          - {id: eni-m5, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-1, trunk: eni-t1, device_index: 1003}
          - {id: eni-m6, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-1, trunk: eni-t1, device_index: 5}
          - {id: "eni-n{n}", count: 3, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-1, trunk: eni-t1}
          - {id: eni-x, type: Member, vswitch: vsw-h, security_groups: [sg-main]}
instance_types:
  - {id: own.type, vcpus: 1, memory_gib: 1, eni_quantity: 4, eni_trunk_supported: true, eni_total_quantity: 6}
  - {id: own.wide, vcpus: 1, memory_gib: 1, eni_quantity: 1002, eni_trunk_supported: true}
`, []string{
		`s.yaml:23:98: there is no trunk eni-t1 on instance i-1; give its entry, of type Trunk, before this one`,
		`s.yaml:25:96: instance i-1 has one trunk at most, and eni-t1 is one already`,
		`s.yaml:26:96: instance i-3 is of type ecs.g6.4xlarge, which has no trunks`,
		`s.yaml:28:95: a trunk with members is InUse, trunk eni-t4 is Detaching`,
		`s.yaml:29:95: there is no trunk eni-t1 on instance i-2; give its entry, of type Trunk, before this one`,
		`s.yaml:30:108: a trunk is no member of another one; remove one of the two`,
		`s.yaml:31:13: a network interface lacks the required key attached_to`,
		`s.yaml:32:117: instance i-1 of type own.type has the device indexes 1001 to 1002 for members, got 1003`,
		`s.yaml:33:117: instance i-1 of type own.type has the device indexes 1001 to 1002 for members, got 5`,
		`s.yaml:34:97: the trunk of an instance of type own.type has 2 members at most: no place for eni-n3`,
		`s.yaml:35:31: unknown type "Member": it is one of Secondary, Trunk`,
		`s.yaml:38:10: a type with trunks holds 1001 interfaces at most, got 1002; lower its eni_quantity`,
	}},
	{"counts", network + `        instances:
          - {id: i-a, count: 3, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: "i-b{n}", type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: "i-c{m}", count: 2, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: "i-d{n:5}", count: 2, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: "i-e{n/0}", count: 2, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: "i-f{n", count: 2, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: "i-g{n}", count: 0, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: "i-h{n}", count: 2000000000, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: "i-i{n/2}", count: 4, type: ecs.g6.large, vswitch: "vsw-{n}", security_groups: [sg-main]}
        network_interfaces:
          - {id: "eni-{n}", count: 3, vswitch: vsw-h, security_groups: [sg-main], attached_to: "i-x{n}"}
          - {id: eni-y, vswitch: vsw-h, security_groups: [sg-main], attached_to: "i-x{n}"}
`, []string{
		`s.yaml:19:18: copies of this entry share the id "i-a" (and 1 more like it); give the id a {n}, so that the copies differ`,
		`s.yaml:20:18: id "i-b{n}" must have 1 to 128 letters, digits and '-'; placeholders need a count in the same entry`,
		`s.yaml:21:18: malformed placeholder: {m} is unknown; placeholders are {n}, {n:05}, {n/3} and {n/3:05}`,
		`s.yaml:22:18: malformed placeholder: {n:5} has the width "5"; placeholders are {n}, {n:05}, {n/3} and {n/3:05}`,
		`s.yaml:23:18: malformed placeholder: {n/0} divides by "0"; placeholders are {n}, {n:05}, {n/3} and {n/3:05}`,
		`s.yaml:24:18: malformed placeholder: "{n" has no closing brace; placeholders are {n}, {n:05}, {n/3} and {n/3:05}`,
		`s.yaml:25:35: count must be from 1 to 1000000, got 0`,
		`s.yaml:26:35: count must be from 1 to 1000000, got 2000000000`,
		`s.yaml:27:18: copies of this entry share the id "i-i1" (and 1 more like it); give the id a {n}, so that the copies differ`,
		`s.yaml:27:69: there is no VSwitch vsw-1 in this account (and 1 more like it); did you mean "vsw-h"?`,
		`s.yaml:29:96: there is no instance i-x1 in this account (and 2 more like it); did you mean "i-g1"?`,
		`s.yaml:30:82: there is no instance i-x{n} in this account; placeholders need a count in the same entry`,
	}},
	{"attachments", network + `        instances:
          - {id: i-web, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: i-old, type: ecs.c1.small, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: i-classic, type: ecs.n1.small, network_type: classic, zone: cn-hangzhou-h}
          - {id: i-small, type: small.type, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: i-broken, type: none, vswitch: vsw-h, security_groups: [sg-main]}
        network_interfaces:
          - {id: eni-1, vswitch: vsw-i, security_groups: [sg-main], attached_to: i-web}
          - {id: eni-2, vswitch: vsw-other, security_groups: [sg-other], attached_to: i-web}
          - {id: eni-3, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-wbe}
          - {id: eni-4, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-old}
          - {id: eni-5, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-classic}
          - {id: eni-6, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-small, secondary_private_ip_address_count: 2}
          - {id: "eni-7-{n}", count: 4, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-web}
          - {id: eni-8, vswitch: vsw-h, security_groups: [sg-main], status: InUse}
          - {id: eni-9, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-web, status: Available}
          - {id: eni-10, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-web, status: Deleting}
          - {id: eni-11, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-web, settles_in: 5s}
          - {id: eni-12, vswitch: vsw-h, security_groups: [sg-main], status: Linked}
          - {id: eni-web-primary, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: eni-1, vswitch: vsw-h, security_groups: [sg-main]}
          - {id: eni-13, vswitch: vsw-h, security_groups: [sg-main], attached_to: i-broken}
          - {id: eni-14, vswitch: vsw-h, security_groups: [sg-other]}
          - {id: eni-15}
instance_types:
  - {id: small.type, vcpus: 1, memory_gib: 1, eni_quantity: 4, private_ipv4_per_eni: 2}
`, []string{
		`s.yaml:23:34: unknown instance type "none"; declare it under instance_types`,
		`s.yaml:25:82: instance i-web lies in zone cn-hangzhou-h, network interface eni-1 in cn-hangzhou-i; choose a vswitch of the instance's zone, or another instance`,
		`s.yaml:26:87: instance i-web lies in VPC vpc-main, network interface eni-2 in vpc-other; choose a vswitch of the instance's VPC, or another instance`,
		`s.yaml:27:82: there is no instance i-wbe in this account; did you mean "i-web"?`,
		`s.yaml:28:82: instance i-old is of type ecs.c1.small, which takes no secondary interfaces because it is not I/O optimized`,
		`s.yaml:29:82: instance i-classic is a classic one, which takes no interfaces`,
		`s.yaml:30:13: the interface has 3 private addresses, an interface of an instance of type small.type has 2 at most`,
		`s.yaml:31:98: instance i-web of type ecs.g6.large holds 2 interfaces at most, the primary one included: no place for eni-7-2 (and 2 more like it)`,
		`s.yaml:32:77: status InUse needs an attached_to; name its instance: attached_to: ...`,
		`s.yaml:33:82: instance i-web of type ecs.g6.large holds 2 interfaces at most, the primary one included: no place for eni-9`,
		`s.yaml:33:97: status Available contradicts attached_to; remove one of the two`,
		`s.yaml:34:83: instance i-web of type ecs.g6.large holds 2 interfaces at most, the primary one included: no place for eni-10`,
		`s.yaml:34:98: status Deleting contradicts attached_to; remove one of the two`,
		`s.yaml:35:83: instance i-web of type ecs.g6.large holds 2 interfaces at most, the primary one included: no place for eni-11`,
		`s.yaml:35:102: settles_in goes with the transient statuses Attaching, Deleting, Detaching, this entry is InUse`,
		`s.yaml:36:78: unknown status "Linked": it is one of Available, Attaching, InUse, Detaching, Deleting`,
		`s.yaml:37:18: "eni-web-primary" is the id of the primary interface of instance i-web on line 19; choose another id`,
		`s.yaml:38:18: network interface "eni-1" is there twice, first on line 25`,
		`s.yaml:40:60: security group sg-other belongs to VPC vpc-other, the VSwitch to vpc-main`,
		`s.yaml:41:13: a network interface lacks the required key vswitch`,
		`s.yaml:41:13: a network interface lacks the required key security_groups`,
	}},
	{"group limit", network + `        instances:
          - {id: i-1, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-one]}
          - {id: i-2, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
        network_interfaces:
          - {id: eni-1, vswitch: vsw-h, security_groups: [sg-one], attached_to: i-1}
          - {id: eni-2, vswitch: vsw-h, security_groups: [sg-one]}
          - {id: eni-3, vswitch: vsw-h, security_groups: [sg-one], attached_to: i-2}
`, []string{
		`s.yaml:13:107: security group sg-one has attached interfaces of 2 instances, its instance_limit is 1; raise its instance_limit, or use more groups`,
	}},
	{"addresses", network + `        network_interfaces:
          - {id: eni-1, vswitch: vsw-h, security_groups: [sg-main], private_ip_addresses: [10.0.0.0]}
          - {id: eni-2, vswitch: vsw-h, security_groups: [sg-main], private_ip_addresses: [10.0.255.253]}
          - {id: eni-3, vswitch: vsw-h, security_groups: [sg-main], private_ip_addresses: [10.0.255.252, 10.1.0.1, ten]}
          - {id: eni-4, vswitch: vsw-h, security_groups: [sg-main], private_ip_addresses: [10.0.255.252]}
          - {id: eni-5, vswitch: vsw-h, security_groups: [sg-main], ipv6_address_count: 1}
          - {id: "eni-6-{n}", count: 3, vswitch: vsw-tiny, security_groups: [sg-main], secondary_private_ip_address_count: 1}
          - {id: "eni-7-{n}", count: 3, vswitch: vsw-h, security_groups: [sg-main], private_ip_addresses: [10.0.9.9]}
`, []string{
		`s.yaml:12:22: VSwitch vsw-tiny is full: its block 10.2.0.0/29 has 4 addresses for use, the file wants 6; give it a larger block, or spread the interfaces over more VSwitches`,
		`s.yaml:19:92: address 10.0.0.0 is reserved in VSwitch vsw-h; the first address of a VSwitch and the last three are the cloud's own`,
		`s.yaml:20:92: address 10.0.255.253 is reserved in VSwitch vsw-h; the first address of a VSwitch and the last three are the cloud's own`,
		`s.yaml:21:106: address 10.1.0.1 lies outside 10.0.0.0/16 of VSwitch vsw-h`,
		`s.yaml:21:116: private_ip_addresses: "ten" is no IP address`,
		`s.yaml:22:92: address 10.0.255.252 is given twice in VSwitch vsw-h, first on line 21`,
		`s.yaml:23:13: the interface has IPv6 addresses, VSwitch vsw-h has no IPv6 block; give the VSwitch and its VPC an ipv6_cidr_block`,
		`s.yaml:25:108: copies of this entry share the address 10.0.9.9 (and 1 more like it); give it a {n}, or leave it out`,
	}},
	{"EIPs", network + `        instances:
          - {id: i-web, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], public_ip_address: 47.1.1.1}
          - {id: i-old, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main], public_ip_address: 47.1.1.1}
          - {id: i-new, type: ecs.g6.large, vswitch: vsw-h, security_groups: [sg-main]}
        network_interfaces:
          - {id: eni-a, vswitch: vsw-h, security_groups: [sg-main]}
        eips:
          - {id: eip-1, ip_address: 47.1.1.1}
          - {id: eip-2, ip_address: 47.1.1.256}
          - {id: eip-3, ip_address: 47.1.1.3}
          - {id: eip-4, ip_address: 47.1.1.3}
          - {id: eip-5, associated_with: i-web}
          - {id: eip-6, associated_with: eni-a}
          - {id: eip-7, associated_with: eni-a}
          - {id: eip-8, associated_with: eni-b}
          - {id: eip-9, associated_with: i-new, status: Available}
          - {id: eip-9}
`, []string{
		`s.yaml:20:13: line 19 has the public address 47.1.1.1 too; give each of the two a public address of its own`,
		`s.yaml:25:37: line 19 has the public address 47.1.1.1 too; give each of the two a public address of its own`,
		`s.yaml:26:37: ip_address must be an IPv4 address such as 203.0.113.7, got "47.1.1.256"`,
		`s.yaml:28:37: line 27 has the public address 47.1.1.3 too; give each of the two a public address of its own`,
		`s.yaml:29:42: instance i-web has a public address; leave out its public_ip_address`,
		`s.yaml:31:42: address 10.0.0.4 of eni-a has the EIP on line 30 already`,
		`s.yaml:32:42: there is no instance or network interface eni-b in this account; did you mean "eni-a"?`,
		`s.yaml:33:57: status Available contradicts associated_with; remove one of the two`,
		`s.yaml:34:18: EIP "eip-9" is there twice, first on line 33`,
	}},
	{"routes", `enisim: 1
accounts:
  - id: "1000000000000001"
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/16
            secondary_cidr_blocks:
              - 192.168.0.0/16
              - 10.0.1.0/24
              - 100.64.0.0/16
              - 172.16.0.1/12
            vswitches:
              - {id: vsw-1, zone: cn-hangzhou-h, cidr_block: 192.168.1.0/24}
              - {id: vsw-2, zone: cn-hangzhou-h, cidr_block: 172.16.0.0/24}
            security_groups: [{id: sg-1}]
            route_tables:
              - {name: nameless}
              - {id: vtb-a, vswitches: [vsw-1, vsw-3, vsw-b]}
              - {id: vtb-a}
              - {id: vtb-b, vswitches: [vsw-1]}
              - {type: System, id: vtb-1}
              - {type: System, vswitches: [vsw-1]}
              - {type: System}
              - type: System
                entries:
                  - {destination_cidr_block: 192.168.1.0/25, next_hop: i-1}
                  - {destination_cidr_block: 100.64.0.0/16, next_hop: i-1}
                  - {destination_cidr_block: 0.0.0.0/0, next_hop: i-b}
                  - {destination_cidr_block: 0.0.0.0/0, next_hop: eni-2}
                  - {destination_cidr_block: 1.0.0.0/8, next_hop: eni-b}
                  - {id: rte-1-5, destination_cidr_block: 2.0.0.0/8, next_hop: eni-gone}
          - id: vpc-b
            cidr_block: 10.0.0.0/16
            vswitches: [{id: vsw-b, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/24}]
            security_groups: [{id: sg-b}]
          - {id: "1", cidr_block: 10.0.0.0/16}
        instances:
          - {id: i-1, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1]}
          - {id: i-b, type: ecs.g6.large, vswitch: vsw-b, security_groups: [sg-b]}
        network_interfaces:
          - {id: eni-1, vswitch: vsw-1, security_groups: [sg-1]}
          - {id: eni-b, vswitch: vsw-b, security_groups: [sg-b]}
          - {id: eni-gone, vswitch: vsw-1, security_groups: [sg-1], status: Deleting}
`, []string{
		`s.yaml:11:17: block 10.0.1.0/24 overlaps 10.0.0.0/16 of VPC vpc-1`,
		`s.yaml:12:17: block 100.64.0.0/16 overlaps 100.64.0.0/10, which no VPC may use`,
		`s.yaml:13:17: each of secondary_cidr_blocks must be an IPv4 block with a mask from /8 to /28, such as 192.168.0.0/16, got "172.16.0.1/12"`,
		`s.yaml:16:62: block 172.16.0.0/24 lies outside 10.0.0.0/16 of VPC vpc-1`,
		`s.yaml:19:17: a custom route table needs an id`,
		`s.yaml:20:48: there is no VSwitch vsw-3 in this account; did you mean "vsw-1"?`,
		`s.yaml:20:55: VSwitch vsw-b lies in VPC vpc-b, not in vpc-1`,
		`s.yaml:21:22: route table "vtb-a" is there twice, first on line 20`,
		`s.yaml:22:41: VSwitch vsw-1 uses the route table on line 20 already`,
		`s.yaml:23:36: the id of a system table is made of the VPC's: vtb-1; leave it out`,
		`s.yaml:24:44: VSwitches that no custom table lists use the system table; leave it out`,
		`s.yaml:26:17: VPC vpc-1 has its system table on line 25 already`,
		`s.yaml:28:46: destination 192.168.1.0/25 lies in VSwitch vsw-1, to which the system has an entry`,
		`s.yaml:29:46: destination 100.64.0.0/16 lies in 100.64.0.0/10, to which the system has an entry`,
		`s.yaml:30:67: instance i-b is not in VPC vpc-1`,
		`s.yaml:31:46: the table has the destination 0.0.0.0/0 on line 30 already`,
		`s.yaml:31:67: there is no instance or network interface eni-2 in this account; did you mean "eni-1"?`,
		`s.yaml:32:67: network interface eni-b lies in VPC vpc-b, not in vpc-1`,
		`s.yaml:33:26: route entry "rte-1-5" is there twice, first on line 32`,
		`s.yaml:33:80: network interface eni-gone is being deleted, and is no next hop`,
		`s.yaml:34:17: route table "vtb-b" is there twice, first on line 22`,
		`s.yaml:38:18: route table "vtb-1" is there twice, first on line 7`,
	}},
	{"instance types", `enisim: 1
instance_types:
  - {id: my type, vcpus: 1, memory_gib: 1, eni_quantity: 1}
  - {id: my.type, vcpus: 0.5, memory_gib: -1, eni_quantity: 0}
  - {id: my.type, vcpus: 1, memory_gib: 1, eni_quantity: 1, hot_plug: maybe, cpu_architecture: arm}
  - {id: your.type}
`, []string{
		`s.yaml:3:10: an instance type's id has letters, digits, '-' and '.', got "my type"`,
		`s.yaml:4:26: vcpus must be a whole number, got 0.5`,
		`s.yaml:4:43: memory_gib must be a number that is not negative, got -1`,
		`s.yaml:4:61: eni_quantity must be from 1 to 2147483647, got 0`,
		`s.yaml:5:10: instance type "my.type" is there twice, first on line 4`,
		`s.yaml:5:71: hot_plug must be true or false, got "maybe"`,
		`s.yaml:5:96: unknown cpu_architecture "arm": it is one of x86_64, arm64; did you mean "arm64"?`,
		`s.yaml:6:5: an instance type lacks the required key vcpus`,
		`s.yaml:6:5: an instance type lacks the required key memory_gib`,
		`s.yaml:6:5: an instance type lacks the required key eni_quantity`,
	}},
	{"aliases", `enisim: 1
accounts:
  - id: &id "1000000000000001"
    name: *unknown
    access_keys:
      - &key {id: LTAI1, secret: s, <<: *key}
      - {<<: *key, id: LTAI2, sekret: s}
      - {<<: [*id], id: LTAI3}
`, []string{
		`s.yaml:4:11: alias *unknown refers to no anchor`,
		`s.yaml:7:31: unknown key "sekret" in an access key; did you mean "secret"?`,
		`s.yaml:8:9: an access key lacks the required key secret`,
		`s.yaml:8:15: << must name a mapping`,
	}},
}

// Each error in a file is reported with its line and column, and with advice.
func TestParseReportsEveryProblemWithItsLine(t *testing.T) {
	t.Parallel()
	for _, c := range wrong {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := scenario.Parse("s.yaml", []byte(c.file))
			if _, ok := errors.AsType[scenario.Problems](err); !ok {
				t.Fatalf("got error %v, want Problems", err)
			}
			if got, want := err.Error(), strings.Join(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// The shipped scenarios have no problems.
func TestShippedScenariosParse(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../testdata/scenarios/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("got files %v, error %v, want the shipped scenarios", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := scenario.Parse(filepath.Base(file), text); err != nil {
			t.Error(err)
		}
	}
}

// Each whole file in docs/scenarios.md is valid.
func TestExamplesOfTheGuideParse(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, part := range strings.Split(string(guide), "```yaml\n")[1:] {
		example, _, _ := strings.Cut(part, "```")
		examples++
		if _, err := scenario.Parse("docs/scenarios.md", []byte(example)); err != nil {
			t.Errorf("got\n%v\nwant no problems in\n%s", err, example)
		}
	}
	if examples == 0 {
		t.Error("got no example in the guide, want at least one")
	}
}

// A misspelt key is reported as one problem. Its content is read like that of the key that was
// probably meant. If that is unknown, references to it are not reported.
func TestParseReportsAMisspeltKeyOnce(t *testing.T) {
	t.Parallel()
	const world = `enisim: 1
accounts:
  - id: "1000000000000001"
    access_keys: [{id: LTAI1, secret: s}]
    ram_users: [{name: ci, allow: ["ecs:*"]}]
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]
            security_groups: [{id: sg-1}]
        instances: [{id: "i-{n}", count: 4, type: own.type, vswitch: vsw-1, security_groups: [sg-1]}]
        network_interfaces: [{id: "eni-{n}", count: 4, vswitch: vsw-1, security_groups: [sg-1], attached_to: "i-{n}"}]
instance_types: [{id: own.type, vcpus: 1, memory_gib: 1, eni_quantity: 2}]
`
	if _, err := scenario.Parse("s.yaml", []byte(world)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ key, misspelt, says string }{
		{"accounts:", "acounts:", `2:1: unknown key "acounts" in the file; did you mean "accounts"?`},
		{"access_keys:", "keys:", `4:5: unknown key "keys" in an account; did you mean "access_keys"?`},
		{"ram_users:", "ram_user:", `5:5: unknown key "ram_user" in an account; did you mean "ram_users"?`},
		{"regions:", "regionen:", `6:5: unknown key "regionen" in an account; did you mean "regions"?`},
		{"vpcs:", "vpc:", `8:9: unknown key "vpc" in a region; did you mean "vpcs"?`},
		{"id: vpc-1", "ide: vpc-1", `9:13: unknown key "ide" in a VPC; did you mean "id"?`},
		{
			"cidr_block: 10.0.0.0/8", "cidr: 10.0.0.0/8",
			`10:13: unknown key "cidr" in a VPC; did you mean "cidr_block"?`,
		},
		{"vswitches:", "vswitchs:", `11:13: unknown key "vswitchs" in a VPC; did you mean "vswitches"?`},
		{"vswitches:", "subnets:", `11:13: unknown key "subnets" in a VPC; `},
		{
			"security_groups: [{", "security_grups: [{",
			`12:13: unknown key "security_grups" in a VPC; did you mean "security_groups"?`,
		},
		{"instances:", "instanzen:", `13:9: unknown key "instanzen" in a region; did you mean "instances"?`},
		{"instances:", "machines:", `13:9: unknown key "machines" in a region; `},
		{
			"vswitch: vsw-1, security_groups: [sg-1]}]", "vswich: vsw-1, security_groups: [sg-1]}]",
			`unknown key "vswich" in an instance; did you mean "vswitch"?`,
		},
		{
			"instance_types:", "instance_typs:",
			`15:1: unknown key "instance_typs" in the file; did you mean "instance_types"?`,
		},
		{"instance_types:", "flavours:", `15:1: unknown key "flavours" in the file; `},
	} {
		_, err := scenario.Parse("s.yaml", []byte(strings.Replace(world, c.key, c.misspelt, 1)))
		var problems scenario.Problems
		_ = errors.As(err, &problems)
		if len(problems) != 1 || !strings.Contains(problems[0].String(), c.says) {
			t.Errorf("%s: got\n%v\nwant only %s", c.misspelt, err, c.says)
		}
	}
}

// A permission that allows no action is a problem. Case does not matter, and a wildcard can be
// anywhere.
func TestParseRefusesPermissionsWithoutActions(t *testing.T) {
	t.Parallel()
	for permission, says := range map[string]string{
		"ecs:AttachNetworkInterface":  "",
		"ecs:attachnetworkinterface":  "",
		"ecs:Describe*":               "",
		"*:Describe*":                 "",
		"*":                           "",
		"sts:*":                       "",
		"ecs:AttachNetworkInterfaces": `s.yaml:4:36: permission "ecs:AttachNetworkInterfaces" names no action; did you mean "ecs:AttachNetworkInterface"?`,
		"vpc:AttachNetworkInterface":  `s.yaml:4:36: permission "vpc:AttachNetworkInterface" names no action; did you mean "ecs:AttachNetworkInterface"?`,
		"ecs:Atach*":                  `s.yaml:4:36: permission "ecs:Atach*" names no action; did you mean "ecs:Attach*"?`,
		"objects:Put*":                `s.yaml:4:36: permission "objects:Put*" names no action; a permission is such as "ecs:AttachNetworkInterface" or "ecs:Describe*"; the products are ecs, vpc, sts, location and resourcemanager`,
	} {
		_, err := scenario.Parse("s.yaml", fmt.Appendf(nil,
			"enisim: 1\naccounts:\n  - id: \"1000000000000001\"\n    ram_users: [{name: ci, allow: [%q]}]\n",
			permission))
		if got := fmt.Sprint(err); says == "" && err != nil || says != "" && got != says {
			t.Errorf("%s: got %v, want %q", permission, err, says)
		}
	}
}
