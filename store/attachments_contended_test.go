package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"enisim.alt/store"
)

// contendedWorld changes the small world so that an attach of eni-2 to i-1 depends on further rows:
// a group that the instance is about to leave, and eni-1 in it, whose detach is due at
// contendedNow.
const contendedWorld = `
UPDATE attachments SET status = 'Detaching', next_status = 'Available', settles_at = '2026-11-22 10:00Z'
WHERE network_interface_id = 'eni-1';
INSERT INTO network_interface_security_groups (account_id, network_interface_id, security_group_id, vpc_id, position)
VALUES ('1000000000000001', 'eni-2', 'sg-1', 'vpc-1', 1);
INSERT INTO security_group_departures (account_id, security_group_id, instance_id, due_at)
VALUES ('1000000000000001', 'sg-1', 'i-1', '2026-11-22 10:00Z')`

var contendedNow = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// errRollBack rolls back a transaction that only reads.
var errRollBack = errors.New("looked")

// A batch skips each row that another transaction has locked, and its scene names that row. This
// holds for every kind of row that an attach needs. If the batch waited, it would end with the lock
// timeout.
func TestABatchSkipsLockedRowsAndNamesThem(t *testing.T) {
	t.Parallel()
	id := func(id string) store.ResourceID { return store.ResourceID{AccountID: account, ID: id} }
	for _, c := range []struct {
		name, lock string
		want       *store.Row
		prepare    string
	}{
		{"nothing", `SELECT 1`, nil, ""},
		{
			"the instance", `SELECT FROM instances WHERE id = 'i-1' FOR NO KEY UPDATE`,
			&store.Row{Kind: store.InstanceRow, ResourceID: id("i-1")}, "",
		},
		{
			"the interface", `SELECT FROM network_interfaces WHERE id = 'eni-2' FOR NO KEY UPDATE`,
			&store.Row{Kind: store.NetworkInterfaceRow, ResourceID: id("eni-2")}, "",
		},
		{
			"a deleter of the interface", `DELETE FROM network_interfaces WHERE id = 'eni-2'`,
			&store.Row{Kind: store.NetworkInterfaceRow, ResourceID: id("eni-2")}, "",
		},
		{
			"the group", `SELECT FROM security_groups WHERE id = 'sg-1' FOR UPDATE`,
			&store.Row{Kind: store.SecurityGroupRow, ResourceID: id("sg-1")}, "",
		},
		{
			"the group's capacity",
			`SELECT FROM security_group_capacity WHERE security_group_id = 'sg-1' FOR NO KEY UPDATE`,
			&store.Row{Kind: store.SecurityGroupRow, ResourceID: id("sg-1")},
			`DELETE FROM security_group_departures`,
		},
		{
			"a departure of the instance", `SELECT FROM security_group_departures WHERE instance_id = 'i-1' FOR UPDATE`,
			&store.Row{Kind: store.SecurityGroupRow, ResourceID: id("sg-1")}, "",
		},
		{
			"an interface that has left", `SELECT FROM network_interfaces WHERE id = 'eni-1' FOR NO KEY UPDATE`,
			&store.Row{Kind: store.NetworkInterfaceRow, ResourceID: id("eni-1")}, "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, pool := open(t)
			if _, err := pool.Exec(t.Context(), contendedWorld+";"+c.prepare); err != nil {
				t.Fatal(err)
			}
			holder, err := pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = holder.Rollback(context.WithoutCancel(t.Context())) }()
			if _, err := holder.Exec(t.Context(), c.lock); err != nil {
				t.Fatal(err)
			}
			err = s.InTx(t.Context(), func(tx *store.Tx) error {
				rows, err := tx.LockForAttachments(t.Context(), []store.Attachment{toAttach}, false)
				if err != nil {
					return err
				}
				rows.At(func(string) time.Time { return contendedNow })
				scene := rows.Scene(toAttach)
				switch {
				case (scene.Contended == nil) != (c.want == nil):
					t.Errorf("contended: got %v, want %v", scene.Contended, c.want)
				case c.want != nil && *scene.Contended != *c.want:
					t.Errorf("contended: got %v, want %v", *scene.Contended, *c.want)
				}
				return errRollBack
			})
			if !errors.Is(err, errRollBack) {
				t.Errorf("got %v, want errRollBack", err)
			}
		})
	}
}

// A named row that does not exist is missing, not contended: the caller gets "not found" and no
// retry.
func TestAMissingRowIsNotContended(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	missing := store.Attachment{
		AccountID: account, RegionID: "cn-hangzhou", InstanceID: "i-none", NetworkInterfaceID: "eni-none",
	}
	if err := s.InTx(t.Context(), func(tx *store.Tx) error {
		_, scene, err := lockAttachment(t.Context(), tx, missing, false)
		if err != nil {
			return err
		}
		if scene.Contended != nil || scene.Instance != nil || scene.ENI != nil {
			t.Errorf("got %+v, want no instance, no interface, and no contended row", scene)
		}
		return errRollBack
	}); !errors.Is(err, errRollBack) {
		t.Errorf("got %v, want errRollBack", err)
	}
}
