package store

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The batch of attaches and detaches is compared with a naive model, without Postgres. The model
// keeps a list of attachments and counts everything anew for each request. The batch gets the rows
// that its statements would read, and its changes are applied to these rows.

const modelAccount = "1000000000000001"

// modelWorld is the fixed part of a random world.
type modelWorld struct {
	limits  map[string]int      // max interfaces of an instance, with the primary one
	primary map[string][]string // groups of the primary interface of an instance
	groups  map[string][]string // groups of a secondary interface
	sizes   map[string]int      // max instances of a group
}

// slot is an attachment of the model: leaves is zero while no detach is under way, and no attach that
// will fail. It is Never for a detach that does not end.
type slot struct {
	instance string
	index    int
	card     int // -1: none
	status   string
	leaves   time.Time
}

// settle drops the attachments that have left.
func settle(attached map[string]slot, now time.Time) {
	maps.DeleteFunc(attached, func(_ string, s slot) bool { return !s.leaves.IsZero() && !s.leaves.After(now) })
}

// members returns the instances that count against the limit of a group.
func (w *modelWorld) members(attached map[string]slot, group string) map[string]bool {
	members := map[string]bool{}
	for instance, groups := range w.primary {
		if slices.Contains(groups, group) {
			members[instance] = true
		}
	}
	for eni, s := range attached {
		if slices.Contains(w.groups[eni], group) {
			members[s.instance] = true
		}
	}
	return members
}

// attach attaches an interface in the model, and reports whether it may be. It is InUse at once, or it
// fails and leaves again, or it never ends.
func (w *modelWorld) attach(attached map[string]slot, eni, instance string, card int, end *Ending) bool {
	if _, on := attached[eni]; on {
		return false
	}
	taken := map[int]bool{0: true}
	for _, s := range attached {
		if s.instance == instance {
			taken[s.index] = true
		}
	}
	if len(taken) >= w.limits[instance] {
		return false
	}
	for _, group := range w.groups[eni] {
		if members := w.members(attached, group); !members[instance] && len(members) >= w.sizes[group] {
			return false
		}
	}
	index := 1
	for taken[index] {
		index++
	}
	s := slot{instance: instance, index: index, card: card, status: ENIInUse}
	if end != nil {
		s.status = ENIAttaching
	}
	if end.fails() {
		s.leaves = end.At
	}
	attached[eni] = s
	return true
}

// detach begins to detach an interface in the model, and reports whether it may be.
func (w *modelWorld) detach(attached map[string]slot, eni, instance string, leaves, now time.Time) bool {
	s, on := attached[eni]
	if !on || s.instance != instance || s.status != ENIInUse {
		return false
	}
	s.status, s.leaves = ENIDetaching, leaves
	attached[eni] = s
	settle(attached, now)
	return true
}

// release ends the transition of an interface in the model, and reports whether it is in one.
func (w *modelWorld) release(attached map[string]slot, eni, instance string, now time.Time) bool {
	s, on := attached[eni]
	if !on || s.instance != instance || s.status == ENIInUse {
		return false
	}
	if s.leaves.IsZero() {
		s.status = ENIInUse
	} else {
		s.leaves = now
	}
	attached[eni] = s
	settle(attached, now)
	return true
}

// storedRows are the rows that the batch reads and changes.
type storedRows struct {
	attachments map[string]AttachmentRow
	departures  map[[2]string]time.Time // by group and instance
	free        map[string]int          // by group
}

// load returns the batch that the statements of LockForAttachments would read.
func (r *storedRows) load(w *modelWorld, requests []Attachment) *Attachments {
	a := &Attachments{
		instances: map[ResourceID]*batchInstance{}, enis: map[ResourceID]*batchENI{},
		groups: map[ResourceID]bool{}, capacity: map[ResourceID]*groupCapacity{}, wait: true,
	}
	// First the named instances and interfaces, and those that leave the instances.
	for _, request := range requests {
		if a.instances[request.instance()] == nil {
			a.addInstance(batchInstance{AttachableInstance: AttachableInstance{
				AccountID: modelAccount, ID: request.InstanceID, ENIQuantity: w.limits[request.InstanceID],
			}})
		}
		r.lock(a, request.NetworkInterfaceID)
	}
	for eni, row := range r.attachments {
		named := a.instances[ResourceID{modelAccount, row.InstanceID}] != nil
		if named && row.NextStatus != nil && *row.NextStatus == ENIAvailable {
			r.lock(a, eni)
		}
	}
	// Then the slots of the instances, and the attachments of the named interfaces.
	for id := range a.instances {
		a.addHeldENI(batchENI{AttachableENI: AttachableENI{
			AccountID: modelAccount, ID: id.ID + "-primary", InstanceID: &id.ID, DeviceIndex: new(0), Status: ENIInUse,
		}, groups: w.primary[id.ID]})
	}
	for eni, row := range r.attachments {
		slot := AttachableENI{
			AccountID: modelAccount, ID: eni,
			InstanceID: &row.InstanceID, InstanceENIQuantity: &row.InstanceENIQuantity,
			DeviceIndex: &row.DeviceIndex, NetworkCardIndex: row.NetworkCardIndex,
			Status: row.Status, NextStatus: row.NextStatus, SettlesAt: row.SettlesAt,
		}
		a.addHeldENI(batchENI{AttachableENI: slot, groups: w.groups[eni]})
		if named := a.enis[ResourceID{modelAccount, eni}]; named != nil {
			named.setSlot(slot)
		}
	}
	for _, request := range requests {
		a.enis[request.eni()].groups = w.groups[request.NetworkInterfaceID]
	}
	// Last the capacity of the groups that may change, with all departures from them.
	for _, group := range a.affectedGroups(requests) {
		if a.groups[group] {
			continue
		}
		a.groups[group] = true
		for key, at := range r.departures {
			if key[0] == group.ID {
				a.addDeparture(departureRow{modelAccount, group.ID, key[1], &at})
			}
		}
		a.addCapacity(capacityRow{modelAccount, group.ID, r.free[group.ID]})
	}
	return a
}

