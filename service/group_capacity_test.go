package service

import (
	"errors"
	"testing"
	"time"

	"enisim.alt/service/worldtest"
)

// capacityWorld returns instances whose primary interfaces are in another group, so only their
// secondary interfaces are in sg-small, which takes one instance.
func capacityWorld() *worldtest.World {
	return worldtest.New(laneAccount).
		VPC("vpc-1", "10.0.0.0/8").
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-home").
		SecurityGroup("sg-small", worldtest.Set("instance_limit", 1)).
		SecurityGroup("sg-large").
		Instance("i-{n}", worldtest.Count(3), worldtest.Type("ecs.four.slots")).
		NetworkInterface("eni-{n}", worldtest.Count(6), worldtest.Groups("sg-small")).
		NetworkInterface("eni-large-{n}", worldtest.Count(3), worldtest.Groups("sg-large")).
		InstanceType("ecs.four.slots", 4)
}

// An instance uses capacity of a group until its last interface there has left, to the microsecond.
// Until then it may join again.
func TestCapacityIsHeldUntilTheInstanceHasDeparted(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	l := newLaneTest(t, capacityWorld(), Options{DetachDelay: time.Minute, Now: func() time.Time { return now }})
	ctx := t.Context()
	detach := func(eni, instance string) error { return l.detach(ctx, eni, instance) }
	for _, s := range []struct {
		what          string
		act           func(eni, instance string) error
		eni, instance string
		passes        time.Duration
		want          error
	}{
		{what: "the only capacity", act: nil, eni: "eni-1", instance: "i-1"},
		{what: "a second instance", eni: "eni-2", instance: "i-2", want: SecurityGroupInstanceLimit},
		{what: "a second interface", eni: "eni-3", instance: "i-1"},
		{what: "one of two interfaces leaves", act: detach, eni: "eni-1", instance: "i-1", passes: time.Hour},
		{
			what: "while the other interface is in the group", eni: "eni-2", instance: "i-2",
			want: SecurityGroupInstanceLimit,
		},
		{
			what: "the other interface leaves", act: detach, eni: "eni-3", instance: "i-1",
			passes: time.Minute - time.Microsecond,
		},
		{what: "a microsecond before the departure", eni: "eni-2", instance: "i-2", want: SecurityGroupInstanceLimit},
		{what: "the instance joins again", eni: "eni-4", instance: "i-1", passes: time.Hour},
		{what: "after it has joined again", eni: "eni-2", instance: "i-2", want: SecurityGroupInstanceLimit},
		{what: "the instance leaves again", act: detach, eni: "eni-4", instance: "i-1", passes: time.Minute},
		{what: "at the departure", eni: "eni-2", instance: "i-2"},
		{
			what: "the first instance, when the group is full", eni: "eni-5", instance: "i-1",
			want: SecurityGroupInstanceLimit,
		},
		{what: "a second interface of the instance in the group", eni: "eni-4", instance: "i-2"},
	} {
		act := s.act
		if act == nil {
			act = func(e, i string) error { return l.attach(ctx, e, i) }
		}
		if err := act(s.eni, s.instance); !errors.Is(err, s.want) {
			t.Errorf("%s: got %v, want %v", s.what, err, s.want)
		}
		now = now.Add(s.passes)
	}
	var free, departures int
	if err := l.pool.QueryRow(ctx, `
		SELECT (SELECT sum(free) FROM security_group_capacity WHERE security_group_id = 'sg-small'),
		       (SELECT count(*) FROM security_group_departures)`).
		Scan(&free, &departures); err != nil {
		t.Fatal(err)
	}
	if free != 0 || departures != 0 {
		t.Errorf("at the end: got a capacity of %d and %d departures, want none of them, because i-2 is in the group",
			free, departures)
	}
}

// A request that needs capacity which another transaction has locked waits for it, outside of the
// shared lane: requests for other groups do not wait. Then it sees what that transaction has left.
func TestARequestThatWaitsForCapacityDelaysNoOther(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, capacityWorld(), Options{})
	others, err := l.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = others.Rollback(t.Context()) }()
	if _, err := others.Exec(t.Context(), `
		UPDATE security_group_capacity SET free = free - 1 WHERE security_group_id = 'sg-large'`); err != nil {
		t.Fatal(err)
	}
	answer := l.startBlocked(t, func() error { return l.attach(t.Context(), "eni-large-1", "i-1") })
	if err := l.attach(t.Context(), "eni-1", "i-2"); err != nil {
		t.Errorf("eni-1 to i-2: got %v, want no error", err)
	}
	if err := l.detach(t.Context(), "eni-1", "i-2"); err != nil {
		t.Errorf("eni-1 from i-2: got %v, want no error", err)
	}
	if err := others.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := answer(); err != nil {
		t.Errorf("eni-large-1 to i-1: got %v, want no error", err)
	}
	var free int
	if err := l.pool.QueryRow(t.Context(), `
		SELECT free FROM security_group_capacity WHERE security_group_id = 'sg-large'`).Scan(&free); err != nil {
		t.Fatal(err)
	}
	if got, want := free, 2000-2; got != want {
		t.Errorf("free capacity: got %d, want %d, that of the start without those of the transaction and of i-1",
			got, want)
	}
}
