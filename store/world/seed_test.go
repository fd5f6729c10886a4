package world_test

import (
	"reflect"
	"testing"
	"time"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
	"enisim.alt/store/world"
)

// Seed keeps the rows of accounts that exist, and creates the others. Of several processes that
// seed at the same time, exactly one creates an account.
func TestSeedCreatesOnlyMissingAccounts(t *testing.T) {
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
	created := 0
	for range processes {
		switch got := <-outcomes; {
		case got.err != nil:
			t.Error(got.err)
		case reflect.DeepEqual(got.seeded, world.Seeded{New: []string{second}, Kept: []string{first}}):
			created++
		case !reflect.DeepEqual(got.seeded, world.Seeded{Kept: []string{first, second}}):
			t.Errorf("got %+v, want the second account new or kept", got.seeded)
		}
	}
	if created != 1 {
		t.Errorf("processes that created the second account: got %d, want 1", created)
	}
	accounts, err := st.ListAccounts(t.Context(), now)
	if err != nil || len(accounts) != 2 || accounts[0].Name != "changed since" {
		t.Errorf("got %+v, %v; want two accounts, the first unchanged", accounts, err)
	}
	again, err := world.Read(t.Context(), st, []string{second}, now)
	if err != nil || len(again.NetworkInterfaces) != len(other.NetworkInterfaces) ||
		len(again.Instances) != len(other.Instances) {
		t.Errorf("got %+v, %v; want the second account with all of its rows", again, err)
	}
}

// Seed omits every row of an account that it keeps. The test fails if a kind of rows is added to
// World and not to without.
func TestSeedOmitsAllRowsOfAKeptAccount(t *testing.T) {
	t.Parallel()
	w := &world.World{}
	value := reflect.ValueOf(w).Elem()
	id := store.ResourceID{AccountID: "a", ID: "x"}
	for _, field := range value.Fields() {
		switch field.Kind() {
		case reflect.Slice:
			row := reflect.New(field.Type().Elem()).Elem()
			for _, name := range []string{"AccountID", "OwnerID"} {
				switch owner := row.FieldByName(name); owner.Kind() {
				case reflect.String:
					owner.SetString("a")
				case reflect.Pointer:
					owner.Set(reflect.ValueOf(new("a")))
				}
			}
			if account, ok := reflect.TypeAssert[store.Account](row); ok {
				account.ID = "a"
				row.Set(reflect.ValueOf(account))
			}
			field.Set(reflect.Append(field, row))
		case reflect.Map:
			if field.Type().Elem() == reflect.TypeFor[world.Clock]() {
				field.Set(reflect.ValueOf(map[string]world.Clock{"a": {Rate: 10}}))
			} else {
				field.Set(reflect.ValueOf(map[store.ResourceID]time.Duration{id: time.Second}))
			}
		}
	}
	rest := reflect.ValueOf(world.Without(w, "a")).Elem()
	for i := range rest.NumField() {
		name := rest.Type().Field(i).Name
		if shared := name == "Regions" || name == "Zones"; (rest.Field(i).Len() == 1) != shared {
			t.Errorf("%s: got %d rows without the account, want any: %t", name, rest.Field(i).Len(), shared)
		}
		if value.Field(i).Len() != 1 {
			t.Errorf("%s of the world itself: got %d rows, want 1", name, value.Field(i).Len())
		}
	}
}
