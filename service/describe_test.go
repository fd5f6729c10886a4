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

	"enisim/service/worldtest"
	"enisim/store"
	"enisim/store/storetest"
)

// spoiler breaks the rule that stands at its own place in a table.
type spoiler[T any] struct {
	name  string
	want  string // code, and the parameter that the message names
	spoil func(*T)
}

// walkRules spoils a good request for each rule, and for each pair of rules the later one first: the earlier one answers.
func walkRules[T any](t *testing.T, rules []rule[T], good func() T, spoilers []spoiler[T]) {
	t.Helper()
	if err := check(rules, good()); err != nil {
		t.Fatalf("a good request: got %v, want no error", err)
	}
	if len(spoilers) != len(rules) {
		t.Fatalf("got %d spoilers for %d rules, want one for each", len(spoilers), len(rules))
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
	for k, earlier := range spoilers {
		r := good()
		earlier.spoil(&r)
		if got := answer(r); got != earlier.want {
			t.Errorf("%s: got %s, want %s", earlier.name, got, earlier.want)
		}
		if !rules[k].violated(r) {
			t.Errorf("%s: does not break rule %d", earlier.name, k)
		}
		for _, later := range spoilers[k+1:] {
			r := good()
			later.spoil(&r)
			earlier.spoil(&r)
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

// listWorld has two accounts with the same resources: 25 instances with their primary interfaces, and 60 free interfaces.
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

// openLists is a service on a database with listWorld, and the pool below it.
func openLists(t *testing.T) (*Service, *pgxpool.Pool) {
	t.Helper()
	pool := storetest.Pool(t)
	st := store.New(pool, slog.New(slog.DiscardHandler))
	worldtest.Apply(t, st, time.Now(), listWorld().String())
	return New(st, Options{}), pool
}

// wantError fails the test unless an API error came, with its message filled.
func wantError(t *testing.T, what string, got error, want *Error) {
	t.Helper()
	var shown *Error
	if !errors.As(got, &shown) || *shown != *want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// many is a list of n equal members.
func many[T any](n int, member T) []T { return slices.Repeat([]T{member}, n) }

// passing are rows that come and go between those that stay.
type passing struct {
	stays, passes string // ids by number, from 1; of those that pass each writer has its own, which end with its letter
	places        int    // how many stay, and how many may come
	comeOrGo      string // inserts the row with account $1 and id $2, or deletes it where it is
}

// walkWhileOthersComeAndGo follows tokens again and again: every row that is there all the time is met once in each walk, however many others
// come and go meanwhile, before and behind the reader's place, and on it.
func walkWhileOthersComeAndGo(t *testing.T, pool *pgxpool.Pool, p passing,
	read func(PageRequest) (ids []string, next string)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var writes atomic.Int64
	writers, ctx := errgroup.WithContext(ctx)
	for offset, letter := range []string{"a", "b"} {
		writers.Go(func() error { return p.come(ctx, pool, offset, letter, &writes) })
	}
	passers := 0
	for walk := 0; walk < 5 || writes.Load() < 500 || passers == 0; walk++ {
		if ctx.Err() != nil { // a writer failed
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
		for k := 1; k <= p.places; k++ {
			id := fmt.Sprintf(p.stays, k)
			if times[id] == 0 {
				t.Errorf("walk %d: %s was skipped", walk, id)
			}
			passers -= times[id]
		}
		for id, n := range times {
			passers += n
			if n > 1 {
				t.Errorf("walk %d: %s came %d times, want once", walk, id, n)
			}
		}
	}
	stop()
	if err := writers.Wait(); err != nil {
		t.Error(err)
	}
}

// come has rows come and go, one after the other, until ctx ends. No other writer has rows of its letter.
func (p passing) come(ctx context.Context, pool *pgxpool.Pool, offset int, letter string, writes *atomic.Int64) error {
	for k := offset; ctx.Err() == nil; k += 7 {
		_, err := pool.Exec(ctx, p.comeOrGo, listAccount, fmt.Sprintf(p.passes, k%p.places, letter))
		if err != nil && ctx.Err() == nil {
			return err
		}
		writes.Add(1)
	}
	return nil
}
