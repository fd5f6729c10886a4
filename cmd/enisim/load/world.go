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

	"enisim/cmd/enisim/history"
	"enisim/httpapi/signature"
)

// World is what a plan works on, as the API listed it: the instances, and the secondary interfaces that may be attached to them.
type World struct {
	Instances  []Instance
	Interfaces []Interface
}

// Instance is an instance of a world.
type Instance struct {
	ID    string
	Place Place
	Limit int // how many interfaces it may hold, the primary one included
	Held  int // how many it holds that are not in the world's list, the primary one included
}

// Interface is a secondary network interface of a world, which is Available or InUse.
type Interface struct {
	ID       string
	Place    Place
	Instance string // the instance that it is on; "" if it is free
}

// Place is where interfaces and instances can meet.
type Place struct{ VPC, Zone string }

// Tell writes the world into a history.
func (w World) Tell(h *history.Writer) {
	for _, i := range w.Instances {
		h.Instance(history.Instance{ID: i.ID, Limit: i.Limit, Held: i.Held})
	}
	for _, n := range w.Interfaces {
		h.Interface(history.Interface{ID: n.ID, Instance: n.Instance})
	}
}

// Sizes of the pages that the API is asked for, which are the largest that it gives.
const (
	instancesAPage  = 100
	interfacesAPage = 500
	typesARequest   = 10
)

// What discovery reads of the replies.
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
	}
)

// Discover asks a target for its world: Running and Stopped instances, and secondary interfaces that are Available or InUse and no service's own. What is on
// its way is left out: wait until the world is still.
func Discover(ctx context.Context, t Target) (World, error) {
	pool, err := connect(t, 1)
	if err != nil {
		return World{}, err
	}
	defer pool.close()
	api := pool.sender()

	instances, err := list(ctx, api, "DescribeInstances", instancesAPage, func(body []byte) ([]listedInstance, string, error) {
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
	interfaces, err := list(ctx, api, "DescribeNetworkInterfaces", interfacesAPage, func(body []byte) ([]listedInterface, string, error) {
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
	limits, err := limitsOf(ctx, api, instances)
	if err != nil {
		return World{}, err
	}
	return worldOf(instances, interfaces, limits), nil
}

func worldOf(instances []listedInstance, interfaces []listedInterface, limits map[string]int) World {
	var w World
	instances = slices.DeleteFunc(instances, func(i listedInstance) bool { return i.Status != "Running" && i.Status != "Stopped" })
	still := map[string]bool{"": true} // instances that an interface of the world may be on
	for _, i := range instances {
		still[i.InstanceId] = true
	}
	moved := map[string]bool{} // interfaces that a plan may move
	for _, n := range interfaces {
		if n.Type != "Secondary" || n.ServiceManaged || n.Status != "Available" && n.Status != "InUse" || !still[n.InstanceId] {
			continue
		}
		moved[n.NetworkInterfaceId] = true
		w.Interfaces = append(w.Interfaces, Interface{ID: n.NetworkInterfaceId, Place: Place{n.VpcId, n.ZoneId}, Instance: n.InstanceId})
	}
	for _, i := range instances {
		instance := Instance{ID: i.InstanceId, Place: Place{i.VpcAttributes.VpcId, i.ZoneId}, Limit: limits[i.InstanceType]}
		for _, n := range i.NetworkInterfaces.NetworkInterface {
			if !moved[n.NetworkInterfaceId] {
				instance.Held++
			}
		}
		w.Instances = append(w.Instances, instance)
	}
	slices.SortFunc(w.Instances, func(a, b Instance) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(w.Interfaces, func(a, b Interface) int { return cmp.Compare(a.ID, b.ID) })
	return w
}

// limitsOf asks how many interfaces an instance of each type may hold.
func limitsOf(ctx context.Context, api *sender, instances []listedInstance) (map[string]int, error) {
	limits := map[string]int{}
	var types []string
	for _, i := range instances {
		if _, known := limits[i.InstanceType]; !known {
			limits[i.InstanceType] = 0
			types = append(types, i.InstanceType)
		}
	}
	for some := range slices.Chunk(types, typesARequest) {
		var named []signature.Parameter
		for n, id := range some {
			named = append(named, signature.Parameter{Name: "InstanceTypes." + strconv.Itoa(n+1), Value: id})
		}
		body, err := api.ask(ctx, "DescribeInstanceTypes", named)
		if err != nil {
			return nil, err
		}
		var page struct {
			InstanceTypes struct {
				InstanceType []struct {
					InstanceTypeId string
					EniQuantity    int
				}
			}
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, fmt.Errorf("DescribeInstanceTypes: the answer is not the API's: %w", err)
		}
		for _, t := range page.InstanceTypes.InstanceType {
			limits[t.InstanceTypeId] = t.EniQuantity
		}
	}
	return limits, nil
}

// list reads all pages of a list.
func list[T any](ctx context.Context, api *sender, action string, perPage int, read func([]byte) ([]T, string, error)) ([]T, error) {
	var all []T
	for token := ""; ; {
		parameters := []signature.Parameter{{Name: "MaxResults", Value: strconv.Itoa(perPage)}}
		if token != "" {
			parameters = append(parameters, signature.Parameter{Name: "NextToken", Value: token})
		}
		body, err := api.ask(ctx, action, parameters)
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

// ask sends a request whose answer is needed.
func (s *sender) ask(ctx context.Context, action string, parameters []signature.Parameter) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	reply := s.send(Operation{Action: action, Parameters: parameters})
	switch {
	case errors.As(reply.err, new(*tls.CertificateVerificationError)):
		return nil, fmt.Errorf("no reply from %s: %w (--insecure accepts any certificate)", s.target.Endpoint, reply.err)
	case reply.err != nil:
		return nil, fmt.Errorf("no reply from %s: %w (is it running? start it with: enisim serve)", s.target.Endpoint, reply.err)
	case reply.status != http.StatusOK:
		return nil, fmt.Errorf("%s answers %s with status %d: %s", s.target.Endpoint, action, reply.status, reply.body)
	}
	return reply.body, nil
}
