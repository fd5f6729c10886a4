package load

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/httpapi/signature"
	"enisim.alt/service"
	"enisim.alt/store"
)

// VSwitch is a VSwitch of a world, in which a plan creates interfaces.
type VSwitch struct {
	ID            string
	Block         netip.Prefix
	SecurityGroup string // of new interfaces
	Capacity      int    // the number of IPv4 addresses that it can assign
	Held          int    // the number of them that are assigned
}

// DiscoverVSwitches asks a target for its VSwitches, the first 50, that are in a VPC with a security
// group. Call it when nothing changes.
func DiscoverVSwitches(ctx context.Context, t Target) ([]VSwitch, error) {
	pool, err := newConnections(t, 1)
	if err != nil {
		return nil, err
	}
	defer pool.close()
	api := pool.newSender()
	var groups struct {
		SecurityGroups struct {
			SecurityGroup []struct{ SecurityGroupId, VpcId string }
		}
	}
	var vswitches struct {
		VSwitches struct {
			VSwitch []struct {
				VSwitchId, VpcId, CidrBlock string
				AvailableIpAddressCount     int
			}
		}
	}
	for action, page := range map[string]any{"DescribeSecurityGroups": &groups, "DescribeVSwitches": &vswitches} {
		body, err := api.call(ctx, action, []signature.Parameter{{Name: "PageSize", Value: "50"}})
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(body, page); err != nil {
			return nil, fmt.Errorf("%s: the answer is not the API's: %w", action, err)
		}
	}
	// Use the first group of each VPC.
	groupOf := map[string]string{}
	for _, g := range groups.SecurityGroups.SecurityGroup {
		if first := groupOf[g.VpcId]; first == "" || g.SecurityGroupId < first {
			groupOf[g.VpcId] = g.SecurityGroupId
		}
	}
	var list []VSwitch
	for _, v := range vswitches.VSwitches.VSwitch {
		block, err := netip.ParsePrefix(v.CidrBlock)
		if err != nil {
			return nil, fmt.Errorf("DescribeVSwitches: the answer is not the API's: %w", err)
		}
		if groupOf[v.VpcId] == "" {
			continue
		}
		capacity := store.UsableIPv4(block)
		list = append(list, VSwitch{ID: v.VSwitchId, Block: block, SecurityGroup: groupOf[v.VpcId], Capacity: capacity,
			Held: capacity - v.AvailableIpAddressCount})
	}
	slices.SortFunc(list, func(a, b VSwitch) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// ListPlan returns a plan in which each VSwitch is listed once, by the first client.
func ListPlan(vswitches []VSwitch) Plan {
	return func(client int) Next {
		left := vswitches
		return func(Result) (Operation, bool) {
			if client != 0 || len(left) == 0 {
				return Operation{}, false
			}
			v := left[0]
			left = left[1:]
			return Operation{Action: history.Describe, Parameters: []signature.Parameter{
				{Name: "VSwitchId", Value: v.ID}, {Name: "MaxResults", Value: strconv.Itoa(interfacesPerPage)},
			}}, true
		}
	}
}

// Constants of changes (see changePlan).
const (
	popularAddresses = 8  // the number of addresses of a VSwitch that calls name
	recentRequests   = 16 // the number of requests with tokens that may be repeated
	repeatInterval   = 8  // one creation or assignment in this many repeats another one
	shareInterval    = 4  // one deletion in this many leaves the interface to other clients
)

// changePool is what the changes of all clients work on.
type changePool struct {
	vswitches []VSwitch
	tokens    string // the start of all tokens

	mu          sync.Mutex
	interfaces  []*ownInterface // those that the clients have created and not deleted yet
	byID        map[string]*ownInterface
	creations   []Operation // the latest ones
	assignments []Operation // the latest ones
}

// ownInterface is an interface that a client has created.
type ownInterface struct {
	id        string
	vswitch   *VSwitch
	addresses []string // its secondary addresses, as far as they are known
}

// newChangePool returns an empty pool. It is nil if the mix has no changes.
func newChangePool(vswitches []VSwitch, mix Mix) (*changePool, error) {
	switch {
	case !mix.Changes():
		return nil, nil
	case mix.Create == 0:
		return nil, errors.New("the mix deletes interfaces, or changes their addresses, and creates none: " +
			"these actions use the interfaces that the load creates, so give create a share")
	case len(vswitches) == 0:
		return nil, errors.New("the world has no VSwitch with a security group in its VPC: there is nowhere to " +
			"create interfaces")
	}
	// Tokens of an earlier run would get its answers.
	tokens := "load-" + uuid.NewString()[:8]
	return &changePool{vswitches: vswitches, tokens: tokens, byID: map[string]*ownInterface{}}, nil
}

// changePlan is the part of a client's sequence that creates and deletes interfaces and changes their
// addresses. The clients share the interfaces that they create, so their calls compete:
//
//   - A creation has a token, which is also the name of the interface. One in four names one of a few
//     addresses.
//   - An assignment takes any interface. It has a token, and half of the assignments name one of the few
//     addresses; the others ask for one or two.
//   - An unassignment releases an address of any interface, or names one that it may not have.
//   - A deletion takes any interface.
//   - One creation or assignment in repeatInterval is sent a second time by another client, often at the
//     same time.
//   - A call without an answer is sent again until its outcome is known.
//   - While there is no interface, all of these create one.
type changePlan struct {
	pool   *changePool
	client int
	random *rand.Rand
	tokens int  // number of tokens so far
	lost   bool // an answer of the current call was lost, and its outcome is not known yet
	// The interface that the client is deleting, and that is not in the pool any more; nil if there is none.
	deleting *ownInterface
}

// next returns the next operation of an action.
func (p *changePlan) next(action string) Operation {
	p.pool.mu.Lock()
	defer p.pool.mu.Unlock()
	if len(p.pool.interfaces) == 0 {
		action = history.Create
	}
	switch action {
	case history.Assign:
		return p.assign()
	case history.Unassign:
		return p.unassign()
	case history.Delete:
		return p.delete()
	default:
		return p.create()
	}
}

func (p *changePlan) newToken() string {
	p.tokens++
	return fmt.Sprintf("%s-%d-%d", p.pool.tokens, p.client, p.tokens)
}

// anyInterface returns a random interface of the pool.
func (p *changePlan) anyInterface() *ownInterface {
	return p.pool.interfaces[p.random.IntN(len(p.pool.interfaces))]
}

// popularAddress returns one of the addresses that calls name.
func (p *changePlan) popularAddress(v *VSwitch) string {
	address := v.Block.Masked().Addr()
	for range store.ReservedFirst + p.random.IntN(min(popularAddresses, v.Capacity)) {
		address = address.Next()
	}
	return address.String()
}

// repeat returns a recent request in one case of repeatInterval. Otherwise it keeps the new request.
func (p *changePlan) repeat(recent *[]Operation, fresh func() Operation) Operation {
	if len(*recent) > 0 && p.random.IntN(repeatInterval) == 0 {
		return (*recent)[p.random.IntN(len(*recent))]
	}
	op := fresh()
	if *recent = append(*recent, op); len(*recent) > recentRequests {
		*recent = slices.Clone((*recent)[1:])
	}
	return op
}

func (p *changePlan) create() Operation {
	return p.repeat(&p.pool.creations, func() Operation {
		v := &p.pool.vswitches[p.random.IntN(len(p.pool.vswitches))]
		token := p.newToken()
		parameters := []signature.Parameter{{Name: "VSwitchId", Value: v.ID},
			{Name: "SecurityGroupId", Value: v.SecurityGroup}, {Name: "ClientToken", Value: token},
			{Name: "NetworkInterfaceName", Value: token}}
		if p.random.IntN(4) == 0 {
			parameters = append(parameters, signature.Parameter{Name: "PrimaryIpAddress", Value: p.popularAddress(v)})
		}
		return Operation{Action: history.Create, Parameters: parameters}
	})
}

func (p *changePlan) assign() Operation {
	return p.repeat(&p.pool.assignments, func() Operation {
		n := p.anyInterface()
		wanted := signature.Parameter{Name: "PrivateIpAddress.1", Value: p.popularAddress(n.vswitch)}
		if p.random.IntN(2) == 0 {
			wanted = signature.Parameter{Name: "SecondaryPrivateIpAddressCount",
				Value: strconv.Itoa(1 + p.random.IntN(2))}
		}
		return Operation{Action: history.Assign, Interface: n.id, Parameters: []signature.Parameter{wanted,
			{Name: "ClientToken", Value: p.newToken()}}}
	})
}

func (p *changePlan) unassign() Operation {
	n := p.anyInterface()
	for range 8 { // look for one that has an address to release
		if len(n.addresses) > 0 {
			break
		}
		n = p.anyInterface()
	}
	address := p.popularAddress(n.vswitch)
	if len(n.addresses) > 0 && p.random.IntN(strayInterval) > 0 {
		address = n.addresses[p.random.IntN(len(n.addresses))]
	}
	return Operation{Action: history.Unassign, Interface: n.id, Parameters: []signature.Parameter{
		{Name: "PrivateIpAddress.1", Value: address}}}
}

func (p *changePlan) delete() Operation {
	n := p.anyInterface()
	if p.deleting = nil; p.random.IntN(shareInterval) > 0 {
		p.deleting = n
		p.pool.forget(n.id)
	}
	return Operation{Action: history.Delete, Interface: n.id}
}

// add adds an interface to the pool, unless it is there.
func (l *changePool) add(n *ownInterface) {
	if l.byID[n.id] == nil {
		l.byID[n.id] = n
		l.interfaces = append(l.interfaces, n)
	}
}

// forget removes an interface from the pool.
func (l *changePool) forget(id string) {
	if n := l.byID[id]; n != nil {
		delete(l.byID, id)
		l.interfaces = slices.DeleteFunc(l.interfaces, func(other *ownInterface) bool { return other == n })
	}
}

// learn updates the pool with the result of the client's last operation. It reports whether that has
// to be sent again, because its outcome is not known.
func (p *changePlan) learn(last Result) (again bool) {
	switch last.Action {
	case history.Create, history.Assign, history.Unassign, history.Delete:
	default:
		return false
	}
	// A conflict does not use up a token, so it says nothing about an earlier call.
	conflict := last.Code == service.EcsTaskConflict.Code || last.Code == service.OperationConflict.Code
	p.lost = last.Outcome == history.Unknown || p.lost && conflict
	if p.lost {
		return true
	}
	p.pool.mu.Lock()
	defer p.pool.mu.Unlock()
	switch {
	case last.Action == history.Delete && last.Outcome == history.OK:
		p.pool.forget(last.Interface)
	case last.Action == history.Delete && p.deleting != nil && last.Code != service.InvalidEniIDNotFound.Code:
		p.pool.add(p.deleting)
	case last.Outcome == history.OK:
		p.learnAnswer(last)
	}
	return false
}

// learnAnswer updates the pool with the answer to a creation, an assignment or an unassignment.
func (p *changePlan) learnAnswer(last Result) {
	answer, err := parseChange(last.Action, last.Body)
	if err != nil {
		return
	}
	parameters := parametersOf(last.Operation)
	n := p.pool.byID[last.Interface]
	switch {
	case last.Action == history.Create:
		// The answer of a repeat may be about an interface that is gone; then calls are refused.
		k := slices.IndexFunc(p.pool.vswitches, func(v VSwitch) bool { return v.ID == parameters["VSwitchId"] })
		p.pool.add(&ownInterface{id: answer.eni, vswitch: &p.pool.vswitches[k]})
	case n == nil: // another client is deleting it
	case last.Action == history.Assign:
		n.addresses = append(n.addresses, answer.addresses...)
	case last.Action == history.Unassign:
		n.addresses = slices.DeleteFunc(n.addresses,
			func(a string) bool { return a == parameters["PrivateIpAddress.1"] })
	}
}

// parametersOf returns the further parameters of an operation by name.
func parametersOf(op Operation) map[string]string {
	named := map[string]string{}
	for _, p := range op.Parameters {
		named[p.Name] = p.Value
	}
	return named
}

// newCall returns what a history has of an operation.
func newCall(client int, op Operation) history.Call {
	call := history.Call{
		Client: client, Action: op.Action, Instance: cmp.Or(op.Trunk, op.Instance), Interface: op.Interface,
	}
	for _, p := range op.Parameters {
		switch p.Name {
		case "VSwitchId":
			call.VSwitch = p.Value
		case "ClientToken":
			call.Token = p.Value
		case "PrimaryIpAddress", "PrivateIpAddress.1":
			call.Addresses = append(call.Addresses, p.Value)
		case "SecondaryPrivateIpAddressCount":
			call.Count, _ = strconv.Atoi(p.Value) // 0 if it is no number, which the API refuses
		}
	}
	return call
}

// changeAnswer is what a history has of the answer to a change.
type changeAnswer struct {
	eni       string
	addresses []string
	found     []history.Found
}

// errNotOnePage is returned for a list that has more than a page, because its pages are read at
// different moments.
var errNotOnePage = errors.New("the list has more than a page")

// answeredInterface is an interface in the answer to a creation or a list.
type answeredInterface struct {
	NetworkInterfaceId, NetworkInterfaceName string
	PrivateIpSets                            struct {
		PrivateIpSet []struct{ PrivateIpAddress string }
	}
}

func (a answeredInterface) addresses() (list []string) {
	for _, set := range a.PrivateIpSets.PrivateIpSet {
		list = append(list, set.PrivateIpAddress)
	}
	return list
}

// parseChange parses the answer to a change.
func parseChange(action string, body []byte) (a changeAnswer, err error) {
	switch action {
	case history.Create:
		var answer answeredInterface
		err = json.Unmarshal(body, &answer)
		a.eni, a.addresses = answer.NetworkInterfaceId, answer.addresses()
	case history.Assign:
		var answer struct {
			AssignedPrivateIpAddressesSet struct {
				PrivateIpSet struct{ PrivateIpAddress []string }
			}
		}
		err = json.Unmarshal(body, &answer)
		a.addresses = answer.AssignedPrivateIpAddressesSet.PrivateIpSet.PrivateIpAddress
	case history.Describe:
		var answer struct {
			NextToken            string
			NetworkInterfaceSets struct{ NetworkInterfaceSet []answeredInterface }
		}
		err = json.Unmarshal(body, &answer)
		if answer.NextToken != "" {
			err = errNotOnePage
		}
		for _, n := range answer.NetworkInterfaceSets.NetworkInterfaceSet {
			a.found = append(a.found, history.Found{Interface: n.NetworkInterfaceId, Token: n.NetworkInterfaceName,
				Addresses: n.addresses()})
		}
	}
	return a, err
}
