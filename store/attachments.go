package store

import (
	"slices"
	"time"
)

// Attachment is a request to attach an interface to an instance, or to detach it.
type Attachment struct {
	AccountID, RegionID, InstanceID, NetworkInterfaceID string
	TrunkID                                             string // the trunk of which it becomes a member, or ""
	NetworkCardIndex                                    *int   // nil: it names none
	// Detach reports whether it is a detach. Rows that only an attach needs are then not read.
	Detach bool
}

func (a Attachment) instance() ResourceID { return ResourceID{a.AccountID, a.InstanceID} }
func (a Attachment) eni() ResourceID      { return ResourceID{a.AccountID, a.NetworkInterfaceID} }
func (a Attachment) trunk() ResourceID    { return ResourceID{a.AccountID, a.TrunkID} }

// RowKind is a kind of rows that have a lane of their own while requests wait for them.
type RowKind int

// The kinds of rows. SecurityGroupRow includes the rows of the group's capacity and departures.
const (
	InstanceRow RowKind = iota
	NetworkInterfaceRow
	SecurityGroupRow
	AccountRow
	AccessKeyRow
)

// Row names a row that another transaction has locked, or that all requests of a lane lock.
type Row struct {
	Kind RowKind
	ResourceID
}

// Rows returns the rows that a request names, in lock order: the instance, then the interface, and its
// trunk.
func (a Attachment) Rows() []Row {
	rows := []Row{{InstanceRow, a.instance()}, {NetworkInterfaceRow, a.eni()}}
	if a.TrunkID != "" {
		rows = append(rows, Row{NetworkInterfaceRow, a.trunk()})
	}
	return rows
}

// Attachments are the locked rows that a batch of attaches and detaches depends on. Scene gives one
// request at a time its view of them. Each request sees the changes of the requests before it. In
// the end, WriteAttachments writes the changed rows.
type Attachments struct {
	timeOf    func(accountID string) time.Time // by which the requests and rows of an account are decided
	instances map[ResourceID]*batchInstance
	enis      map[ResourceID]*batchENI
	groups    map[ResourceID]bool           // the affected groups that are locked, so that they cannot be deleted
	capacity  map[ResourceID]*groupCapacity // by group; the locked ones
	contended map[Row]bool                  // named rows that exist and are locked by another transaction
	wait      bool                          // whether it waited for every row, and locked the groups' departures
	changed   bool                          // whether a request has changed a row
}

func (a *Attachments) addContended(kind RowKind) func(ResourceID) {
	return func(id ResourceID) {
		if a.contended == nil {
			a.contended = map[Row]bool{}
		}
		a.contended[Row{kind, id}] = true
	}
}

// batchInstance is an instance that requests name, with the interfaces whose rows refer to it. It
// may also be another instance that is about to leave a group.
type batchInstance struct {
	AttachableInstance
	Type       AttachableType
	held       map[string]*batchENI  // nil if no request names the instance, so that it is not locked
	primary    *batchENI             // one of held; nil if it has none
	departures map[string]*departure // by group; a nil value is a departure to delete
}

// batchENI is an interface that requests name, or that such an instance holds.
type batchENI struct {
	AttachableENI
	stored     *AttachmentRow // its attachment as it is stored; nil if there is none
	groups     []string
	ipv4, ipv6 int
	locked     bool // whether the batch has the row's lock
	written    bool // whether a request has changed it
}

// departure is the time at which an instance leaves a group. It counts against the group's limit
// until then.
type departure struct {
	at        time.Time
	written   bool // whether the row differs from what is stored
	contended bool // whether another transaction has locked the row, so that at is unknown
}

// groupCapacity is the capacity that a group has left.
type groupCapacity struct{ free, stored int }