// lock adds an interface to a batch as its locking statement returns it, without its attachment.
func (r *storedRows) lock(a *Attachments, eni string) {
	a.enis[ResourceID{modelAccount, eni}] = &batchENI{AttachableENI: AttachableENI{
		AccountID: modelAccount, ID: eni, Type: ENISecondary, Status: ENIAvailable,
	}, locked: true}
}

// apply writes the changes of a batch, as WriteAttachments does.
func (r *storedRows) apply(c attachmentChanges) error {
	for _, id := range c.gone {
		if _, stored := r.attachments[id.ID]; !stored {
			return fmt.Errorf("deletes the attachment of %s, which is not stored", id.ID)
		}
		delete(r.attachments, id.ID)
	}
	for _, row := range c.added {
		if _, stored := r.attachments[row.NetworkInterfaceID]; stored {
			return fmt.Errorf("inserts the attachment of %s, which is stored", row.NetworkInterfaceID)
		}
		r.attachments[row.NetworkInterfaceID] = *row
	}
	for _, row := range c.updated {
		stored, found := r.attachments[row.NetworkInterfaceID]
		if !found {
			return fmt.Errorf("updates the attachment of %s, which is not stored", row.NetworkInterfaceID)
		}
		stored.Status, stored.NextStatus, stored.SettlesAt = row.Status, row.NextStatus, row.SettlesAt
		r.attachments[row.NetworkInterfaceID] = stored
	}
	for _, d := range c.removedDepartures {
		delete(r.departures, [2]string{d.groupID, d.instanceID})
	}
	for _, d := range c.addedDepartures {
		r.departures[[2]string{d.groupID, d.instanceID}] = *d.at
	}
	for _, p := range c.capacity {
		r.free[p.groupID] = p.free
	}
	return nil
}

// compare returns how the stored rows differ from the model at a time.
func (r *storedRows) compare(w *modelWorld, attached map[string]slot, now time.Time) error {
	visible := map[string]slot{}
	for eni, row := range r.attachments {
		s := slot{instance: row.InstanceID, index: row.DeviceIndex, card: -1, status: row.Status}
		if row.NetworkCardIndex != nil {
			s.card = *row.NetworkCardIndex
		}
		if row.NextStatus != nil && *row.NextStatus == ENIAvailable {
			s.leaves = *row.SettlesAt
		}
		if row.Status == ENIDetaching && row.NextStatus == nil {
			s.leaves = Never
		}
		visible[eni] = s
	}
	settle(visible, now)
	if !maps.Equal(visible, attached) {
		return fmt.Errorf("attachments: got %v, want %v", visible, attached)
	}
	// Each group: the free capacity, the instances that count and the departures that are due add up
	// to its size.
	for group, size := range w.sizes {
		free, due := r.free[group], 0
		if free < 0 {
			return fmt.Errorf("group %s: got the free capacity %d, want none below 0", group, free)
		}
		for key, at := range r.departures {
			if key[0] == group && !at.After(now) {
				due++
			}
		}
		if members := len(w.members(attached, group)); free+due+members != size {
			return fmt.Errorf("group %s: got %d free, %d due and %d instances, want %d together",
				group, free, due, members, size)
		}
	}
	return nil
}

