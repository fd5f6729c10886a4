package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The tables of lives, of lists, of the mixed load, of rules and of observation are printed without an error,
// here in small worlds.
func TestTablesArePrinted(t *testing.T) {
	t.Parallel()
	if _, err := findPgbench(); err != nil {
		t.Skip(err)
	}
	b, err := newBench(t.Context(), 50*time.Millisecond, sizes{lifeClients: []int{1, deletionClients},
		clients: deletionClients, launched: 3, interfaces: 600, delay: 50 * time.Millisecond, rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	b.before = earlier{program: b.enisim, name: "the same build"}
	t.Cleanup(func() {
		if err := b.close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for _, tables := range []struct {
		name  string
		print func(context.Context) error
	}{{"life", b.lifeTables}, {"lists", b.listsTables}, {"mixed", b.mixedTable}, {"disturbed", b.disturbedTables},
		{"observed", b.observedTable}} {
		t.Run(tables.name, func(t *testing.T) {
			t.Parallel()
			if err := tables.print(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A figure is judged by its target, and the largest memory of a run is the one that counts.
func TestResultsAreJudged(t *testing.T) {
	t.Parallel()
	b := &bench{}
	b.recordRatio("attach-64", "ops/s", 9000, 2.9)
	b.recordRatio("attach-1-p50", "ms", 0.4, 1.5)
	b.record("assign-64", "ops/s", 2500)
	b.record("create-400", "answers 503", 1)
	b.record("life", "nodes/min", 1653)
	for _, mib := range []float64{120, 150, 140} {
		b.recordMemory(mib)
	}
	path := filepath.Join(t.TempDir(), resultsFile)
	if err := b.writeResults(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var read results
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range read.Rows {
		got[r.Name] += fmt.Sprint(r.Value, " ")
		if r.Reached != nil {
			got[r.Name] += fmt.Sprint(*r.Reached)
		}
	}
	if want := map[string]string{
		"attach-64": "9000 false", "attach-1-p50": "0.4 true", "assign-64": "2500 true", "create-400": "1 false",
		"life": "1653 ", "memory": "150 true",
	}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