// At sets the time at which the batch is decided, which depends on the account. It sends nothing to
// the database.
func (a *Attachments) At(timeOf func(accountID string) time.Time) {
	a.timeOf = timeOf
	if !a.wait {
		return
	}
	for _, i := range a.instances { // release the capacity of the departures that are due
		for group, d := range i.departures {
			capacity := a.capacity[ResourceID{i.AccountID, group}]
			if capacity != nil && !d.at.After(timeOf(i.AccountID)) {
				i.departures[group], capacity.free = nil, capacity.free+1
			}
		}
	}
}

// now returns the time of an account in the batch. Before At, nothing is due.
func (a *Attachments) now(accountID string) time.Time {
	if a.timeOf == nil {
		return time.Time{}
	}
	return a.timeOf(accountID)
}

// Changed reports whether there is anything to write.
func (a *Attachments) Changed() bool { return a.changed }

// AttachScene is one request's view of the locked rows, settled to the time of its account. A missing
// row is nil.
type AttachScene struct {
	Instance *AttachableInstance
	Type     *AttachableType // of Instance
	ENI      *AttachableENI
	IPv4     int            // number of private IPv4 addresses of ENI, with the primary one; a prefix counts as one
	IPv6     int            // number of IPv6 addresses of ENI; a prefix counts as one
	Held     int            // number of interfaces that Instance holds, with the primary one, without members
	Members  int            // number of members of the trunk of Instance
	RDMA     int            // number of RDMA interfaces that Instance holds
	Queues   int            // number of queues that they all have, as far as the total of Type limits it
	OnCard   int            // number of interfaces that are on the named network card
	Trunk    *AttachableENI // the named trunk
	TrunkOf  string         // the trunk that Instance holds; "" if it has none
	Groups   []GroupScene   // the security groups of ENI

	// Contended is a row that the request needs and that another transaction has locked, or nil. If
	// it is set, the rest of the scene is incomplete, and the request has to be decided in a
	// transaction that waits.
	Contended *Row

	now      time.Time
	batch    *Attachments
	instance *batchInstance
	eni      *batchENI
	before   *AttachableENI // a copy of ENI
}

// Now returns the time by which the request is decided.
func (s *AttachScene) Now() time.Time { return s.now }

// Scene returns the next request's view of the rows.
func (a *Attachments) Scene(request Attachment) *AttachScene {
	s := &AttachScene{
		now: a.now(request.AccountID), batch: a,
		instance: a.instances[request.instance()], eni: a.enis[request.eni()],
	}
	if i := s.instance; i != nil && i.RegionID == request.RegionID {
		s.Instance, s.Type = settledAttachableInstance(&i.AttachableInstance, s.now), &i.Type
		for _, n := range i.held {
			if !n.hasLeft(s.now) {
				s.count(n, request.NetworkCardIndex)
			}
		}
	}
	if n := s.eni; n != nil && n.RegionID == request.RegionID {
		s.ENI, s.IPv4, s.IPv6 = settledAttachableENI(&n.AttachableENI, s.now), n.ipv4, n.ipv6
		if s.ENI != nil {
			s.before = new(*s.ENI)
		}
	}
	if n := a.enis[request.trunk()]; n != nil && n.RegionID == request.RegionID {
		s.Trunk = settledAttachableENI(&n.AttachableENI, s.now)
	}
	if s.Instance != nil && s.ENI != nil {
		s.Groups = a.groupScenes(request, s.instance, s.eni)
	}
	if !a.wait {
		s.Contended = s.contended(request)
	}
	return s
}

// count counts an interface that the instance of the scene holds.
func (s *AttachScene) count(n *batchENI, card *int) {
	rdma, queues := s.Type.countForms(&n.AttachableENI)
	s.RDMA, s.Queues = s.RDMA+rdma, s.Queues+queues
	if n.IsMember() {
		s.Members++
		return
	}
	s.Held++
	if n.TrunkID != nil {
		s.TrunkOf = n.ID
	}
	if card != nil && n.isOnCard(*card) {
		s.OnCard++
	}
}

// isOnCard reports whether the interface of a slot is on a network card that requests may name. The primary one is
// on the first card, and one that was attached without a card on none of them.
func (n *batchENI) isOnCard(card int) bool {
	if *n.DeviceIndex == 0 {
		return card == 0
	}
	return n.NetworkCardIndex != nil && *n.NetworkCardIndex == card
}

