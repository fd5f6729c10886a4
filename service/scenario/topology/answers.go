package topology

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// The fields of the answers that a scenario needs. They have the names of the wire.

// text is a text that some answers write as a number, such as OwnerId.
type text string

// UnmarshalJSON accepts both.
func (t *text) UnmarshalJSON(data []byte) error {
	if trimmed := strings.Trim(string(data), `"`); trimmed != "null" && trimmed != "0" {
		*t = text(trimmed)
	}
	return nil
}

// tags is a list of tags: ECS says TagKey where VPC says Key.
type tags struct {
	Tag []struct{ TagKey, TagValue, Key, Value string }
}

type vpc struct {
	VpcId, VpcName, Description, RegionId, CidrBlock, Ipv6CidrBlock string
	OwnerId                                                         text
	Tags                                                            tags
}

type vswitch struct {
	VSwitchId, VSwitchName, Description, VpcId, ZoneId, CidrBlock, Ipv6CidrBlock string
	OwnerId                                                                      text
	Tags                                                                         tags
}

type securityGroup struct {
	SecurityGroupId, SecurityGroupName, SecurityGroupType, Description, VpcId string
	Tags                                                                      tags
}

type instance struct {
	InstanceId, InstanceName, HostName, Description, RegionId, ZoneId, Status string
	InstanceType, InstanceNetworkType                                         string
	Cpu                                                                       int
	Memory                                                                    float64 // MiB
	VpcAttributes                                                             struct{ VpcId, VSwitchId string }
	SecurityGroupIds                                                          struct{ SecurityGroupId []string }
	NetworkInterfaces                                                         struct {
		NetworkInterface []struct{ NetworkInterfaceId string }
	}
	Tags tags
}

type networkInterface struct {
	NetworkInterfaceId, NetworkInterfaceName, Description, Status, Type string
	InstanceId, VSwitchId, PrivateIpAddress                             string
	OwnerId                                                             text
	PrivateIpSets                                                       struct {
		PrivateIpSet []struct {
			PrivateIpAddress string
			Primary          bool
		}
	}
	Ipv6Sets struct {
		Ipv6Set []struct{ Ipv6Address string }
	}
	Ipv4PrefixSets   struct{ Ipv4PrefixSet []struct{ Ipv4Prefix string } }
	Ipv6PrefixSets   struct{ Ipv6PrefixSet []struct{ Ipv6Prefix string } }
	SecurityGroupIds struct{ SecurityGroupId []string }
	Tags             tags
	Attachment       struct {
		InstanceId              string
		DeviceIndex             int
		TrunkNetworkInterfaceId string
	}
	MacAddress      string
	DeleteOnRelease *bool
	ServiceManaged  bool
	SourceDestCheck bool
	QueueNumber     int
}

// addresses returns the IPv4 addresses, the primary one first.
func (n *networkInterface) addresses() []string {
	primary, others := n.PrivateIpAddress, []string(nil)
	for _, a := range n.PrivateIpSets.PrivateIpSet {
		switch {
		case a.Primary:
			primary = a.PrivateIpAddress
		case a.PrivateIpAddress != n.PrivateIpAddress:
			others = append(others, a.PrivateIpAddress)
		}
	}
	if primary == "" {
		return others
	}
	return append([]string{primary}, others...)
}

func (n *networkInterface) ipv6() []string {
	var out []string
	for _, a := range n.Ipv6Sets.Ipv6Set {
		out = append(out, a.Ipv6Address)
	}
	return out
}

// instanceID returns the instance that an interface is on, also while it is Attaching or Detaching.
func (n *networkInterface) instanceID() string {
	if n.InstanceId != "" {
		return n.InstanceId
	}
	return n.Attachment.InstanceId
}

// Source is a file of concatenated answers.
type Source struct {
	Name string
	Data []byte
}

