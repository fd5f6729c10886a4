package store

import (
	"slices"
	"time"
)

// Attachment names an instance and an interface that somebody wants to bring together, or to part.
type Attachment struct {
	AccountID, RegionID, InstanceID, NetworkInterfaceID string
	Part                                                bool // what only an attach depends on is not read
}

func (a Attachment) instance() ResourceID { return ResourceID{a.AccountID, a.InstanceID} }
func (a Attachment) eni() ResourceID      { return ResourceID{a.AccountID, a.NetworkInterfaceID} }

// Attachments are the rows that a batch of attaches and detaches depends on, under their locks. Scene shows them to one request at a time; what a
// request changes, the next one sees. WriteAttachments writes what has changed in the end.
type Attachments struct {
	now       time.Time
	instances map[ResourceID]*heldInstance
	enis      map[ResourceID]*heldENI
	places    map[ResourceID]*groupPlaces // by group
	exact     bool                        // whether all places of the groups are locked, or one share of each
	short     bool
	changed   bool
}

// heldInstance is an instance that requests name, with the interfaces whose rows name it, or another one that is about to leave a group.
type heldInstance struct {
	Instance
	Type    InstanceType
	held    map[string]*heldENI // nil: no request names the instance, so it is not locked
	primary *heldENI            // of held; nil: it has none
	leavers map[string]*leaver  // by group; nil: was one, and is no longer
}

// heldENI is an interface that requests name, or that is on such an instance.
type heldENI struct {
	NetworkInterface
	groups     []string
	ipv4, ipv6 int
	written    bool // whether the row differs from what is stored
}

// leaver is an instance's place in a group that it leaves at a time.
type leaver struct {
	at      time.Time
	written bool // whether the row differs from what is stored
}

// groupPlaces are the free places of a group, as far as they are locked.
type groupPlaces struct {
	free   int
	shares []placeShare
}

type placeShare struct{ share, free int }

// At sets the moment at which the batch is decided. It is pure.
func (a *Attachments) At(now time.Time) {
	a.now = now
	if !a.exact {
		return
	}
	for _, i := range a.instances { // the places that have come free by now
		for group, l := range i.leavers {
			if places := a.places[ResourceID{i.AccountID, group}]; places != nil && !l.at.After(now) {
				i.leavers[group], places.free = nil, places.free+1
			}
		}
	}
}

// Short tells whether the batch must be decided anew, exact: a request looks for a place in a group, or gives one back, and the share that is locked
// has none, or none was to be had.
func (a *Attachments) Short() bool { return a.short }

// Changed tells whether there is anything to write.
func (a *Attachments) Changed() bool { return a.changed }

// AttachScene is all that decides an attach or a detach, as it stands at the moment of the batch. A row that is missing is nil.
type AttachScene struct {
	Instance *Instance
	Type     *InstanceType // of Instance
	ENI      *NetworkInterface
	IPv4     int          // private IPv4 addresses of ENI, the primary one included; a prefix counts as one
	IPv6     int          // IPv6 addresses of ENI; a prefix counts as one
	Held     int          // how many interfaces have a place on Instance, the primary one included
	Groups   []GroupScene // the security groups of ENI

	batch    *Attachments
	instance *heldInstance
	eni      *heldENI
}

// Scene shows the rows to the next request.
func (a *Attachments) Scene(want Attachment) *AttachScene {
	s := &AttachScene{batch: a, instance: a.instances[want.instance()], eni: a.enis[want.eni()]}
	if i := s.instance; i != nil && i.RegionID == want.RegionID {
		s.Instance, s.Type = settledInstance(&i.Instance, a.now), &i.Type
		for _, n := range i.held {
			if !n.left(a.now) {
				s.Held++
			}
		}
	}
	if n := s.eni; n != nil && n.RegionID == want.RegionID {
		s.ENI, s.IPv4, s.IPv6 = settledENI(&n.NetworkInterface, a.now), n.ipv4, n.ipv6
	}
	if s.Instance == nil || s.ENI == nil {
		return s
	}
	for _, id := range s.eni.groups {
		g := GroupScene{ID: id, HasInstance: s.instance.stays(id) || s.instance.leavers[id] != nil}
		if places := a.places[ResourceID{want.AccountID, id}]; places != nil {
			g.Free = places.free
		}
		if !g.HasInstance && g.Free == 0 && !a.exact {
			a.short = true
		}
		s.Groups = append(s.Groups, g)
	}
	return s
}

// stays tells whether the instance has an interface to stay in a group.
func (h *heldInstance) stays(group string) bool {
	if h.primary != nil && slices.Contains(h.primary.groups, group) {
		return true
	}
	for _, n := range h.held {
		if (n.NextStatus == nil || *n.NextStatus != ENIAvailable) && slices.Contains(n.groups, group) {
			return true
		}
	}
	return false
}

// leavesAt is when the last interface on its way off the instance leaves a group; the zero time if there is none.
func (h *heldInstance) leavesAt(group string, now time.Time) (last time.Time) {
	for _, n := range h.held {
		if n.NextStatus != nil && *n.NextStatus == ENIAvailable && n.SettlesAt.After(now) && n.SettlesAt.After(last) && slices.Contains(n.groups, group) {
			last = *n.SettlesAt
		}
	}
	return last
}

// set changes an interface for the requests that follow, and takes it to another instance if need be.
func (a *Attachments) set(n *heldENI, to NetworkInterface) {
	if n.InstanceID != nil {
		if from := a.instances[ResourceID{n.AccountID, *n.InstanceID}]; from != nil {
			delete(from.held, n.ID) // of nil too
		}
	}
	n.NetworkInterface, n.written, a.changed = to, true, true
	if n.InstanceID != nil {
		a.instances[ResourceID{n.AccountID, *n.InstanceID}].held[n.ID] = n
	}
}

func (a *Attachments) takePlace(accountID, group string) {
	a.places[ResourceID{accountID, group}].free-- // Scene has seen one
}

func (a *Attachments) giveBackPlace(accountID, group string) {
	places := a.places[ResourceID{accountID, group}]
	if places == nil {
		a.short = true // all shares were locked by others
		return
	}
	places.free++
}
