package httpapi_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

var caller = service.Caller{AccountID: account}

// launch runs instances and returns their ids.
func (s *server) launch(t *testing.T, pairs ...string) (ids []string) {
	t.Helper()
	r := s.expectCode(t, ok, "RunInstances", append([]string{
		"ImageId", "m-test", "InstanceType", "ecs.g6.4xlarge", "VSwitchId", "vsw-h", "SecurityGroupId", "sg-main",
	}, pairs...)...)
	for _, id := range r.body["InstanceIdSets"].(map[string]any)["InstanceIdSet"].([]any) {
		ids = append(ids, id.(string))
	}
	return ids
}

// instance returns an instance, or nil if it does not exist.
func (s *server) instance(t *testing.T, id string) *service.Instance {
	t.Helper()
	list, err := service.DescribeInstances.Do(t.Context(), s.service, caller,
		service.DescribeInstancesRequest{RegionID: "cn-hangzhou", InstanceIDs: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) == 0 {
		return nil
	}
	return &list.Items[0]
}

// statuses returns the status of each secondary interface, by its name or its id.
func (s *server) statuses(t *testing.T) map[string]string {
	t.Helper()
	list, err := service.DescribeNetworkInterfaces.Do(t.Context(), s.service, caller,
		service.DescribeNetworkInterfacesRequest{
			RegionID: "cn-hangzhou", Type: "Secondary", Page: service.PageRequest{MaxResults: new(500)},
		})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, n := range list.Items {
		name := n.Name
		if name == "" {
			name = n.ID
		}
		out[name] = n.Status
	}
	return out
}

// exec runs SQL.
func (s *server) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := s.pool.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// count returns the number that a query selects.
func (s *server) count(t *testing.T, sql string) (n int) {
	t.Helper()
	if err := s.pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// expectNoDeadlocks ends all other sessions of the test's database and checks that there was no
// deadlock.
func expectNoDeadlocks(t *testing.T, s *server) {
	t.Helper()
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// Each delay has a different length, so that a mixed-up delay is noticed.
const (
	createDelay = 2 * time.Second
	startDelay  = 3 * time.Second
	stopDelay   = 5 * time.Second
	deleteDelay = 7 * time.Second
	attachDelay = 11 * time.Second
)

// serveWithDelays starts the API with these delays and a clock that the test advances.
func serveWithDelays(t *testing.T, w *worldtest.World) (*server, *testClock) {
	t.Helper()
	clock := newTestClock()
	return serve(t, w, service.Options{
		Now: clock.now, CreateDelay: createDelay, StartDelay: startDelay, StopDelay: stopDelay,
		DeleteDelay: deleteDelay, AttachDelay: attachDelay,
	}), clock
}

// tick is the resolution of times in the database.
const tick = time.Microsecond

// An instance changes its status at each due time. In each status, all actions that do not allow it
// answer IncorrectInstanceStatus.
func TestInstanceStatusTransitions(t *testing.T) {
	t.Parallel()
	s, clock := serveWithDelays(t, world())
	id := s.launch(t)[0]
	allowed := map[string][]string{
		"Pending":  nil,
		"Starting": nil,
		"Running":  {"StopInstance", "RebootInstance"},
		"Stopping": nil,
		"Stopped":  {"StartInstance", "DeleteInstance"},
	}
	expectStatus := func(status string) {
		t.Helper()
		if got := s.instance(t, id).Status; got != status {
			t.Fatalf("status: got %s, want %s", got, status)
		}
		for _, action := range []string{"StartInstance", "StopInstance", "RebootInstance", "DeleteInstance"} {
			want := "IncorrectInstanceStatus"
			switch {
			case slices.Contains(allowed[status], action):
				want = "DryRunOperation"
			case action == "DeleteInstance" && status == "Pending":
				want = "IncorrectInstanceStatus.Initializing"
			}
			s.expectCode(t, want, action, "InstanceId", id, "DryRun", "true")
		}
		groups, force := "IncorrectInstanceStatus", "IncorrectInstanceStatus"
		if status == "Running" || status == "Stopped" {
			groups, force = ok, "DryRunOperation"
		}
		s.expectCode(t, groups, "ModifyInstanceAttribute", "InstanceId", id, "SecurityGroupIds.1", "sg-main")
		if status != "Pending" {
			s.expectCode(t, force, "DeleteInstance", "InstanceId", id, "Force", "true", "DryRun", "true")
		}
		resize := "IncorrectInstanceStatus"
		if status == "Stopped" {
			resize = "DryRunOperation"
		}
		s.expectCode(t, resize, "ModifyInstanceSpec", "InstanceId", id, "InstanceType", "ecs.g6.large",
			"DryRun", "true")
	}
	expectDuration := func(d time.Duration, status, next string) {
		t.Helper()
		clock.advance(d - tick)
		expectStatus(status)
		clock.advance(tick)
		expectStatus(next)
	}
	expectStart := func(want time.Time) {
		t.Helper()
		if got := s.instance(t, id).StartedAt; got == nil || !got.Equal(want) {
			t.Errorf("last start: got %v, want %v", got, want)
		}
	}

	expectStatus("Pending")
	launched := clock.now()
	expectDuration(createDelay, "Pending", "Starting")
	expectStart(launched.Add(createDelay))
	expectDuration(startDelay, "Starting", "Running")
	s.expectCode(t, ok, "RebootInstance", "InstanceId", id)
	expectStart(clock.now())
	expectDuration(startDelay, "Starting", "Running")
	s.expectCode(t, "InvalidParameter", "StopInstance", "InstanceId", id, "StoppedMode", "Free")
	s.expectCode(t, ok, "StopInstance", "InstanceId", id, "StoppedMode", "StopCharging")
	expectDuration(stopDelay, "Stopping", "Stopped")
	if got := s.instance(t, id).Attributes.StoppedMode; got != "StopCharging" {
		t.Errorf("StoppedMode: got %q, want StopCharging", got)
	}
	s.expectCode(t, ok, "StartInstance", "InstanceId", id)
	expectDuration(startDelay, "Starting", "Running")
	if got := s.instance(t, id).Attributes.StoppedMode; got != "" {
		t.Errorf("StoppedMode of a running instance: got %q, want none", got)
	}

	created := s.expectCode(t, ok, "CreateInstance",
		"ImageId", "m-test", "InstanceType", "ecs.g6.large", "VSwitchId", "vsw-h",
		"SecurityGroupId", "sg-main").body["InstanceId"].(string)
	id = created
	expectStatus("Pending")
	expectDuration(createDelay, "Pending", "Stopped")
	if got := s.instance(t, id).StartedAt; got != nil {
		t.Errorf("last start of an instance that never ran: got %v, want none", got)
	}
	s.expectCode(t, ok, "DeleteInstance", "InstanceId", id)
	if got := s.instance(t, id); got != nil {
		t.Errorf("after the deletion: got %+v, want none", got)
	}
}

// Without delays, each transition takes effect at once.
func TestInstanceStatusWithoutDelays(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	id := s.launch(t, "NetworkInterface.1.VSwitchId", "vsw-h")[0]
	for _, step := range []struct{ action, status string }{
		{"", "Running"}, {"StopInstance", "Stopped"}, {"StartInstance", "Running"}, {"RebootInstance", "Running"},
		{"StopInstance", "Stopped"},
	} {
		if step.action != "" {
			s.expectCode(t, ok, step.action, "InstanceId", id)
		}
		if got := s.instance(t, id).Status; got != step.status {
			t.Errorf("after %s: got %s, want %s", step.action, got, step.status)
		}
	}
	s.expectCode(t, ok, "DeleteInstance", "InstanceId", id)
	if n := s.count(t, `SELECT count(*) FROM network_interfaces`); n != 0 {
		t.Errorf("interfaces after the deletion: got %d, want 0", n)
	}
}

// A deletion of an instance deletes the interfaces with DeleteOnRelease and releases the others.
func TestDeleteInstanceKeepsOrDeletesInterfaces(t *testing.T) {
	t.Parallel()
	s, clock := serveWithDelays(t, world().
		NetworkInterface("eni-leaving").
		NetworkInterface("eni-given"))
	id := s.launch(t,
		"NetworkInterface.1.VSwitchId", "vsw-h", "NetworkInterface.1.NetworkInterfaceName", "goes",
		"NetworkInterface.2.VSwitchId", "vsw-h", "NetworkInterface.2.NetworkInterfaceName", "stays",
		"NetworkInterface.2.DeleteOnRelease", "false",
		"NetworkInterface.3.NetworkInterfaceId", "eni-given")[0]
	clock.advance(createDelay + startDelay)
	s.expectCode(t, ok, "AttachNetworkInterface", "InstanceId", id, "NetworkInterfaceId", "eni-leaving")
	clock.advance(attachDelay)
	// never due
	s.exec(t, `
		UPDATE attachments SET status = 'Detaching', next_status = NULL, settles_at = NULL
		WHERE network_interface_id = 'eni-leaving'`)
	if got, want := s.statuses(t), map[string]string{
		"goes": "InUse", "stays": "InUse", "eni-given": "InUse", "eni-leaving": "Detaching",
	}; !maps.Equal(got, want) {
		t.Fatalf("before: got %v, want %v", got, want)
	}
	s.expectCode(t, ok, "DeleteInstance", "InstanceId", id, "Force", "true")
	if got, want := s.statuses(t), map[string]string{
		"goes": "Deleting", "stays": "Available", "eni-given": "Deleting", "eni-leaving": "Available",
	}; !maps.Equal(got, want) {
		t.Errorf("after: got %v, want %v", got, want)
	}
	s.expectCode(t, "InvalidInstanceId.NotFound", "DeleteInstance", "InstanceId", id, "Force", "true")
	for _, remaining := range []string{
		`SELECT count(*) FROM instances`,
		`SELECT count(*) FROM slots`,
	} {
		if n := s.count(t, remaining); n != 0 {
			t.Errorf("%s: got %d, want 0", remaining, n)
		}
	}
	clock.advance(deleteDelay)
	if got, want := s.statuses(t), map[string]string{"stays": "Available", "eni-leaving": "Available"}; !maps.Equal(got,
		want) {
		t.Errorf("at the end: got %v, want %v", got, want)
	}
}

// The lists show new instances as they were requested. Each address is in its VSwitch and used
// once.
func TestRunInstancesReadsBack(t *testing.T) {
	t.Parallel()
	s := serve(t, ipv6World().KeyPair("ops").KeyPair("dev"), service.Options{})
	text := rapid.StringMatching(`[a-z]{2,10}`)
	maybe := func(t *rapid.T, name string) *bool {
		if rapid.Bool().Draw(t, name+" given") {
			return new(rapid.Bool().Draw(t, name))
		}
		return nil
	}
	rapid.Check(t, func(rt *rapid.T) {
		req := service.RunInstancesRequest{NewInstance: service.NewInstance{
			RegionID: "cn-hangzhou", ImageID: "m-" + text.Draw(rt, "image"), InstanceType: "ecs.g6.4xlarge",
			VSwitchID: "vsw-h", SecurityGroupID: "sg-main",
			InstanceName: text.Draw(rt, "name") + "-[1,3]", HostName: text.Draw(rt, "host") +
				"-[1,3]", Description: text.Draw(rt, "description"),
			KeyPairName: rapid.SampledFrom([]string{"", "ops", "dev"}).Draw(rt, "key"),
			RAMRoleName: text.Draw(rt, "role"), UserData: text.Draw(rt, "data"),
			InstanceChargeType:      rapid.SampledFrom([]string{"", "PostPaid", "PrePaid"}).Draw(rt, "charge"),
			InternetMaxBandwidthOut: new(rapid.IntRange(0, 100).Draw(rt, "out")),
			DeletionProtection:      maybe(rt, "protection"),
			SystemDisk: service.NewDisk{Category: "cloud_essd",
				Size: new(rapid.IntRange(20, 500).Draw(rt, "size"))},
			DataDisks:       []service.NewDisk{{Size: new(100), DeleteWithInstance: maybe(rt, "disk goes")}},
			ResourceGroupID: "rg-" + text.Draw(rt, "group"),
			Tags:            []service.Tag{{Key: text.Draw(rt, "tag"), Value: text.Draw(rt, "value")}},
		}}
		amount := rapid.IntRange(1, 4).Draw(rt, "amount")
		req.Amount = &amount
		if rapid.Bool().Draw(rt, "IPv6") {
			req.IPv6AddressCount = new(1)
		}
		for k := range rapid.IntRange(0, 3).Draw(rt, "interfaces") {
			i := service.LaunchInterface{
				NetworkInterfaceName: fmt.Sprintf("data-%d", k), DeleteOnRelease: maybe(rt, "release"),
				SourceDestCheck: maybe(rt, "check"),
				VSwitchID:       rapid.SampledFrom([]string{"", "vsw-h", "vsw-h2"}).Draw(rt, "vswitch"),
			}
			if rapid.Bool().Draw(rt, "addresses given") {
				i.SecondaryPrivateIPAddressCount = new(rapid.IntRange(1, 9).Draw(rt, "addresses"))
			}
			if rapid.Bool().Draw(rt, "other group") {
				i.SecurityGroupIDs = []string{"sg-more", "sg-main"}
			}
			req.NetworkInterfaces = append(req.NetworkInterfaces, i)
		}
		launched, err := service.RunInstances.Do(t.Context(), s.service, caller, req)
		if err != nil {
			rt.Fatal(err)
		}
		if len(launched.InstanceIDs) != amount {
			rt.Fatalf("got %d instances, want %d", len(launched.InstanceIDs), amount)
		}
		for k, id := range launched.InstanceIDs {
			i := s.instance(t, id)
			if i == nil {
				rt.Fatalf("%s: got no instance", id)
			}
			number := fmt.Sprintf("%03d", k+1)
			got := []any{
				i.Status, i.Name, i.HostName, i.Description, i.ZoneID, *i.VPCID, *i.VSwitchID, i.InstanceType,
				i.ResourceGroupID, fmt.Sprint(i.Tags),
				i.Attributes.ImageID, i.Attributes.KeyPairName, i.Attributes.RAMRoleName, i.Attributes.UserData,
				i.Attributes.InstanceChargeType,
				i.Attributes.InternetMaxBandwidthOut, i.Attributes.DeletionProtection, i.Attributes.SystemDisk.SizeGiB,
				keepsDataDisk(t, s, id), len(i.NetworkInterfaces),
			}
			keep := req.DataDisks[0].DeleteWithInstance != nil && !*req.DataDisks[0].DeleteWithInstance
			want := []any{
				"Running", strings.Replace(req.InstanceName, "[1,3]", number, 1),
				strings.Replace(req.HostName, "[1,3]", number, 1), req.Description,
				"cn-hangzhou-h", "vpc-main", "vsw-h", req.InstanceType, req.ResourceGroupID,
				fmt.Sprint(map[string]string{req.Tags[0].Key: req.Tags[0].Value}),
				req.ImageID, req.KeyPairName, req.RAMRoleName, req.UserData, req.InstanceChargeType,
				*req.InternetMaxBandwidthOut, req.DeletionProtection != nil &&
					*req.DeletionProtection, *req.SystemDisk.Size,
				keep, 1 + len(req.NetworkInterfaces),
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("%s\ngot  %v\nwant %v", id, got, want)
			}
			checkInterfaces(t, rt, s, id, req)
		}
	})
	checkInvariants(t, s.pool)
	if n := s.count(t, `
		SELECT count(*) FROM private_ip_addresses a JOIN vswitches v USING (account_id)
		WHERE v.id = a.vswitch_id
		  AND NOT (a.address <<= CASE family(a.address) WHEN 4 THEN v.cidr_block ELSE v.ipv6_cidr_block END
		           AND (family(a.address) = 6 OR a.address NOT IN (
		               host(v.cidr_block)::inet, host(broadcast(v.cidr_block))::inet)))`); n != 0 {
		t.Errorf("addresses outside their VSwitch: got %d, want 0", n)
	}
}

// checkInterfaces compares the interfaces of an instance with the request.
func checkInterfaces(t *testing.T, rt *rapid.T, s *server, id string, req service.RunInstancesRequest) {
	t.Helper()
	list, err := service.DescribeNetworkInterfaces.Do(t.Context(), s.service, caller,
		service.DescribeNetworkInterfacesRequest{RegionID: "cn-hangzhou", InstanceID: id})
	if err != nil {
		rt.Fatal(err)
	}
	slices.SortFunc(list.Items, func(a, b service.NetworkInterface) int { return *a.DeviceIndex - *b.DeviceIndex })
	for index, n := range list.Items {
		requested := service.LaunchInterface{VSwitchID: "vsw-h", IPv6AddressCount: req.IPv6AddressCount}
		kind := "Primary"
		if index > 0 {
			requested, kind = req.NetworkInterfaces[index-1], "Secondary"
		}
		vswitch, groups, ipv4, ipv6 := "vsw-h", []string{"sg-main"}, 1, 0
		if requested.VSwitchID != "" {
			vswitch = requested.VSwitchID
		}
		if requested.SecurityGroupIDs != nil {
			groups = requested.SecurityGroupIDs
		}
		if requested.SecondaryPrivateIPAddressCount != nil {
			ipv4 += *requested.SecondaryPrivateIPAddressCount
		}
		if requested.IPv6AddressCount != nil {
			ipv6 = *requested.IPv6AddressCount
		}
		got := []any{
			n.Type, n.Status, *n.DeviceIndex, n.Name, n.VSwitchID, strings.Join(n.SecurityGroupIDs, " "), len(n.IPv4()),
			len(n.IPv6()),
			n.DeleteOnRelease, n.SourceDestCheck, n.PrimaryIP() != "",
		}
		want := []any{
			kind, "InUse", index, requested.NetworkInterfaceName, vswitch, strings.Join(groups, " "), ipv4, ipv6,
			requested.DeleteOnRelease == nil || *requested.DeleteOnRelease, requested.SourceDestCheck != nil &&
				*requested.SourceDestCheck, true,
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("interface %d of %s\ngot  %v\nwant %v", index, id, got, want)
		}
	}
}

// With an Amount and an address, the instances get consecutive addresses from that one on.
func TestRunInstancesAssignsConsecutiveAddresses(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	for k, id := range s.launch(t, "Amount", "3", "PrivateIpAddress", "10.0.7.9", "UniqueSuffix", "true",
		"InstanceName", "web") {
		i := s.instance(t, id)
		want := netip.MustParseAddr(fmt.Sprintf("10.0.7.%d", 9+k)).String()
		if got := i.NetworkInterfaces[0].PrimaryIP(); got != want {
			t.Errorf("address of instance %d: got %s, want %s", k, got, want)
		}
		if want := fmt.Sprintf("web%03d", k+1); i.Name != want {
			t.Errorf("name of instance %d: got %s, want %s", k, i.Name, want)
		}
	}
}

// A password is accepted, and is neither in the database nor in the log.
func TestPasswordsAreNotStoredOrLogged(t *testing.T) {
	t.Parallel()
	const secret = "Ungewoehnlich-4711"
	var log bytes.Buffer
	s := serve(t, world(), service.Options{},
		func(o *httpapi.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	id := s.launch(t, "Password", secret, "ClientToken", "once")[0]
	s.expectCode(t, ok, "ModifyInstanceAttribute", "InstanceId", id, "Password", secret, "InstanceName", "web")
	s.Close()
	for _, table := range []string{"instances", "network_interfaces", "client_tokens"} {
		if n := s.count(t, `SELECT count(*) FROM `+table+` r WHERE r::text LIKE '%`+secret+`%'`); n != 0 {
			t.Errorf("%s: got %d rows with the password, want 0", table, n)
		}
	}
	if log.Len() == 0 || strings.Contains(log.String(), secret) {
		t.Errorf("got a log of %d bytes, want some and no password in it", log.Len())
	}
}

// A change sets the given attributes and keeps the others.
func TestModifyInstanceAttribute(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	id := s.launch(t, "InstanceName", "old", "Description", "old words")[0]
	s.expectCode(t, ok, "ModifyInstanceAttribute", "InstanceId", id, "InstanceName", "new", "HostName", "new-host",
		"UserData", "bmV3",
		"SecurityGroupIds.1", "sg-small", "SecurityGroupIds.2", "sg-main", "DeletionProtection", "true",
		"NetworkInterfaceQueueNumber", "4")
	i := s.instance(t, id)
	got := []any{i.Name, i.Description, i.HostName, i.Attributes.UserData, i.Attributes.DeletionProtection,
		i.Attributes.ImageID,
		strings.Join(i.NetworkInterfaces[0].SecurityGroupIDs, " ")}
	if want := []any{"new", "old words", "new-host", "bmV3", true, "m-test", "sg-small sg-main"}; !slices.Equal(got,
		want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if n := s.count(t, `SELECT queue_number FROM network_interfaces`); n != 4 {
		t.Errorf("queues: got %d, want 4", n)
	}
	s.expectCode(t, "InvalidOperation.DeletionProtection", "DeleteInstance", "InstanceId", id, "Force", "true")
	s.expectCode(t, ok, "ModifyInstanceAttribute", "InstanceId", id, "DeletionProtection", "false")
	s.expectCode(t, ok, "DeleteInstance", "InstanceId", id, "Force", "true")
}

// A smaller type is accepted if it has enough slots for the instance's interfaces, whatever their
// device indexes. An interface that is still Detaching counts, a detached one does not.
func TestModifyInstanceSpec(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	s := serve(t, world().
		Instance("i-1", worldtest.Type("ecs.g6.2xlarge"), worldtest.Status("Stopped")).
		NetworkInterface("eni-{n}", worldtest.Count(3), worldtest.AttachedTo("i-1")),
		service.Options{Now: clock.now, DetachDelay: time.Second})
	resize := func(code, to string) {
		t.Helper()
		s.expectCode(t, code, "ModifyInstanceSpec", "InstanceId", "i-1", "InstanceType", to,
			"InternetMaxBandwidthOut", "10")
	}
	resize("InvalidOperation.EniCountExceeded", "ecs.g6.large")
	for _, eni := range []string{"eni-1", "eni-2"} {
		s.expectCode(t, ok, "DetachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", eni)
	}
	resize("InvalidOperation.EniCountExceeded", "ecs.g6.large")
	clock.advance(time.Second)
	resize(ok, "ecs.g6.large")
	if got := s.count(t, `
		SELECT device_index FROM attachments
		WHERE network_interface_id = 'eni-3' AND instance_eni_quantity = 2`); got != 1 {
		t.Errorf("device index: got %d, want 1", got)
	}
	if got := attachments(t, s.pool); !maps.Equal(got, map[string]int{"i-1": 2}) {
		t.Errorf("attachments: got %v, want 2 on i-1", got)
	}
	i := s.instance(t, "i-1")
	if i.InstanceType != "ecs.g6.large" || i.Attributes.InternetMaxBandwidthOut != 10 {
		t.Errorf("got %s with %d Mbit/s, want ecs.g6.large with 10", i.InstanceType,
			i.Attributes.InternetMaxBandwidthOut)
	}
	s.expectCode(t, "EniPerInstanceLimitExceeded", "AttachNetworkInterface", "InstanceId", "i-1",
		"NetworkInterfaceId", "eni-1")
	resize(ok, "ecs.g6.2xlarge")
	s.expectCode(t, ok, "AttachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
	checkInvariants(t, s.pool)
}

// ipv6World returns a world with two VSwitches in a zone, one of them with IPv6.
func ipv6World() *worldtest.World {
	return worldtest.New(account, worldtest.Set("quotas", map[string]any{"network_interfaces_per_region": 5000})).
		AccessKey(accessKey, worldtest.Set("secret", "test-secret")).
		VPC("vpc-main", "10.0.0.0/8", worldtest.Set("ipv6_cidr_block", "2001:db8:0:100::/56")).
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16", worldtest.Set("ipv6_cidr_block", "2001:db8:0:100::/64")).
		VSwitch("vsw-h2", "cn-hangzhou-h", "10.1.0.0/16").
		SecurityGroup("sg-main").
		SecurityGroup("sg-more")
}

// keepsDataDisk reports whether the data disk of an instance outlives it.
func keepsDataDisk(t *testing.T, s *server, instanceID string) (keeps bool) {
	t.Helper()
	if err := s.pool.QueryRow(t.Context(), `
		SELECT coalesce((attributes->>'KeepWithoutInstance')::boolean, false)
		FROM disks WHERE instance_id = $1`, instanceID).Scan(&keeps); err != nil {
		t.Fatal(err)
	}
	return keeps
}
