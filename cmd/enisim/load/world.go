package load

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/httpapi/signature"
)

// World is what a plan works on, as the API lists it: the instances, and the secondary interfaces
// that can be attached to them. A trunk counts as an instance beside its own one, with members in place of
// interfaces.
type World struct {
	Instances  []Instance
	Interfaces []Interface
	VSwitches  []VSwitch // in which a plan may create interfaces; Discover leaves them out
}

// Instance is an instance of a world.
type Instance struct {
	ID    string
	Place Place
	Limit int // the maximum number of interfaces on it, with the primary one
	Held  int // the number of interfaces on it that are not in the world's list, with the primary one

	TrunkOf string // the instance on which a trunk is; "" for an instance
}

// Interface is a secondary network interface of a world. Its status is Available or InUse.
type Interface struct {
	ID       string
	Place    Place
	Instance string // the instance that it is attached to; "" if it is free
}

// Place is a VPC and a zone. An interface can be attached only to an instance of the same place. Where there
// are trunks, a part of the interfaces is for them alone, so that an interface on an instance is a member in
// all requests or in none.
type Place struct {
	VPC, Zone string
	Trunks    bool
}

// Tell writes the world to a history, as its initial state.
func (w World) Tell(h *history.Writer) {
	for _, i := range w.Instances {
		h.Instance(history.Instance{ID: i.ID, Limit: i.Limit, Held: i.Held})
	}
	for _, n := range w.Interfaces {
		h.Interface(history.Interface{ID: n.ID, Instance: n.Instance})
	}
	for _, v := range w.VSwitches {
		h.VSwitch(history.VSwitch{ID: v.ID, Capacity: v.Capacity, Held: v.Held})
	}
}

// Page sizes: the maximum that the API allows.
const (
	instancesPerPage  = 100
	interfacesPerPage = 500
	typesPerRequest   = 10
)

// The parts of the replies that Discover reads.
type (
	listedInstance struct {
		InstanceId, InstanceType, Status, ZoneId string
		VpcAttributes                            struct{ VpcId string }
		NetworkInterfaces                        struct {
			NetworkInterface []struct{ NetworkInterfaceId string }
		}
	}
	listedInterface struct {
		NetworkInterfaceId, Type, Status, InstanceId, ZoneId, VpcId string
		ServiceManaged                                              bool
		Attachment                                                  struct{ TrunkNetworkInterfaceId string }
	}
	// typeLimits are how many interfaces, and how many members of its trunk, an instance of a type may have.
	typeLimits struct{ interfaces, members int }
)

// Discover asks a target for its world: the Running and Stopped instances, and the secondary
// interfaces that are Available or InUse and not managed by a service. Resources in a transient
// status are left out, so call it when nothing changes.
func Discover(ctx context.Context, t Target) (World, error) {
	pool, err := newConnections(t, 1)
	if err != nil {
		return World{}, err
	}
	defer pool.close()
	api := pool.newSender()

	// First list the instances and the interfaces, then ask for the limits of the instance types.
	instances, err := listAll(ctx, api, "DescribeInstances", instancesPerPage,
		func(body []byte) ([]listedInstance, string, error) {
			var page struct {
				NextToken string
				Instances struct{ Instance []listedInstance }
			}
			err := json.Unmarshal(body, &page)
			return page.Instances.Instance, page.NextToken, err
		})
	if err != nil {
		return World{}, err
	}
	interfaces, err := listAll(ctx, api, "DescribeNetworkInterfaces", interfacesPerPage,
		func(body []byte) ([]listedInterface, string, error) {
			var page struct {
				NextToken            string
				NetworkInterfaceSets struct{ NetworkInterfaceSet []listedInterface }
			}
			err := json.Unmarshal(body, &page)
			return page.NetworkInterfaceSets.NetworkInterfaceSet, page.NextToken, err
		})
	if err != nil {
		return World{}, err
	}
	limits, err := interfaceLimits(ctx, api, instances)
	if err != nil {
		return World{}, err
	}
	return newWorld(instances, interfaces, limits), nil
}

// newWorld returns the world of what the API listed.
func newWorld(instances []listedInstance, interfaces []listedInterface, limits map[string]typeLimits) World {
	// First drop the instances in other statuses, and find the trunks on the others.
	instances = slices.DeleteFunc(instances,
		func(i listedInstance) bool { return i.Status != "Running" && i.Status != "Stopped" })
	slices.SortFunc(interfaces, func(a, b listedInterface) int {
		return cmp.Compare(a.NetworkInterfaceId, b.NetworkInterfaceId)
	})
	trunks := newListedTrunks(instances, interfaces, limits)
	usable := map[string]bool{"": true} // instances that an interface of the world may be on; "" is none
	for _, i := range instances {
		usable[i.InstanceId] = true
	}
	// Then keep the interfaces that a plan may move.
	var w World
	movable := map[string]bool{}
	for _, n := range interfaces {
		isMember := trunks.byID[n.Attachment.TrunkNetworkInterfaceId] != nil
		if n.Type != "Secondary" && !isMember || n.ServiceManaged || n.Status != "Available" && n.Status != "InUse" ||
			!usable[n.InstanceId] {
			continue
		}
		movable[n.NetworkInterfaceId] = true
		w.Interfaces = append(w.Interfaces, trunks.place(n))
	}
	// Then count the other interfaces of each instance and each trunk, which take up part of its limit.
	for _, i := range instances {
		instance := Instance{ID: i.InstanceId, Place: Place{VPC: i.VpcAttributes.VpcId, Zone: i.ZoneId},
			Limit: limits[i.InstanceType].interfaces}
		for _, n := range i.NetworkInterfaces.NetworkInterface {
			if !movable[n.NetworkInterfaceId] && !trunks.hold(n.NetworkInterfaceId) {
				instance.Held++
			}
		}
		w.Instances = append(w.Instances, instance)
	}
	for _, trunk := range trunks.byID {
		w.Instances = append(w.Instances, *trunk)
	}
	// Last, sort by id, so that the same seed gives the same plan.
	slices.SortFunc(w.Instances, func(a, b Instance) int { return cmp.Compare(a.ID, b.ID) })
	return w
}

