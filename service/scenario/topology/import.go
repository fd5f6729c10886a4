package topology

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"enisim.alt/service/scenario"
	"enisim.alt/store"
	"enisim.alt/store/catalogue"
)

// Options are values that the answers do not contain.
type Options struct {
	AccountID     string // "": the one that the answers name
	KeyID, Secret string // an access key for the account; KeyID "": none
}

// Import returns a scenario made from answers. Its error lists all obstacles, one per line.
func Import(sources []Source, o Options) ([]byte, error) {
	a := readAnswers(sources)
	if len(a.problems) > 0 {
		return nil, errors.New(strings.Join(a.problems, "\n")) // what could not be read would only be missed below
	}
	id := a.accountID(o.AccountID)
	a.checkReferences()
	a.checkInterfaces()
	if len(a.problems) > 0 {
		return nil, errors.New(strings.Join(a.problems, "\n"))
	}
	w := &writer{account: a, id: id, options: o}
	return w.write(), nil
}

// accountID returns the account for the scenario.
func (a *account) accountID(chosen string) string {
	if chosen != "" {
		return chosen
	}
	owners := map[string]bool{}
	for _, v := range a.vpcs {
		owners[string(v.OwnerId)] = true
	}
	for _, v := range a.vswitches {
		owners[string(v.OwnerId)] = true
	}
	for _, n := range a.interfaces {
		owners[string(n.OwnerId)] = true
	}
	delete(owners, "")
	switch found := slices.Sorted(maps.Keys(owners)); len(found) {
	case 1:
		return found[0]
	case 0:
		a.problem("the answers name no owner: choose the account with --account")
	default:
		a.problem("the answers name several owners, %s: choose the account with --account", strings.Join(found, ", "))
	}
	return ""
}

// missingAnswers maps what to fetch to the resources that refer to it.
type missingAnswers map[string][]string

func (l missingAnswers) add(action, id, by string) { l[action+" "+id] = append(l[action+" "+id], by) }

