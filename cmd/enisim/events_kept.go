package main

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"enisim.alt/service"
	"enisim.alt/store"
)

const (
	// eventMaintenance is how often a server creates and drops partitions of events.
	eventMaintenance = time.Minute
	// eventIndexing is how often a server moves new entries of the index of events to their places.
	eventIndexing = 2 * time.Second
)

// eventFlags say which events a server records, and how long they are kept.
type eventFlags struct {
	Events         bool          `default:"true" negatable:"" help:"Record each change and refusals, for enisim events and enisim why."`
	EventsKeep     time.Duration `default:"24h" min:"1m" max:"8760h" help:"How long events are kept."`
	EventsMaxBytes int64         `default:"8589934592" min:"1048576" help:"Maximum size of the kept events on disk. The oldest are dropped first." placeholder:"BYTES"`
	RecordRefusals string        `default:"50" help:"How many refused requests of an account are recorded in a second: a number, all or none." placeholder:"N"`
}

// refusals returns how many refused requests of an account are recorded in a second.
func (f eventFlags) refusals() (int, error) {
	switch f.RecordRefusals {
	case "all":
		return service.AllRefusals, nil
	case "none":
		return 0, nil
	}
	n, err := strconv.Atoi(f.RecordRefusals)
	if err != nil || n < 0 || n == service.AllRefusals {
		return 0, fmt.Errorf("--record-refusals %s: give a number from 0, all or none", f.RecordRefusals)
	}
	return n, nil
}

// retention returns how long events are kept.
func (f eventFlags) retention() store.EventRetention {
	return store.EventRetention{Keep: f.EventsKeep, MaxBytes: f.EventsMaxBytes}
}

// maintainEvents creates and drops partitions of events. A failure is tried again a minute later: until
// then events have no partition of their own, or are kept for too long.
func (f eventFlags) maintainEvents(ctx context.Context, st *store.Store, log *slog.Logger) {
	if err := st.MaintainEvents(ctx, time.Now(), f.retention()); err != nil && ctx.Err() == nil {
		log.Warn("the partitions of events could not be changed; that is tried again in a minute", "error", err)
	}
}

// maintainEventsUntil maintains the partitions and the index of events until ctx ends.
func (f eventFlags) maintainEventsUntil(ctx context.Context, st *store.Store, log *slog.Logger) {
	ticker := time.NewTicker(eventMaintenance)
	defer ticker.Stop()
	indexing := time.NewTicker(eventIndexing)
	defer indexing.Stop()
	for {
		select {
		case <-ticker.C:
			f.maintainEvents(ctx, st, log)
		case <-indexing.C:
			if err := st.IndexEvents(ctx); err != nil && ctx.Err() == nil {
				log.Debug("the index of events keeps its new entries for longer", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}
