package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"enisim.alt/service/operator"
	"enisim.alt/store"
)

// rowsPerPage is the number of rows on a page of a list.
const rowsPerPage = 100

// The statuses in the order in which pages show them.
var (
	interfaceStatuses = []string{
		store.ENIInUse, store.ENIAvailable, store.ENIAttaching, store.ENIDetaching, store.ENIDeleting,
	}
	instanceStatuses = []string{
		store.InstanceRunning, store.InstanceStopped, store.InstancePending, store.InstanceStarting,
		store.InstanceStopping,
	}
)

// view returns the view of the account that a request names.
func (c *Console) view(r *http.Request) (*operator.View, error) {
	return c.operator.View(r.Context(), r.PathValue("account"))
}

// pageNumber returns the number of a page, from 1, and the rows before it.
func pageNumber(r *http.Request, size int) (number, skip int) {
	const maxPage = 10_000
	number, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || number < 1 || number > maxPage {
		number = 1
	}
	return number, (number - 1) * size
}

// accountData is what the page of an account shows.
type accountData struct {
	*operator.View
	VPCs       store.List[store.DescribedVPC]
	PageNumber int
	NextPage   int // 0: there is none
	Regions    []string
	Quotas     []quotaRow
	Rules      []ruleRow
	RuleTotal  int
}

// quotaRow is a quota of an account.
type quotaRow struct {
	Name  string
	Limit string
}

// vpcsPerPage is the number of VPCs on the page of an account.
const vpcsPerPage = 20

// account shows an account.
func (c *Console) account(r *http.Request) (*page, error) {
	v, err := c.view(r)
	if err != nil {
		return nil, err
	}
	d := accountData{View: v}
	number, skip := pageNumber(r, vpcsPerPage)
	if d.VPCs, err = v.VPCs(r.Context(), skip, vpcsPerPage); err != nil {
		return nil, err
	}
	if d.PageNumber = number; d.VPCs.More {
		d.NextPage = number + 1
	}
	for _, vpc := range d.VPCs.Rows {
		if !slices.Contains(d.Regions, vpc.RegionID) {
			d.Regions = append(d.Regions, vpc.RegionID)
		}
	}
	rules, err := c.operator.NewestRules(r.Context(), v.ID, maxRulesShown)
	if err != nil {
		return nil, err
	}
	d.Rules, d.RuleTotal = ruleRows(rules.Newest), rules.Total
	documented := func(limit *int) string {
		if limit == nil {
			return "as documented"
		}
		return formatCount(*limit)
	}
	d.Quotas = []quotaRow{
		{"Network interfaces of a region", formatCount(v.NetworkInterfacesPerRegion)},
		{"Instances of a region", documented(v.InstancesPerRegion)},
		{"Security groups of an interface", documented(v.SecurityGroupsPerInterface)},
		{"Private IPv4 addresses of an interface", documented(v.IPv4PerInterface)},
		{"IPv6 addresses of an interface", documented(v.IPv6PerInterface)},
	}
	return &page{template: "account", title: "Account " + v.ID, section: "overview", data: d}, nil
}

// listData is what a page with a list shows.
type listData[T any] struct {
	Account *operator.View
	store.List[T]
	Region, Status string
	Statuses       []string
	Next           string // address of the next page; "": there is none
	First          string // address of the first page; "": this is it
}

// newListData returns the data of a list, of which a request asks for a page.
func newListData[T any](r *http.Request, v *operator.View, list store.List[T], id func(T) string) listData[T] {
	q := r.URL.Query()
	d := listData[T]{Account: v, List: list, Region: q.Get("region"), Status: q.Get("status")}
	if next := nextAfter(list, id); next != "" {
		d.Next = withQuery(r, "after", next)
	}
	if q.Get("after") != "" {
		d.First = withQuery(r, "after", "")
	}
	return d
}

// withQuery returns the address of a request with another parameter.
func withQuery(r *http.Request, name, value string) string {
	q := r.URL.Query()
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	return (&url.URL{Path: r.URL.Path, RawQuery: q.Encode()}).String()
}