// drawWorld returns a random world in which nothing is attached yet, and its rows.
func drawWorld(t *rapid.T) (*modelWorld, *storedRows) {
	w := &modelWorld{limits: map[string]int{}, primary: map[string][]string{}, groups: map[string][]string{},
		sizes: map[string]int{}}
	r := &storedRows{attachments: map[string]AttachmentRow{}, departures: map[[2]string]time.Time{},
		free: map[string]int{}}
	names := []string{"sg-1", "sg-2", "sg-3"}
	someGroups := func(label string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 2, rapid.ID[string]).Draw(t, label)
	}
	for n := range 3 {
		id := fmt.Sprintf("i-%d", n+1)
		w.limits[id] = rapid.IntRange(1, 4).Draw(t, "limit of "+id)
		w.primary[id] = someGroups("groups of " + id)
	}
	for n := range 6 {
		id := fmt.Sprintf("eni-%d", n+1)
		w.groups[id] = someGroups("groups of " + id)
	}
	for _, group := range names {
		members := len(w.members(nil, group))
		w.sizes[group] = members + rapid.IntRange(0, 2).Draw(t, "room in "+group)
		r.free[group] = w.sizes[group] - members
	}
	return w, r
}

// Batches of random attaches and detaches answer like the naive model, whose requests run one after
// the other, and leave rows that say the same.
func TestBatchesAgreeWithANaiveModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, rows := drawWorld(t)
		attached := map[string]slot{}
		now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 6).Draw(t, "batches") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "seconds")) * time.Second)
			settle(attached, now)
			requests := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Attachment {
				return Attachment{
					AccountID: modelAccount, InstanceID: fmt.Sprintf("i-%d", rapid.IntRange(1, 3).Draw(t, "instance")),
					NetworkInterfaceID: fmt.Sprintf("eni-%d", rapid.IntRange(1, 6).Draw(t, "interface")),
					Detach:             rapid.Bool().Draw(t, "detach or release"),
				}
			}), 1, 8).Draw(t, "requests")
			batch := rows.load(w, requests)
			batch.At(func(string) time.Time { return now })
			for n, request := range requests {
				call := drawModelCall(t, request, now)
				want := w.decide(attached, call, now)
				if got := decideInBatch(batch, call); got != want {
					t.Fatalf("request %d, %+v: got accepted %t, want %t", n, call, got, want)
				}
			}
			if err := rows.apply(batch.changes()); err != nil {
				t.Fatal(err)
			}
			if err := rows.compare(w, attached, now); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// modelCall is a request with what is drawn for it.
type modelCall struct {
	Attachment
	release bool    // of a transition, instead of a detach
	end     *Ending // of the transition that it begins
	card    int     // -1: none
}

// drawModelCall draws how the transition of a request ends.
func drawModelCall(t *rapid.T, request Attachment, now time.Time) modelCall {
	call := modelCall{Attachment: request, card: rapid.IntRange(-1, 1).Draw(t, "card")}
	call.release = request.Detach && rapid.IntRange(0, 3).Draw(t, "release") == 0
	end := Ending{At: now.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "delay")) * time.Second)}
	switch {
	case rapid.IntRange(0, 5).Draw(t, "never ends") == 0:
		call.end = &Ending{Never: true}
	case !end.At.After(now):
	case request.Detach:
		call.end = &end
	default: // an attach that succeeds ends at once, so that there is something to detach
		if end.Fails = rapid.Bool().Draw(t, "fails"); end.Fails {
			call.end = &end
		}
	}
	return call
}

// decide decides a request in the model.
func (w *modelWorld) decide(attached map[string]slot, call modelCall, now time.Time) bool {
	eni, instance := call.NetworkInterfaceID, call.InstanceID
	switch {
	case call.release:
		return w.release(attached, eni, instance, now)
	case !call.Detach:
		return w.attach(attached, eni, instance, call.card, call.end)
	case call.end == nil:
		return w.detach(attached, eni, instance, now, now)
	case call.end.Never:
		return w.detach(attached, eni, instance, Never, now)
	}
	return w.detach(attached, eni, instance, call.end.At, now)
}

// decideInBatch decides a request in a batch, by the rules of an attach and a detach that concern the
// rows of the batch.
func decideInBatch(batch *Attachments, call modelCall) bool {
	scene := batch.Scene(call.Attachment)
	if call.Detach {
		eni := scene.ENI
		inUse := eni.Status == ENIInUse
		if eni.InstanceID == nil || *eni.InstanceID != call.InstanceID || inUse == call.release {
			return false
		}
		if call.release {
			scene.Release()
		} else {
			scene.Detach(call.end)
		}
		return true
	}
	full := slices.ContainsFunc(scene.Groups, func(g GroupScene) bool { return !g.HasInstance && g.Free <= 0 })
	if scene.ENI.InstanceID != nil || scene.Held >= scene.Instance.ENIQuantity || full {
		return false
	}
	var cardIndex *int
	if call.card >= 0 {
		cardIndex = &call.card
	}
	scene.Attach(cardIndex, call.end)
	return true
}