// account is what the answers contain of an account, by id.
type account struct {
	vpcs       map[string]*vpc
	vswitches  map[string]*vswitch
	groups     map[string]*securityGroup
	instances  map[string]*instance
	interfaces map[string]*networkInterface
	from       map[string]string // the first file that has a resource
	problems   []string
}

func (a *account) problem(format string, args ...any) {
	a.problems = append(a.problems, fmt.Sprintf(format, args...))
}

// readAnswers reads all sources, in any order.
func readAnswers(sources []Source) *account {
	a := &account{
		vpcs: map[string]*vpc{}, vswitches: map[string]*vswitch{}, groups: map[string]*securityGroup{},
		instances: map[string]*instance{}, interfaces: map[string]*networkInterface{}, from: map[string]string{},
	}
	for _, source := range sources {
		decoder := json.NewDecoder(bytes.NewReader(source.Data))
		for answers := 0; ; answers++ {
			var answer json.RawMessage
			err := decoder.Decode(&answer)
			if errors.Is(err, io.EOF) && answers > 0 {
				break
			}
			if err != nil {
				a.problem("%s: this is no JSON: %v", source.Name, err)
				break
			}
			a.addAnswer(source.Name, answer)
		}
	}
	return a
}

// addAnswer adds one answer. Its top-level key identifies its kind.
func (a *account) addAnswer(file string, data []byte) {
	var body struct {
		Code, Message        string
		Vpcs                 *struct{ Vpc []*vpc }
		VSwitches            *struct{ VSwitch []*vswitch }
		SecurityGroups       *struct{ SecurityGroup []*securityGroup }
		Instances            *struct{ Instance []*instance }
		NetworkInterfaceSets *struct{ NetworkInterfaceSet []*networkInterface }
	}
	if err := json.Unmarshal(data, &body); err != nil {
		a.problem("%s: this is no answer that can be read: %v", file, err)
		return
	}
	switch {
	case body.Vpcs != nil:
		addResources(a, file, "VPC", a.vpcs, body.Vpcs.Vpc, func(v *vpc) string { return v.VpcId })
	case body.VSwitches != nil:
		addResources(
			a,
			file,
			"VSwitch",
			a.vswitches,
			body.VSwitches.VSwitch,
			func(v *vswitch) string { return v.VSwitchId },
		)
	case body.SecurityGroups != nil:
		addResources(
			a,
			file,
			"security group",
			a.groups,
			body.SecurityGroups.SecurityGroup,
			func(g *securityGroup) string { return g.SecurityGroupId },
		)
	case body.Instances != nil:
		addResources(
			a,
			file,
			"instance",
			a.instances,
			body.Instances.Instance,
			func(i *instance) string { return i.InstanceId },
		)
	case body.NetworkInterfaceSets != nil:
		addResources(
			a,
			file,
			"network interface",
			a.interfaces,
			body.NetworkInterfaceSets.NetworkInterfaceSet,
			func(n *networkInterface) string { return n.NetworkInterfaceId },
		)
	case body.Code != "":
		a.problem("%s: the answer is the error %s: %s", file, body.Code, body.Message)
	default:
		a.problem(
			"%s: this is no answer of DescribeVpcs, DescribeVSwitches, "+
				"DescribeSecurityGroups, DescribeInstances or DescribeNetworkInterfaces: "+
				"it has none of Vpcs, VSwitches, SecurityGroups, Instances and NetworkInterfaceSets",
			file,
		)
	}
}

// addResources adds resources. Pages may overlap if they agree.
func addResources[T any](a *account, file, what string, all map[string]*T, items []*T, id func(*T) string) {
	for _, item := range items {
		key := id(item)
		known, twice := all[key]
		switch {
		case key == "":
			a.problem("%s: a %s has no id", file, what)
		case twice && !reflect.DeepEqual(known, item):
			a.problem(
				"%s: %s %s differs from what %s tells of it; keep the newer file",
				file,
				what,
				key,
				a.from[what+key],
			)
		case !twice:
			all[key] = item
			a.from[what+key] = file
		}
	}
}