// checkReferences reports references to resources that the answers do not contain.
func (a *account) checkReferences() {
	l := missingAnswers{}
	for _, id := range slices.Sorted(maps.Keys(a.vswitches)) {
		if a.vpcs[a.vswitches[id].VpcId] == nil {
			l.add("DescribeVpcs", a.vswitches[id].VpcId, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.groups)) {
		if of := a.groups[id].VpcId; of != "" && a.vpcs[of] == nil {
			l.add("DescribeVpcs", of, id)
		}
	}
	a.checkInstanceReferences(l)
	a.checkInterfaceReferences(l)
	for _, what := range slices.Sorted(maps.Keys(l)) {
		action, id, _ := strings.Cut(what, " ")
		by := l[what][0] + " refers"
		if more := len(l[what]) - 1; more > 0 {
			by = fmt.Sprintf("%s and %d more refer", l[what][0], more)
		}
		a.problem("fetch %s of %s: %s to it", action, id, by)
	}
}

// checkInstanceReferences collects what the instances refer to.
func (a *account) checkInstanceReferences(l missingAnswers) {
	for _, id := range slices.Sorted(maps.Keys(a.instances)) {
		i := a.instances[id]
		if i.isClassic() {
			continue
		}
		if a.vswitches[i.VpcAttributes.VSwitchId] == nil {
			l.add("DescribeVSwitches", i.VpcAttributes.VSwitchId, id)
		}
		for _, n := range i.NetworkInterfaces.NetworkInterface {
			if a.interfaces[n.NetworkInterfaceId] == nil {
				l.add("DescribeNetworkInterfaces", n.NetworkInterfaceId, id)
			}
		}
		if len(i.NetworkInterfaces.NetworkInterface) == 0 && a.primaryOf(id) == nil {
			l.add("DescribeNetworkInterfaces", "the interfaces of "+id, id)
		}
	}
}

// checkInterfaceReferences collects what the interfaces refer to.
func (a *account) checkInterfaceReferences(l missingAnswers) {
	for _, id := range slices.Sorted(maps.Keys(a.interfaces)) {
		n := a.interfaces[id]
		if a.vswitches[n.VSwitchId] == nil {
			l.add("DescribeVSwitches", n.VSwitchId, id)
		}
		if on := n.instanceID(); on != "" && a.instances[on] == nil && n.isAttached() {
			l.add("DescribeInstances", on, id)
		}
		for _, group := range n.SecurityGroupIds.SecurityGroupId {
			if a.groups[group] == nil {
				l.add("DescribeSecurityGroups", group, id)
			}
		}
	}
}

// checkInterfaces reports interfaces that a scenario cannot describe.
func (a *account) checkInterfaces() {
	for _, id := range slices.Sorted(maps.Keys(a.vswitches)) {
		v := a.vswitches[id]
		of := a.vpcs[v.VpcId]
		if of == nil {
			continue
		}
		inner, err := netip.ParsePrefix(v.CidrBlock)
		outer, outerErr := netip.ParsePrefix(of.CidrBlock)
		if err == nil && outerErr == nil && !outer.Overlaps(inner) {
			a.problem(
				"VSwitch %s lies in a secondary block of VPC %s, and a scenario's VPC has one block: "+
					"leave it out of the files, with what is in it",
				id,
				v.VpcId,
			)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.interfaces)) {
		n := a.interfaces[id]
		if n.isAttached() && n.instanceID() == "" && !n.ServiceManaged && n.Type != store.ENIMember {
			a.problem(
				"network interface %s is %s and names no instance: fetch DescribeNetworkInterfaces again",
				id,
				n.Status,
			)
		}
		if len(n.SecurityGroupIds.SecurityGroupId) == 0 && !n.ServiceManaged && n.Type != store.ENIPrimary {
			a.problem(
				"network interface %s is in no security group, and a scenario's is in one at least: "+
					"leave it out of the files",
				id,
			)
		}
	}
}

func (i *instance) isClassic() bool {
	return i.InstanceNetworkType == store.NetworkTypeClassic ||
		i.VpcAttributes.VSwitchId == "" && i.InstanceNetworkType == ""
}

func (n *networkInterface) isAttached() bool {
	return n.Status == store.ENIInUse || n.Status == store.ENIAttaching || n.Status == store.ENIDetaching
}

// isOnInstance reports whether the scenario attaches the interface in a slot of the instance. A trunk's
// members have none.
func (n *networkInterface) isOnInstance() bool {
	return n.isAttached() && n.instanceID() != "" && n.Type != store.ENIMember
}

// trunkOf returns the trunk of a member, or nil if the interface is no member or the scenario does not
// attach its trunk.
func (a *account) trunkOf(n *networkInterface) *networkInterface {
	trunk := a.interfaces[n.Attachment.TrunkNetworkInterfaceId]
	if n.Type != store.ENIMember || trunk == nil || trunk.Type != store.ENITrunk || !trunk.isOnInstance() {
		return nil
	}
	return trunk
}

// hasTrunks reports whether the account uses trunks.
func (a *account) hasTrunks() bool {
	for _, n := range a.interfaces {
		if n.Type == store.ENITrunk || n.Type == store.ENIMember {
			return true
		}
	}
	return false
}

// primaryOf returns the primary interface of an instance.
func (a *account) primaryOf(id string) *networkInterface {
	for _, n := range a.interfaces {
		if n.Type == store.ENIPrimary && n.instanceID() == id {
			return n
		}
	}
	return nil
}

// typeNeed is the maximum that the instances of a type have, which the type must allow.
type typeNeed struct {
	vcpus      int
	memoryMiB  float64
	interfaces int
	ipv4, ipv6 int // addresses of one interface
	secondary  bool
	trunk      bool
	members    int
}

// typeNeeds collects what the instances need from their types.
func (a *account) typeNeeds(
	attached map[string][]*networkInterface, primaries map[string]*networkInterface,
) map[string]*typeNeed {
	out := map[string]*typeNeed{}
	for _, id := range slices.Sorted(maps.Keys(a.instances)) {
		i := a.instances[id]
		n := out[i.InstanceType]
		if n == nil {
			n = &typeNeed{vcpus: max(i.Cpu, 1), memoryMiB: i.Memory}
			out[i.InstanceType] = n
		}
		held, members := attached[id], 0
		for _, h := range held {
			if h.Type == store.ENIMember {
				members++
			}
			n.trunk = n.trunk || h.Type == store.ENITrunk
		}
		n.members = max(n.members, members)
		n.interfaces = max(n.interfaces, 1+len(held)-members)
		n.secondary = n.secondary || len(held) > 0
		if p := primaries[id]; p != nil {
			held = append([]*networkInterface{p}, held...)
		}
		for _, h := range held {
			n.ipv4, n.ipv6 = max(n.ipv4, len(h.addresses())), max(n.ipv6, len(h.ipv6()))
		}
	}
	return out
}

// declareType declares a type in a scenario, unless the catalogue's is sufficient.
func declareType(file scenario.Draft, id string, n *typeNeed) {
	known, found := catalogue.FindInstanceType(id)
	fits := func(limit *int, count int) bool { return limit == nil || count <= *limit }
	if found && n.interfaces <= known.ENIQuantity && fits(known.PrivateIPv4PerENI, n.ipv4) &&
		fits(known.IPv6PerENI, n.ipv6) && (known.IOOptimized || !n.secondary) &&
		(known.ENITrunkSupported || !n.trunk) && fits(known.ENITotalQuantity, known.ENIQuantity+n.members) {
		return
	}
	d := file.Add("instance_types")
	d.Text("id", id)
	if !found {
		d.Comment("",
			"The catalogue does not know this type. Its limits are guesses: at least what its instances hold now.")
		d.Int("vcpus", n.vcpus)
		d.Number("memory_gib", n.memoryMiB/1024)
		d.Int("eni_quantity", max(n.interfaces, assumedENIQuantity))
		d.Bool("eni_trunk_supported", n.trunk)
		return
	}
	d.Comment("", "The catalogue's type holds less than its instances do here. The raised limits are guesses.")
	d.Int("vcpus", known.VCPUs)
	d.Number("memory_gib", known.MemoryGiB)
	d.Int("eni_quantity", max(n.interfaces, known.ENIQuantity))
	if known.PrivateIPv4PerENI != nil {
		d.Int("private_ipv4_per_eni", max(n.ipv4, *known.PrivateIPv4PerENI))
	}
	if known.IPv6PerENI != nil {
		d.Int("ipv6_per_eni", max(n.ipv6, *known.IPv6PerENI))
	}
	d.Bool("eni_trunk_supported", known.ENITrunkSupported || n.trunk)
	if total := known.ENITotalQuantity; total != nil && (known.ENITrunkSupported || n.trunk) {
		d.Int("eni_total_quantity", max(*total, max(n.interfaces, known.ENIQuantity)+n.members))
	}
	d.Bool("hot_plug", known.HotPlug)
	d.Text("cpu_architecture", cmp.Or(known.CPUArchitecture, "x86_64"))
}

// assumedENIQuantity is the number of interfaces that an unknown type is assumed to allow, if its
// instances do not have more.
const assumedENIQuantity = 2
