package store_test

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// slotsOf returns the filled slots of instances as "instance slot interface status".
func slotsOf(placed []store.PlacedInstance) (texts []string) {
	for _, i := range placed {
		for _, s := range i.Slots {
			texts = append(texts, fmt.Sprintf("%s %d %s %s", i.ID, s.DeviceIndex, s.NetworkInterfaceID, s.Status))
		}
	}
	return texts
}

// Slots are drawn as they are at a time: transitions that are due have happened, and an interface that has
// left is in no slot. Each VSwitch has its first instances.
func TestInstancesAreDrawnAtATime(t *testing.T) {
	t.Parallel()
	const account = "1000000000000001"
	pool := storetest.Pool(t)
	st := store.New(pool, slog.New(slog.DiscardHandler))
	now, set := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), worldtest.Set
	worldtest.Apply(t, st, now, worldtest.New(account).
		VPC("vpc", "10.0.0.0/8").
		VSwitch("vsw-a", "cn-hangzhou-h", "10.0.0.0/16").
		VSwitch("vsw-b", "cn-hangzhou-h", "10.1.0.0/16").
		SecurityGroup("sg").
		Instance("i-1", set("vswitch", "vsw-a")).
		Instance("i-2", set("vswitch", "vsw-a")).
		Instance("i-3", set("vswitch", "vsw-b")).
		NetworkInterface("eni-comes", set("vswitch", "vsw-a"), set("attached_to", "i-1")).
		NetworkInterface("eni-goes", set("vswitch", "vsw-b"), set("attached_to", "i-3")).String())
	_, err := pool.Exec(t.Context(), `
		UPDATE attachments
		SET settles_at = $1::timestamptz + interval '1 minute',
		    status = CASE network_interface_id WHEN 'eni-comes' THEN 'Attaching' ELSE 'Detaching' END,
		    next_status = CASE network_interface_id WHEN 'eni-comes' THEN 'InUse' ELSE 'Available' END`, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct {
		now  time.Time
		want []string
	}{
		{now, []string{"i-1 1 eni-comes Attaching", "i-3 1 eni-goes Detaching"}},
		{now.Add(time.Minute), []string{"i-1 1 eni-comes InUse"}},
	} {
		placed, err := st.InstancesOfVSwitches(t.Context(), at.now, account, []string{"vsw-a", "vsw-b", "vsw-none"}, 1)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(slotsOf(placed), func(s string) bool { return s[4] == '0' }) // the primary ones
		if !slices.Equal(got, at.want) {
			t.Errorf("at %v: got %q, want %q", at.now, got, at.want)
		}
		if len(placed) != 2 || placed[0].ID != "i-1" || placed[1].ID != "i-3" {
			t.Errorf("got %d instances, want the first one of each VSwitch", len(placed))
		}
	}
	counts, err := st.CountInstances(t.Context(), account, []string{"vsw-a", "vsw-b", "vsw-none"})
	if err != nil || len(counts) != 2 || counts["vsw-a"] != 2 || counts["vsw-b"] != 1 {
		t.Errorf("got %v %v, want 2 and 1 instances", counts, err)
	}
	// A page of a VSwitch goes on after an id.
	list, err := st.InstancesOfVSwitch(t.Context(), now, account, "vsw-a", store.Page{Limit: 1})
	if err != nil || len(list.Rows) != 1 || list.Rows[0].ID != "i-1" || !list.More {
		t.Errorf("got %+v %v, want i-1 and more", list, err)
	}
	list, err = st.InstancesOfVSwitch(t.Context(), now, account, "vsw-a", store.Page{After: "i-1", Limit: 1})
	if err != nil || len(list.Rows) != 1 || list.Rows[0].ID != "i-2" || list.More {
		t.Errorf("got %+v %v, want i-2 alone", list, err)
	}
}
