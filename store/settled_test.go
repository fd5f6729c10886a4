package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"enisim.alt/store"
)

// statuses are the status of a row and its next status, which is "" if there is none.
type statuses struct{ now, next string }

// timesAround generates times at a base time, just before and just after it, and far from it.
func timesAround(base time.Time) *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		steps := rapid.IntRange(-2, 2).Draw(t, "steps")
		step := rapid.SampledFrom([]time.Duration{time.Microsecond, time.Second, 1000 * time.Hour}).Draw(t, "step")
		return base.Add(time.Duration(steps) * step)
	})
}

// transient returns the next status of a row and its due time, both nil for a stable status.
func transient(t *rapid.T, s statuses, base time.Time) (next *string, settlesAt *time.Time) {
	if s.next == "" {
		return nil, nil
	}
	return new(s.next), new(timesAround(base).Draw(t, "settles at"))
}

// Writers settle rows in Go, and readers settle them in SQL. Both give the same interface for every
// row at every time.
func TestGoAndSQLSettleInterfacesAlike(t *testing.T) {
	t.Parallel()
	_, pool := open(t)
	if _, err := pool.Exec(t.Context(), `
		UPDATE instance_types SET network_cards = 1
		WHERE id = (SELECT instance_type FROM instances WHERE id = 'i-1')`); err != nil {
		t.Fatal(err)
	}
	base := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.SampledFrom([]statuses{
			{"Available", ""}, {"Attaching", ""}, {"InUse", ""}, {"Detaching", ""}, {"Deleting", ""},
			{"Attaching", "InUse"}, {"Attaching", "Available"}, {"Detaching", "Available"}, {"Deleting", "Deleted"},
		}).Draw(rt, "statuses")
		stored := store.NetworkInterface{AttachableENI: store.AttachableENI{
			AccountID: account, ID: "eni-2", VPCID: "vpc-1", ZoneID: "cn-hangzhou-h", Type: store.ENISecondary,
			Status: s.now, TrafficMode: store.TrafficStandard,
		}}
		stored.NextStatus, stored.SettlesAt = transient(rt, s, base)
		if s.now != store.ENIAvailable && s.now != store.ENIDeleting {
			stored.InstanceID, stored.InstanceENIQuantity, stored.DeviceIndex = new("i-1"), new(3), new(2)
			if rapid.Bool().Draw(rt, "names a card") {
				stored.NetworkCardIndex = new(0)
			}
		}
		now := timesAround(base).Draw(rt, "now")

		row, attachment := stored.Split()
		if _, err := pool.Exec(t.Context(), `
			DELETE FROM attachments WHERE network_interface_id = 'eni-2'`); err != nil {
			rt.Fatal(err)
		}
		if _, err := pool.Exec(t.Context(), `
			UPDATE network_interfaces
			SET status = $2, next_status = $3, settles_at = $4
			WHERE account_id = $1 AND id = 'eni-2'`, account, row.Status, row.NextStatus, row.SettlesAt); err != nil {
			rt.Fatal(err)
		}
		if attachment != nil {
			insert, values := store.AttachmentsTable.InsertSQL(), store.AttachmentsTable.Values(attachment)
			if _, err := pool.Exec(t.Context(), insert, values...); err != nil {
				rt.Fatal(err)
			}
		}
		type visible struct { // the zero value: deleted
			Status           string
			InstanceID       string
			Index, CardIndex int
		}
		var got, want visible
		err := pool.QueryRow(t.Context(), `
			SELECT status, coalesce(instance_id, ''), coalesce(device_index, -1), coalesce(network_card_index, -1)
			FROM settled_network_interfaces($2) WHERE account_id = $1 AND id = 'eni-2'`, account, now).
			Scan(&got.Status, &got.InstanceID, &got.Index, &got.CardIndex)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			rt.Fatal(err)
		}
		if settled := stored.Settled(now); settled.Status != store.ENIDeleted {
			want = visible{
				settled.Status, valueOr(settled.InstanceID, ""), valueOr(settled.DeviceIndex, -1),
				valueOr(settled.NetworkCardIndex, -1),
			}
		}
		if got != want {
			rt.Errorf("%s with next status %q due at %v, read at %v:\ngot from SQL %+v\nwant as in Go %+v",
				s.now, s.next, stored.SettlesAt, now, got, want)
		}
	})
}

// Settling in Go and in SQL gives the same status for every instance at every time.
func TestGoAndSQLSettleInstancesAlike(t *testing.T) {
	t.Parallel()
	_, pool := open(t)
	base := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.SampledFrom([]statuses{
			{"Pending", ""}, {"Starting", ""}, {"Running", ""}, {"Stopping", ""}, {"Stopped", ""},
			{"Pending", "Running"}, {"Pending", "Stopped"}, {"Pending", "Starting"}, {"Starting", "Running"},
			{"Starting", "Stopped"}, {"Stopping", "Stopped"},
		}).Draw(rt, "statuses")
		stored := store.Instance{AttachableInstance: store.AttachableInstance{Status: s.now}}
		stored.NextStatus, stored.SettlesAt = transient(rt, s, base)
		if s.next == store.InstanceStarting {
			stored.RunningAt = new(stored.SettlesAt.Add(time.Duration(rapid.IntRange(0, 2).Draw(rt,
				"starting for")) * time.Second))
			stored.StartFails = rapid.Bool().Draw(rt, "fails")
			if !stored.StartFails && rapid.Bool().Draw(rt, "never runs") {
				stored.RunningAt = new(store.Never)
			}
		}
		now := timesAround(base).Draw(rt, "now")
		if _, err := pool.Exec(t.Context(), `
			UPDATE instances SET status = $2, next_status = $3, settles_at = $4, running_at = $5, start_fails = $6
			WHERE account_id = $1 AND id = 'i-1'`,
			account, stored.Status, stored.NextStatus, stored.SettlesAt, stored.RunningAt,
			stored.StartFails); err != nil {
			rt.Fatal(err)
		}
		var got string
		if err := pool.QueryRow(t.Context(), `
			SELECT status FROM settled_instances($2)
			WHERE account_id = $1 AND id = 'i-1'`, account, now).Scan(&got); err != nil {
			rt.Fatal(err)
		}
		if want := stored.Settled(now).Status; got != want {
			rt.Errorf("%s with next status %q due at %v, read at %v: got %s from SQL, want %s as in Go",
				s.now, s.next, stored.SettlesAt, now, got, want)
		}
	})
}

// valueOr returns the value of a pointer, or absent for nil.
func valueOr[T any](p *T, absent T) T {
	if p == nil {
		return absent
	}
	return *p
}