// instances lists the instances of an account.
func (c *Console) instances(r *http.Request) (*page, error) {
	v, err := c.view(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	list, err := v.Instances(r.Context(), q.Get("status"), q.Get("after"), rowsPerPage)
	if err != nil {
		return nil, err
	}
	d := newListData(r, v, list, func(i store.DescribedInstance) string { return i.ID })
	d.Statuses = instanceStatuses
	return &page{template: "instances", title: "Instances of " + v.ID, section: "overview", data: d}, nil
}

// interfaces lists the interfaces of an account in a region.
func (c *Console) interfaces(r *http.Request) (*page, error) {
	v, err := c.view(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	list, err := v.NetworkInterfaces(r.Context(), q.Get("region"), q.Get("status"), q.Get("after"), rowsPerPage)
	if err != nil {
		return nil, err
	}
	d := newListData(r, v, list, func(n store.DescribedNetworkInterface) string { return n.ID })
	d.Statuses = interfaceStatuses
	return &page{template: "interfaces", title: "Network interfaces of " + v.ID, section: "overview", data: d}, nil
}

// groups lists the security groups of an account in a region.
func (c *Console) groups(r *http.Request) (*page, error) {
	v, err := c.view(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	list, err := v.SecurityGroups(r.Context(), q.Get("region"), q.Get("vpc"), q.Get("after"), rowsPerPage)
	if err != nil {
		return nil, err
	}
	d := newListData(r, v, list, func(g store.DescribedSecurityGroup) string { return g.ID })
	return &page{template: "groups", title: "Security groups of " + v.ID, section: "overview", data: d}, nil
}

// instanceData is what the page of an instance shows.
type instanceData struct {
	Account *operator.View
	operator.Instance
	Slots   []takenSlot
	Last    *taking // of the newest slot that is taken; nil: it is not recorded
	History history
}

// takenSlot is a slot with the event by which it was taken.
type takenSlot struct {
	slot
	Taken *taking // nil: the slot is free, or the event is not recorded
}

// instance shows an instance.
func (c *Console) instance(r *http.Request) (*page, error) {
	v, err := c.view(r)
	if err != nil {
		return nil, err
	}
	i, err := v.Instance(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	d := instanceData{Account: v, Instance: i}
	var events []operator.Event
	if d.History, events, err = c.history(r.Context(), v.ID, i.ID, eventsRead); err != nil {
		return nil, err
	}
	taken := takings(i.ID, events)
	for _, s := range slotsOf(i.PlacedInstance) {
		shown := takenSlot{slot: s}
		if t, found := taken[s.Interface]; found && s.Interface != "" {
			if shown.Taken = &t; d.Last == nil || t.At.After(d.Last.At) {
				d.Last = &t
			}
		}
		d.Slots = append(d.Slots, shown)
	}
	return &page{template: "instance", title: "Instance " + i.ID, section: "overview", data: d}, nil
}

// interfaceData is what the page of an interface shows.
type interfaceData struct {
	Account *operator.View
	store.DescribedNetworkInterface
	History history
}

// networkInterface shows an interface.
func (c *Console) networkInterface(r *http.Request) (*page, error) {
	v, err := c.view(r)
	if err != nil {
		return nil, err
	}
	n, err := v.NetworkInterface(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	h, _, err := c.history(r.Context(), v.ID, n.ID, eventsShown+1)
	if err != nil {
		return nil, err
	}
	return &page{template: "interface", title: "Network interface " + n.ID, section: "overview",
		data: interfaceData{v, n, h}}, nil
}

// groupData is what the page of a security group shows.
type groupData struct {
	Account *operator.View
	operator.SecurityGroup
	Next, First string
	History     history
}

// group shows a security group.
func (c *Console) group(r *http.Request) (*page, error) {
	v, err := c.view(r)
	if err != nil {
		return nil, err
	}
	g, err := v.SecurityGroup(r.Context(), r.PathValue("id"), r.URL.Query().Get("after"), rowsPerPage)
	if err != nil {
		return nil, err
	}
	members := newListData(r, v, g.Members, func(m store.GroupMember) string { return m.NetworkInterfaceID })
	h, _, err := c.history(r.Context(), v.ID, g.ID, eventsShown+1)
	if err != nil {
		return nil, err
	}
	return &page{template: "group", title: "Security group " + g.ID, section: "overview",
		data: groupData{v, g, members.Next, members.First, h}}, nil
}