// listedTrunks are the trunks that are InUse.
type listedTrunks struct {
	byID   map[string]*Instance
	of     map[string]string // by member: its trunk
	places map[Place]bool    // in which they are
	free   int               // number of free interfaces in these places that have got a place
}

func newListedTrunks(
	instances []listedInstance, interfaces []listedInterface, limits map[string]typeLimits,
) *listedTrunks {
	t := &listedTrunks{byID: map[string]*Instance{}, of: map[string]string{}, places: map[Place]bool{}}
	types := map[string]string{}
	for _, i := range instances {
		types[i.InstanceId] = i.InstanceType
	}
	for _, n := range interfaces {
		if n.Type == "Member" {
			t.of[n.NetworkInterfaceId] = n.Attachment.TrunkNetworkInterfaceId
		}
		if on := types[n.InstanceId]; n.Type == "Trunk" && n.Status == "InUse" && on != "" {
			place := Place{VPC: n.VpcId, Zone: n.ZoneId, Trunks: true}
			t.byID[n.NetworkInterfaceId] = &Instance{
				ID: n.NetworkInterfaceId, TrunkOf: n.InstanceId, Place: place, Limit: limits[on].members,
			}
			t.places[place] = true
		}
	}
	return t
}

// place returns an interface with its place: a member is on its trunk, and every other free one is for trunks.
func (t *listedTrunks) place(n listedInterface) Interface {
	out := Interface{ID: n.NetworkInterfaceId, Place: Place{VPC: n.VpcId, Zone: n.ZoneId}, Instance: n.InstanceId}
	forTrunks := Place{VPC: n.VpcId, Zone: n.ZoneId, Trunks: true}
	switch trunk, isMember := t.of[n.NetworkInterfaceId]; {
	case isMember:
		out.Place, out.Instance = forTrunks, trunk
	case n.InstanceId == "" && t.places[forTrunks]:
		if t.free++; t.free%2 == 0 {
			out.Place = forTrunks
		}
	}
	return out
}

// hold counts an interface that no plan moves against the limit of its trunk, and reports whether it is a
// member.
func (t *listedTrunks) hold(eni string) bool {
	trunk, isMember := t.of[eni]
	if on := t.byID[trunk]; on != nil {
		on.Held++
	}
	return isMember
}

// interfaceLimits returns how many interfaces an instance of each type may have.
func interfaceLimits(ctx context.Context, api *sender, instances []listedInstance) (map[string]typeLimits, error) {
	limits := map[string]typeLimits{}
	var types []string
	for _, i := range instances {
		if _, known := limits[i.InstanceType]; !known {
			limits[i.InstanceType] = typeLimits{}
			types = append(types, i.InstanceType)
		}
	}
	for some := range slices.Chunk(types, typesPerRequest) {
		var named []signature.Parameter
		for n, id := range some {
			named = append(named, signature.Parameter{Name: "InstanceTypes." + strconv.Itoa(n+1), Value: id})
		}
		body, err := api.call(ctx, "DescribeInstanceTypes", named)
		if err != nil {
			return nil, err
		}
		var page struct {
			InstanceTypes struct {
				InstanceType []struct {
					InstanceTypeId                string
					EniQuantity, EniTotalQuantity int
				}
			}
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, fmt.Errorf("DescribeInstanceTypes: the answer is not the API's: %w", err)
		}
		for _, t := range page.InstanceTypes.InstanceType {
			limits[t.InstanceTypeId] = typeLimits{t.EniQuantity, t.EniTotalQuantity - t.EniQuantity}
		}
	}
	return limits, nil
}

// listAll reads all pages of a list.
func listAll[T any](ctx context.Context, api *sender, action string, perPage int,
	read func([]byte) ([]T, string, error)) ([]T, error) {
	var all []T
	for token := ""; ; {
		parameters := []signature.Parameter{{Name: "MaxResults", Value: strconv.Itoa(perPage)}}
		if token != "" {
			parameters = append(parameters, signature.Parameter{Name: "NextToken", Value: token})
		}
		body, err := api.call(ctx, action, parameters)
		if err != nil {
			return nil, err
		}
		items, next, err := read(body)
		if err != nil {
			return nil, fmt.Errorf("%s: the answer is not the API's: %w", action, err)
		}
		all = append(all, items...)
		if next == "" {
			return all, nil
		}
		token = next
	}
}

// call sends a request and returns an error unless it succeeds.
func (s *sender) call(ctx context.Context, action string, parameters []signature.Parameter) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	reply := s.send(Operation{Action: action, Parameters: parameters})
	switch {
	case errors.As(reply.err, new(*tls.CertificateVerificationError)):
		return nil, fmt.Errorf("no reply from %s: %w (--insecure accepts any certificate)", s.target.Endpoint,
			reply.err)
	case reply.err != nil:
		return nil, fmt.Errorf("no reply from %s: %w (is it running? start it with: enisim serve)", s.target.Endpoint,
			reply.err)
	case reply.status != http.StatusOK:
		return nil, fmt.Errorf("%s answers %s with status %d: %s", s.target.Endpoint, action, reply.status, reply.body)
	}
	return reply.body, nil
}
