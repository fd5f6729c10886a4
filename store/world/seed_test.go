package world_test

import (
	"reflect"
	"testing"
	"time"

	"enisim/store"
	"enisim/store/storetest"
	"enisim/store/world"
)

// Accounts that exist keep what they have, and the others are made, also when processes seed at the same time.
func TestSeed(t *testing.T) {
	t.Parallel()
	const first, second = "1000000000000001", "1000000000000002"
	pool := storetest.Pool(t)
	st := newStore(pool)
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	if _, err := world.Apply(t.Context(), st, smallWorld(first), now); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE accounts SET name = 'changed since'`); err != nil {
		t.Fatal(err)
	}
	both, other := smallWorld(first), smallWorld(second)
	other.AccessKeys[0].ID = "LTAI2"
	to, from := reflect.ValueOf(both).Elem(), reflect.ValueOf(other).Elem()
	for i := range to.NumField() {
		if field := to.Field(i); field.Kind() == reflect.Slice {
			field.Set(reflect.AppendSlice(field, from.Field(i)))
		}
	}

	type outcome struct {
		seeded world.Seeded
		err    error
	}
	const processes = 4
	outcomes := make(chan outcome, processes)
	for range processes {
		go func() {
			seeded, err := world.Seed(t.Context(), st, both, now, nil)
			outcomes <- outcome{seeded, err}
		}()
	}
	made := 0
	for range processes {
		switch got := <-outcomes; {
		case got.err != nil:
			t.Error(got.err)
		case reflect.DeepEqual(got.seeded, world.Seeded{New: []string{second}, Kept: []string{first}}):
			made++
		case !reflect.DeepEqual(got.seeded, world.Seeded{Kept: []string{first, second}}):
			t.Errorf("got %+v, want the second account made or found", got.seeded)
		}
	}
	if made != 1 {
		t.Errorf("%d processes made the second account, want 1", made)
	}
	accounts, err := st.ListAccounts(t.Context(), now)
	if err != nil || len(accounts) != 2 || accounts[0].Name != "changed since" {
		t.Errorf("got %+v, %v; want two accounts, the first as it was", accounts, err)
	}
	again, err := world.Read(t.Context(), st, []string{second}, now)
	if err != nil || len(again.NetworkInterfaces) != len(other.NetworkInterfaces) ||
		len(again.Instances) != len(other.Instances) {
		t.Errorf("got %+v, %v; want the second account with all of its rows", again, err)
	}
}

// TestSeedForgetsNoRows fails when a kind of rows is added to World and not to without.
func TestSeedForgetsNoRows(t *testing.T) {
	t.Parallel()
	w := &world.World{}
	value := reflect.ValueOf(w).Elem()
	id := store.ResourceID{AccountID: "a", ID: "x"}
	for _, field := range value.Fields() {
		switch field.Kind() {
		case reflect.Slice:
			row := reflect.New(field.Type().Elem()).Elem()
			for _, name := range []string{"AccountID", "OwnerID"} {
				if owner := row.FieldByName(name); owner.IsValid() {
					owner.SetString("a")
				}
			}
			if account, ok := reflect.TypeAssert[store.Account](row); ok {
				account.ID = "a"
				row.Set(reflect.ValueOf(account))
			}
			field.Set(reflect.Append(field, row))
		case reflect.Map:
			field.Set(reflect.ValueOf(map[store.ResourceID]time.Duration{id: time.Second}))
		}
	}
	rest := reflect.ValueOf(world.Without(w, "a")).Elem()
	for i := range rest.NumField() {
		name := rest.Type().Field(i).Name
		if shared := name == "Regions" || name == "Zones"; (rest.Field(i).Len() == 1) != shared {
			t.Errorf("%s: %d rows are left without their account", name, rest.Field(i).Len())
		}
		if value.Field(i).Len() != 1 {
			t.Errorf("%s: the world itself has changed", name)
		}
	}
}
