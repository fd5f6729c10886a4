package main

import (
	"context"
	"testing"
	"time"
)

// The tables of lives, of lists and of the mixed load are printed without an error, here in small
// worlds.
func TestTablesArePrinted(t *testing.T) {
	t.Parallel()
	if _, err := findPgbench(); err != nil {
		t.Skip(err)
	}
	b, err := newBench(t.Context(), 50*time.Millisecond, sizes{lifeClients: []int{1, deletionClients},
		clients: deletionClients, launched: 3, interfaces: 600, delay: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for _, tables := range []struct {
		name  string
		print func(context.Context) error
	}{{"life", b.lifeTables}, {"lists", b.listsTables}, {"mixed", b.mixedTable}} {
		t.Run(tables.name, func(t *testing.T) {
			t.Parallel()
			if err := tables.print(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
