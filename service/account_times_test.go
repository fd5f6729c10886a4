package service

import (
	"fmt"
	"testing"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/worldtest"
	"enisim.alt/store"
)

// A batch of attaches and detaches spans accounts. Each request and each row in it is decided by the
// time of its own account: with the same rows, the account that is an hour ahead finds its interface
// attached, and the one in real time finds it Attaching.
func TestBatchesHaveTheTimeOfEachAccount(t *testing.T) {
	t.Parallel()
	const realAccount, aheadAccount, frozenAccount = "1000000000000001", "1000000000000002", "1000000000000003"
	w := worldtest.New(realAccount)
	for _, account := range []string{realAccount, aheadAccount, frozenAccount} {
		if account != realAccount {
			w.Account(account)
		}
		w.VPC("vpc-1", "10.0.0.0/8").VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").SecurityGroup("sg-main").
			Instance("i-{n}", worldtest.Count(2)).NetworkInterface("eni-free").
			NetworkInterface("eni-1", worldtest.AttachedTo("i-1"), worldtest.Set("status", "Attaching"),
				worldtest.Set("settles_in", "30m"))
	}
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	s := newLaneTest(t, w, Options{AttachDelay: time.Minute, Now: func() time.Time { return now }})
	var inRealTime *disturbance.Clock
	ahead, err := inRealTime.Advance(now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	frozen := inRealTime.Freeze(now)
	clocks := map[string]*disturbance.Clock{realAccount: nil, aheadAccount: ahead, frozenAccount: frozen}
	now = now.Add(10 * time.Minute)
	for _, wait := range []bool{false, true} {
		decided := map[string]string{}
		var batch []*laneRequest[attachmentWork]
		for _, account := range []string{realAccount, aheadAccount, frozenAccount} {
			want := store.Attachment{
				AccountID: account, RegionID: "cn-hangzhou", InstanceID: "i-1", NetworkInterfaceID: "eni-1",
			}
			batch = append(batch, newLaneRequest(t.Context(), account, attachmentWork{
				want: want, clock: clocks[account],
				decide: func(scene *store.AttachScene, at time.Time) error {
					decided[account] = fmt.Sprint(scene.ENI.Status, at.Sub(now))
					return nil
				},
			}))
		}
		if err := s.decideAttachments(t.Context(), batch, wait); err != nil {
			t.Fatal(err)
		}
		for _, r := range batch {
			if r.err != nil || r.contended != nil {
				t.Fatalf("account %s: got %v, contended %v", r.accountID, r.err, r.contended)
			}
		}
		for account, want := range map[string]string{
			realAccount: "Attaching0s", aheadAccount: "InUse1h0m0s", frozenAccount: "Attaching-10m0s",
		} {
			if decided[account] != want {
				t.Errorf("wait %v, account %s: got %q, want %q", wait, account, decided[account], want)
			}
		}
	}
	// An attach is due by the time of its account.
	for account, clock := range clocks {
		caller := Caller{AccountID: account, Clock: clock}
		if err := s.attachNetworkInterface(t.Context(), caller, AttachNetworkInterfaceRequest{
			RegionID: "cn-hangzhou", InstanceID: "i-2", NetworkInterfaceID: "eni-free",
		}); err != nil {
			t.Fatal(err)
		}
		var due time.Time
		if err := s.pool.QueryRow(t.Context(), `
			SELECT settles_at FROM attachments WHERE account_id = $1 AND network_interface_id = 'eni-free'`, account).
			Scan(&due); err != nil || !due.Equal(clock.At(now).Add(time.Minute)) {
			t.Errorf("account %s: got the attach due %v, %v; want a minute after %v", account, due, err, clock.At(now))
		}
	}
}

// Requests of an account that were identified before and after a change of its clock share a batch.
// It is decided by the later time, and one without the clock does not count.
func TestABatchHasOneTimeOfAnAccount(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	s := &Service{clock: func() time.Time { return now }}
	var before *disturbance.Clock
	before = before.Freeze(now)
	after, err := before.Advance(now, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	want := now.Add(time.Minute)
	now = now.Add(time.Hour)
	attach := func(c *disturbance.Clock) *laneRequest[attachmentWork] {
		return newLaneRequest(t.Context(), laneAccount, attachmentWork{clock: c})
	}
	create := func(c *disturbance.Clock) *laneRequest[interfaceWork] {
		return newLaneRequest(t.Context(), laneAccount, interfaceWork{clock: c})
	}
	for _, clocks := range [][]*disturbance.Clock{{before, after}, {after, before}, {nil, after, before}} {
		var (
			attaches []*laneRequest[attachmentWork]
			creates  []*laneRequest[interfaceWork]
		)
		for _, c := range clocks {
			attaches, creates = append(attaches, attach(c)), append(creates, create(c))
		}
		if got := s.timesOf(attaches)(laneAccount); !got.Equal(want) {
			t.Errorf("attaches: got %v, want %v", got, want)
		}
		if got := s.timeOfBatch(creates); !got.Equal(want) {
			t.Errorf("creations: got %v, want %v", got, want)
		}
	}
}
