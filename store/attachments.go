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

// RowKind is a table whose rows attaches and detaches lock.
type RowKind int

// The tables of contended rows. For a security group it stands for the rows of its capacity.
const (
	InstanceRow RowKind = iota
	NetworkInterfaceRow
	SecurityGroupRow
)

// Row names a row that another transaction has locked.
type Row struct {
	Kind RowKind
	ResourceID
}

// Rows returns the rows that an attachment names: first the instance, then the interface, as they are locked.
func (a Attachment) Rows() [2]Row {
	return [2]Row{{InstanceRow, a.instance()}, {NetworkInterfaceRow, a.eni()}}
}

// Attachments are the rows that a batch of attaches and detaches depends on, under their locks. Scene shows them to one request at a
// time; what a request changes, the next one sees. WriteAttachments writes what has changed in the end.
type Attachments struct {
	now       time.Time
	instances map[ResourceID]*heldInstance
	enis      map[ResourceID]*heldENI
	groups    map[ResourceID]bool         // the groups at stake that are locked against going away
	places    map[ResourceID]*groupPlaces // by group
	contended map[Row]bool                // named rows that exist, and that another transaction has locked
	wait      bool                        // whether every row was waited for, and all places of the groups are locked
	changed   bool
}

func (a *Attachments) addContended(kind RowKind) func(ResourceID) {
	return func(id ResourceID) {
		if a.contended == nil {
			a.contended = map[Row]bool{}
		}
		a.contended[Row{kind, id}] = true
	}
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
	locked     bool // whether the batch has the row's lock
	written    bool // whether the row differs from what is stored
}

// leaver is an instance's place in a group that it leaves at a time.
type leaver struct {
	at        time.Time
	written   bool // whether the row differs from what is stored
	contended bool // whether another transaction has locked the row, so that nothing is known of it
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
	if !a.wait {
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

	// Contended is a row that the request needs and another transaction has locked; nil: there is none. Then nothing else of the scene
	// counts, and the request has to be decided in a transaction that waits.
	Contended *Row

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
	if s.Instance != nil && s.ENI != nil {
		s.Groups = a.groupScenes(want, s.instance, s.eni)
	}
	if !a.wait {
		s.Contended = s.contended(want)
	}
	return s
}

// groupScenes shows the groups of an interface as an instance sees them.
func (a *Attachments) groupScenes(want Attachment, i *heldInstance, n *heldENI) (scenes []GroupScene) {
	for _, id := range n.groups {
		g := GroupScene{ID: id, HasInstance: i.stays(id) || i.leavers[id] != nil}
		if places := a.places[ResourceID{want.AccountID, id}]; places != nil {
			g.Free = places.free
		}
		scenes = append(scenes, g)
	}
	return scenes
}

// contended returns the first row that the request needs and the batch does not have.
func (s *AttachScene) contended(want Attachment) *Row {
	// First the named rows themselves.
	for _, row := range want.Rows() {
		if s.batch.contended[row] {
			return &row
		}
	}
	if s.Instance == nil || s.ENI == nil {
		return nil
	}
	// Then the interfaces that have left the instance: an attach settles their rows, to have their device indexes.
	for _, n := range s.instance.held {
		if !want.Part && n.left(s.batch.now) && !n.locked {
			return &Row{NetworkInterfaceRow, ResourceID{n.AccountID, n.ID}}
		}
	}
	// Then the capacity of the groups that the instance may join or leave: the locked share may have none, or every share may be
	// locked by others. The locks of all shares decide whether a group is full.
	for _, g := range s.Groups {
		group := ResourceID{want.AccountID, g.ID}
		departure := s.instance.leavers[g.ID]
		switch {
		case s.instance.hasPrimaryIn(g.ID):
		case !s.batch.groups[group],
			departure != nil && departure.contended,
			want.Part && s.batch.places[group] == nil,
			!want.Part && !g.HasInstance && g.Free <= 0:
			return &Row{SecurityGroupRow, group}
		}
	}
	return nil
}

// hasPrimaryIn reports whether the instance has its primary interface in a group, which it then never leaves.
func (h *heldInstance) hasPrimaryIn(group string) bool {
	return h.primary != nil && slices.Contains(h.primary.groups, group)
}

// stays tells whether the instance has an interface to stay in a group.
func (h *heldInstance) stays(group string) bool {
	if h.hasPrimaryIn(group) {
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
	a.places[ResourceID{accountID, group}].free++ // Scene has seen a share
}
