package service

import (
	"errors"
	"testing"
	"time"

	"enisim/service/worldtest"
)

// placesWorld has instances whose primary interfaces are elsewhere, so that they are in the small group by their secondary interfaces only.
func placesWorld() *worldtest.World {
	return worldtest.New(laneAccount).
		VPC("vpc-1", "10.0.0.0/8").
		VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
		SecurityGroup("sg-home").
		SecurityGroup("sg-small", worldtest.Set("instance_limit", 1)).
		SecurityGroup("sg-large").
		Instance("i-{n}", worldtest.Count(3), worldtest.Type("ecs.four.places")).
		NetworkInterface("eni-{n}", worldtest.Count(6), worldtest.Groups("sg-small")).
		NetworkInterface("eni-large-{n}", worldtest.Count(3), worldtest.Groups("sg-large")).
		InstanceType("ecs.four.places", 4)
}

// An instance holds its place in a group until its last interface there has left it, to the microsecond, and may come back before it has.
func TestCapacityIsHeldUntilTheInstanceHasDeparted(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	l := newLaneTest(t, placesWorld(), Options{DetachDelay: time.Minute, Now: func() time.Time { return now }})
	ctx := t.Context()
	for _, s := range []struct {
		what          string
		act           func(eni, instance string) error
		eni, instance string
		passes        time.Duration
		want          error
	}{
		{what: "the one place", act: nil, eni: "eni-1", instance: "i-1"},
		{what: "a second instance", eni: "eni-2", instance: "i-2", want: SecurityGroupInstanceLimit},
		{what: "a second interface", eni: "eni-3", instance: "i-1"},
		{
			what: "one interface leaves", act: func(e, i string) error { return l.detach(ctx, e, i) }, eni: "eni-1",
			instance: "i-1", passes: time.Hour,
		},
		{what: "the instance is still in it", eni: "eni-2", instance: "i-2", want: SecurityGroupInstanceLimit},
		{
			what: "the other leaves", act: func(e, i string) error { return l.detach(ctx, e, i) }, eni: "eni-3",
			instance: "i-1", passes: time.Minute - time.Microsecond,
		},
		{what: "a microsecond before it has left", eni: "eni-2", instance: "i-2", want: SecurityGroupInstanceLimit},
		{what: "it comes back", eni: "eni-4", instance: "i-1", passes: time.Hour},
		{what: "and is there", eni: "eni-2", instance: "i-2", want: SecurityGroupInstanceLimit},
		{
			what: "it leaves again", act: func(e, i string) error { return l.detach(ctx, e, i) }, eni: "eni-4",
			instance: "i-1", passes: time.Minute,
		},
		{what: "when it has left", eni: "eni-2", instance: "i-2"},
		{what: "it would come back", eni: "eni-5", instance: "i-1", want: SecurityGroupInstanceLimit},
		{what: "an interface that is due elsewhere comes too", eni: "eni-4", instance: "i-2"},
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
	var free, leave int
	if err := l.pool.QueryRow(ctx, `
		SELECT (SELECT sum(free) FROM security_group_capacity WHERE security_group_id = 'sg-small'),
		       (SELECT count(*) FROM security_group_departures)`).
		Scan(&free, &leave); err != nil {
		t.Fatal(err)
	}
	if free != 0 || leave != 0 {
		t.Errorf("in the end: got %d free places and %d instances that leave, want none: i-2 has the place",
			free, leave)
	}
}

// Whoever holds shares of a group's places, in a transaction that does not end, does not stop others from joining, nor from leaving.
func TestJoiningAGroupDoesNotWaitForOthersWhoJoin(t *testing.T) {
	t.Parallel()
	l := newLaneTest(t, placesWorld(), Options{})
	others, err := l.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = others.Rollback(t.Context()) }()
	if _, err := others.Exec(t.Context(), `
		UPDATE security_group_capacity SET free = free - 1
		WHERE security_group_id = 'sg-large' AND share <> 3`); err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{{"eni-large-1", "i-1"}, {"eni-large-2", "i-2"}, {"eni-large-3", "i-3"}} {
		if err := l.attach(t.Context(), pair[0], pair[1]); err != nil {
			t.Errorf("%s to %s: got %v, want no error", pair[0], pair[1], err)
		}
		if err := l.detach(t.Context(), pair[0], pair[1]); err != nil {
			t.Errorf("%s from %s: got %v, want no error", pair[0], pair[1], err)
		}
	}
	var free int
	if err := others.QueryRow(t.Context(), `
		SELECT sum(free) FROM security_group_capacity WHERE security_group_id = 'sg-large'`).Scan(&free); err != nil {
		t.Fatal(err)
	}
	if got, want := free, 2000-7; got != want {
		t.Errorf("free places: got %d, want %d: all that was taken was given back, except by the others", got, want)
	}
}
