package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"enisim.alt/service/worldtest"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// violation makes a valid input violate the rule at the same position of a table.
type violation[T any] struct {
	name    string
	want    string // the code, and the arguments of the message
	violate func(*T)
}

// walkRules tests a table of rules. It violates each rule alone, and each pair of rules: the
// earlier one answers. The violation of the later rule is applied first.
func walkRules[T any](t *testing.T, rules []rule[T], valid func() T, violations []violation[T]) {
	t.Helper()
	if err := check(rules, valid()); err != nil {
		t.Fatalf("a valid request: got %v, want no error", err)
	}
	if len(violations) != len(rules) {
		t.Fatalf("violations: got %d, want %d, one for each rule", len(violations), len(rules))
	}
	answer := func(r T) string {
		for _, rule := range rules {
			if rule.violated(r) {
				var named []any
				if rule.messageArgs != nil {
					named = rule.messageArgs(r)
				}
				return fmt.Sprint(append([]any{rule.err.Code}, named...)...)
			}
		}
		return "no error"
	}
	for k, earlier := range violations {
		r := valid()
		earlier.violate(&r)
		if got := answer(r); got != earlier.want {
			t.Errorf("%s: got %s, want %s", earlier.name, got, earlier.want)
		}
		if !rules[k].violated(r) {
			t.Errorf("%s: got rule %d not violated, want it violated", earlier.name, k)
		}
		for _, later := range violations[k+1:] {
			r := valid()
			later.violate(&r)
			earlier.violate(&r)
			if got := answer(r); got != earlier.want {
				t.Errorf("%s, then %s: got %s, want %s", later.name, earlier.name, got, earlier.want)
			}
		}
	}
}

const (
	listAccount  = "1000000000000001"
	otherAccount = "1000000000000002"
)

// listWorld returns two accounts with the same resources: 25 instances with their primary
// interfaces, and 60 free interfaces.
func listWorld() *worldtest.World {
	var w worldtest.World
	for _, id := range []string{listAccount, otherAccount} {
		w.Account(id, worldtest.Set("quotas", map[string]any{"network_interfaces_per_region": 1000})).
			VPC("vpc-1", "10.0.0.0/8").
			VSwitch("vsw-1", "cn-hangzhou-h", "10.0.0.0/16").
			SecurityGroup("sg-1").
			Instance("i-{n:03}", worldtest.Count(25), worldtest.Type("ecs.g6.xlarge"), worldtest.Set("name", id)).
			NetworkInterface("eni-{n:03}-stays", worldtest.Count(60), worldtest.Set("name", id))
	}
	return &w
}

// openLists returns a service on a database with listWorld, and a pool on that database.
func openLists(t *testing.T) (*Service, *pgxpool.Pool) {
	t.Helper()
	pool := storetest.Pool(t)
	st := store.New(pool, slog.New(slog.DiscardHandler))
	worldtest.Apply(t, st, time.Now(), listWorld().String())
	return New(st, Options{}), pool
}

// wantError fails the test unless got is the API error want, with the same message.
func wantError(t *testing.T, what string, got error, want *Error) {
	t.Helper()
	var shown *Error
	if !errors.As(got, &shown) || shown.Status != want.Status || shown.Code != want.Code ||
		shown.Message != want.Message {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// many returns a list of n equal members.
func many[T any](n int, member T) []T { return slices.Repeat([]T{member}, n) }

// changingRows describes rows that are created and deleted between rows that stay.
type changingRows struct {
	// Formats of the ids: of the rows that stay, by number from 1, and of the others, by number and
	// letter of the writer.
	stable, temporary string
	count             int    // of the rows that stay, and of those that may be created
	toggle            string // inserts the row with account $1 and id $2, or deletes it if it exists
}

// walkDuringChanges reads all pages by token again and again, while other rows are created and
// deleted before, at and after the position of the reader. Each walk must contain each row that
// stays exactly once.
func walkDuringChanges(t *testing.T, pool *pgxpool.Pool, p changingRows,
	read func(PageRequest) (ids []string, next string)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var writes atomic.Int64
	writers, ctx := errgroup.WithContext(ctx)
	for offset, letter := range []string{"a", "b"} {
		writers.Go(func() error { return p.toggleRows(ctx, pool, offset, letter, &writes) })
	}
	changing := 0
	for walk := 0; walk < 5 || writes.Load() < 500 || changing == 0; walk++ {
		if ctx.Err() != nil { // a writer has failed
			break
		}
		times := map[string]int{}
		for token := ""; ; {
			ids, next := read(PageRequest{MaxResults: new(10), NextToken: token})
			for _, id := range ids {
				times[id]++
			}
			if token = next; token == "" {
				break
			}
		}
		for k := 1; k <= p.count; k++ {
			id := fmt.Sprintf(p.stable, k)
			if times[id] == 0 {
				t.Errorf("walk %d: got no %s, want it once", walk, id)
			}
			changing -= times[id]
		}
		for id, n := range times {
			changing += n
			if n > 1 {
				t.Errorf("walk %d: got %s %d times, want once", walk, id, n)
			}
		}
	}
	stop()
	if err := writers.Wait(); err != nil {
		t.Error(err)
	}
}

// toggleRows creates and deletes rows, one after the other, until ctx is done. Each writer uses a
// letter of its own.
func (p changingRows) toggleRows(ctx context.Context, pool *pgxpool.Pool, offset int, letter string,
	writes *atomic.Int64) error {
	for k := offset; ctx.Err() == nil; k += 7 {
		_, err := pool.Exec(ctx, p.toggle, listAccount, fmt.Sprintf(p.temporary, k%p.count, letter))
		if err != nil && ctx.Err() == nil {
			return err
		}
		writes.Add(1)
	}
	return nil
}
