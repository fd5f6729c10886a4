package worldtest_test

import (
	"reflect"
	"testing"

	"enisim.alt/service/scenario"
	"enisim.alt/service/worldtest"
)

// A built world is the same scenario as the text that a person would write.
func TestWorldIsTheScenarioOfItsText(t *testing.T) {
	t.Parallel()
	built := worldtest.New("1000000000000001", worldtest.Set("repeats", "accept")).
		AccessKey("LTAItest000000000001").
		RAMUser("ci", "LTAIramuser000000001", "ecs:Describe*").
		VPC("vpc-1", "10.0.0.0/8").
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
		VSwitch("vsw-i", "cn-hangzhou-i", "10.1.0.0/16").
		SecurityGroup("sg-1").
		SecurityGroup("sg-2", worldtest.Set("instance_limit", 8)).
		Instance("i-{n}", worldtest.Count(2), worldtest.Type("ecs.own.test")).
		Instance("i-stopped", worldtest.Status("Stopped"), worldtest.In("vsw-i")).
		Instance("i-old", worldtest.Type("ecs.n1.small"), worldtest.Without("vswitch", "security_groups"),
			worldtest.Set("zone", "cn-hangzhou-h"), worldtest.Set("network_type", "classic")).
		NetworkInterface("eni-1", worldtest.AttachedTo("i-1"), worldtest.Groups("sg-1", "sg-2")).
		InstanceType("ecs.own.test", 4).
		Account("1000000000000002").
		Region("cn-beijing").
		VPC("vpc-1", "10.0.0.0/8").
		VSwitch("vsw-a", "cn-beijing-a", "10.0.0.0/16").
		SecurityGroup("sg-3").
		NetworkInterface("eni-1")
	const written = `
enisim: 1
accounts:
  - id: "1000000000000001"
    repeats: accept
    access_keys: [{id: LTAItest000000000001, secret: s}]
    ram_users: [{name: ci, allow: ["ecs:Describe*"], access_keys: [{id: LTAIramuser000000001, secret: s}]}]
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            vswitches:
              - {id: vsw-h, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}
              - {id: vsw-i, zone: cn-hangzhou-i, cidr_block: 10.1.0.0/16}
            security_groups: [{id: sg-1}, {id: sg-2, instance_limit: 8}]
        instances:
          - {id: "i-{n}", count: 2, type: ecs.own.test, vswitch: vsw-h, security_groups: [sg-1]}
          - {id: i-stopped, type: ecs.g6.large, vswitch: vsw-i, security_groups: [sg-1], status: Stopped}
          - {id: i-old, type: ecs.n1.small, zone: cn-hangzhou-h, network_type: classic}
        network_interfaces:
          - {id: eni-1, vswitch: vsw-h, security_groups: [sg-1, sg-2], attached_to: i-1}
  - id: "1000000000000002"
    regions:
      - id: cn-beijing
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-a, zone: cn-beijing-a, cidr_block: 10.0.0.0/16}]
            security_groups: [{id: sg-3}]
        network_interfaces: [{id: eni-1, vswitch: vsw-a, security_groups: [sg-3]}]
instance_types: [{id: ecs.own.test, vcpus: 1, memory_gib: 1, eni_quantity: 4}]
`
	got, err := scenario.Parse("test.yaml", []byte(built.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, built)
	}
	want, err := scenario.Parse("test.yaml", []byte(written))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got a world that differs from the written one:\n%s", built)
	}
}
