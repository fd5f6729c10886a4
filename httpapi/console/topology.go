package console

import (
	"cmp"
	"net/http"
	"slices"

	"enisim.alt/service/operator"
	"enisim.alt/store"
)

const (
	// vSwitchesPerPage is the number of VSwitches on a page of a VPC.
	vSwitchesPerPage = 20
	// instancesDrawn is how many instances the page of a VPC draws, of all its VSwitches. But it draws
	// at least minOfVSwitch of each.
	instancesDrawn = 120
	minOfVSwitch   = 8
	// instancesPerPage is the number of instances on a page of a VSwitch.
	instancesPerPage = 60
)

// slot is a slot of an instance as it is drawn.
type slot struct {
	Index     int
	State     string // primary, filled, attaching, detaching or free
	Interface string // "": free
	Status    string
	Next      *store.Slot // with the next status, if the status is transient
}

// placedInstance is an instance as it is drawn.
type placedInstance struct {
	store.PlacedInstance
	Account string
	Slots   []slot
	Used    int
}

// IsFull reports whether all slots have an interface.
func (i placedInstance) IsFull() bool { return i.Used >= i.ENIQuantity }

// slotsOf returns all slots of an instance, by index.
func slotsOf(i store.PlacedInstance) []slot {
	slots := make([]slot, i.ENIQuantity)
	for k := range slots {
		slots[k] = slot{Index: k, State: "free"}
	}
	for _, s := range i.Slots {
		if s.DeviceIndex < 0 || s.DeviceIndex >= len(slots) {
			continue
		}
		drawn := slot{Index: s.DeviceIndex, State: "filled", Interface: s.NetworkInterfaceID, Status: s.Status}
		switch {
		case s.Status == store.ENIAttaching:
			drawn.State = "attaching"
		case s.Status == store.ENIDetaching:
			drawn.State = "detaching"
		case s.DeviceIndex == 0:
			drawn.State = "primary"
		}
		if s.SettlesAt != nil {
			drawn.Next = &s
		}
		slots[s.DeviceIndex] = drawn
	}
	return slots
}

func placedInstances(account string, rows []store.PlacedInstance) []placedInstance {
	placed := make([]placedInstance, 0, len(rows))
	for _, i := range rows {
		placed = append(placed, placedInstance{i, account, slotsOf(i), len(i.Slots)})
	}
	return placed
}

// zone is a zone of a VPC with its VSwitches.
type zone struct {
	ID        string
	VSwitches []vSwitch
}

// vSwitch is a VSwitch with some of its instances.
type vSwitch struct {
	store.DescribedVSwitch
	Account   string
	Usable    int // addresses, free or not
	Instances []placedInstance
	Total     int // instances, drawn or not
}

// HasMore reports whether there are more instances than these.
func (s vSwitch) HasMore() bool { return s.Total > len(s.Instances) }

func newVSwitch(account string, s store.DescribedVSwitch) vSwitch {
	return vSwitch{DescribedVSwitch: s, Account: account, Usable: store.UsableIPv4(s.CIDRBlock)}
}

// vpcData is what the page of a VPC shows.
type vpcData struct {
	Account *operator.View
	VPC     store.DescribedVPC
	Zones   []zone
	Total   int // VSwitches
	Number  int // of the page
	Next    int // number of the next page; 0: there is none
}

// vpc draws the topology of a VPC.
func (c *Console) vpc(r *http.Request) (*page, error) {
	v, err := c.view(r)
	if err != nil {
		return nil, err
	}
	d := vpcData{Account: v}
	if d.VPC, err = v.VPC(r.Context(), r.PathValue("id")); err != nil {
		return nil, err
	}
	number, skip := pageNumber(r, vSwitchesPerPage)
	found, err := v.VSwitches(r.Context(), d.VPC.ID, skip, vSwitchesPerPage)
	if err != nil {
		return nil, err
	}
	if d.Number, d.Total = number, found.Total; found.More {
		d.Next = number + 1
	}
	var ids []string
	for _, s := range found.Rows {
		ids = append(ids, s.ID)
	}
	limit := max(minOfVSwitch, instancesDrawn/max(1, len(ids)))
	placed, err := v.InstancesOfVSwitches(r.Context(), ids, limit)
	if err != nil {
		return nil, err
	}
	counts, err := v.CountInstances(r.Context(), ids)
	if err != nil {
		return nil, err
	}
	ofVSwitch := map[string][]placedInstance{}
	for _, i := range placedInstances(v.ID, placed) {
		ofVSwitch[*i.VSwitchID] = append(ofVSwitch[*i.VSwitchID], i)
	}
	byZone := map[string]*zone{}
	for _, s := range found.Rows {
		drawn := newVSwitch(v.ID, s)
		drawn.Instances, drawn.Total = ofVSwitch[s.ID], counts[s.ID]
		if byZone[s.ZoneID] == nil {
			byZone[s.ZoneID] = &zone{ID: s.ZoneID}
		}
		byZone[s.ZoneID].VSwitches = append(byZone[s.ZoneID].VSwitches, drawn)
	}
	for _, z := range byZone {
		d.Zones = append(d.Zones, *z)
	}
	slices.SortFunc(d.Zones, func(a, b zone) int { return cmp.Compare(a.ID, b.ID) })
	return &page{template: "vpc", title: "VPC " + d.VPC.ID, section: "overview", data: d}, nil
}

// vSwitchData is what the page of a VSwitch shows.
type vSwitchData struct {
	Account     *operator.View
	VSwitch     vSwitch
	Next, First string
}

// vSwitch draws a VSwitch with all its instances.
func (c *Console) vSwitch(r *http.Request) (*page, error) {
	v, err := c.view(r)
	if err != nil {
		return nil, err
	}
	found, err := v.VSwitch(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	list, err := v.InstancesOfVSwitch(r.Context(), found.ID, r.URL.Query().Get("after"), instancesPerPage)
	if err != nil {
		return nil, err
	}
	links := newListData(r, v, list, func(i store.PlacedInstance) string { return i.ID })
	d := vSwitchData{Account: v, VSwitch: newVSwitch(v.ID, found), Next: links.Next, First: links.First}
	d.VSwitch.Instances = placedInstances(v.ID, list.Rows)
	counts, err := v.CountInstances(r.Context(), []string{found.ID})
	if err != nil {
		return nil, err
	}
	d.VSwitch.Total = counts[found.ID]
	return &page{template: "vswitch", title: "VSwitch " + found.ID, section: "overview", data: d}, nil
}

// LowFree returns the number of free addresses below which a VSwitch is nearly full.
func (s vSwitch) LowFree() int { return s.Usable / 10 }