// groupScenes returns the groups of an interface, and whether the instance is in them already.
func (a *Attachments) groupScenes(request Attachment, i *batchInstance, n *batchENI) (scenes []GroupScene) {
	for _, id := range n.groups {
		g := GroupScene{ID: id, HasInstance: i.staysIn(id) || i.departures[id] != nil}
		if capacity := a.capacity[ResourceID{request.AccountID, id}]; capacity != nil {
			g.Free = capacity.free
		}
		scenes = append(scenes, g)
	}
	return scenes
}

// contended returns the first row that the request needs and the batch could not lock, or nil.
func (s *AttachScene) contended(request Attachment) *Row {
	// First the named rows themselves.
	for _, row := range request.Rows() {
		if s.batch.contended[row] {
			return &row
		}
	}
	if s.Instance == nil || s.ENI == nil {
		return nil
	}
	// Then the interfaces that have left the instance: an attach settles their rows, to reuse their
	// device indexes.
	for _, n := range s.instance.held {
		if !request.Detach && n.hasLeft(s.now) && !n.locked {
			return &Row{NetworkInterfaceRow, ResourceID{n.AccountID, n.ID}}
		}
	}
	// Then the capacity of the groups that the instance may join or leave. If none is
	// left, a departure of another instance may be due. Only a transaction with all departures can
	// decide that the group is full.
	for _, g := range s.Groups {
		group := ResourceID{request.AccountID, g.ID}
		departure := s.instance.departures[g.ID]
		switch {
		case s.instance.hasPrimaryIn(g.ID):
		case !s.batch.groups[group],
			departure != nil && departure.contended,
			request.Detach && s.batch.capacity[group] == nil,
			!request.Detach && !g.HasInstance && g.Free <= 0:
			return &Row{SecurityGroupRow, group}
		}
	}
	return nil
}

// hasPrimaryIn reports whether the instance's primary interface is in a group. If so, the instance
// never leaves the group.
func (h *batchInstance) hasPrimaryIn(group string) bool {
	return h.primary != nil && slices.Contains(h.primary.groups, group)
}

// staysIn reports whether an interface that is not leaving the instance keeps it in a group.
func (h *batchInstance) staysIn(group string) bool {
	if h.hasPrimaryIn(group) {
		return true
	}
	for _, n := range h.held {
		if !n.isLeaving() && slices.Contains(n.groups, group) {
			return true
		}
	}
	return false
}

// departureTime returns when the last of the interfaces that are leaving the instance leaves a
// group. It is the zero time if there is none.
func (h *batchInstance) departureTime(group string, now time.Time) (last time.Time) {
	for _, n := range h.held {
		if n.isLeaving() && n.SettlesAt.After(now) && n.SettlesAt.After(last) && slices.Contains(n.groups, group) {
			last = *n.SettlesAt
		}
	}
	return last
}

// set replaces the row of an interface for the requests that follow, and moves it to another
// instance if the new row says so.
func (a *Attachments) set(n *batchENI, to AttachableENI) {
	if n.InstanceID != nil {
		if from := a.instances[ResourceID{n.AccountID, *n.InstanceID}]; from != nil {
			delete(from.held, n.ID) // held may be nil
		}
	}
	n.AttachableENI, n.written, a.changed = to, true, true
	if n.InstanceID != nil {
		a.instances[ResourceID{n.AccountID, *n.InstanceID}].held[n.ID] = n
	}
}

// acquireCapacity counts an instance that joins a group.
func (a *Attachments) acquireCapacity(accountID, group string) {
	a.capacity[ResourceID{accountID, group}].free-- // the scene had some free
}

// releaseCapacity counts an instance that leaves a group.
func (a *Attachments) releaseCapacity(accountID, group string) {
	a.capacity[ResourceID{accountID, group}].free++ // the scene had it locked
}
