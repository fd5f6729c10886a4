package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"

	"enisim.alt/store"
	"enisim.alt/store/pglocal"
)

// databaseFlags select the database of a command: an existing Postgres, or the private one in a
// folder.
type databaseFlags struct {
	DatabaseURL string `help:"Postgres to use, as postgres://user:password@host:port/database. Of several hosts (host:port,host:port) the primary is used, also after a failover. Without it, enisim runs a private one." placeholder:"URL"`
	DataDir     string `help:"Folder of the private Postgres and of the server's own files (default: a folder for this user's state)." placeholder:"DIR"`
}

// Validate returns an error for an invalid URL. It does not connect.
func (f databaseFlags) Validate() error {
	if f.DatabaseURL == "" {
		return nil
	}
	if _, err := store.Config(f.DatabaseURL); err != nil {
		return fmt.Errorf("--database-url is no address of a Postgres: %w (give it as "+
			"postgres://user:password@host:port/database)", err)
	}
	return nil
}

// database is an open database whose schema is up to date.
type database struct {
	url   string
	local *pglocal.Server // nil if a URL was given
	dir   string          // data folder of local
	store *store.Store
}

// stopTimeout limits the shutdown of a private Postgres.
const stopTimeout = 30 * time.Second

// start starts the private Postgres if no URL is given. It does not change the schema.
func (f databaseFlags) start(ctx context.Context, log *slog.Logger) (*database, error) {
	if f.DatabaseURL != "" {
		return &database{url: f.DatabaseURL}, nil
	}
	dir := f.DataDir
	if dir == "" {
		var err error
		if dir, err = pglocal.DefaultDataDir(); err != nil {
			return nil, err
		}
	}
	local, err := pglocal.Start(ctx, pglocal.Options{DataDir: dir, Logger: log})
	if err != nil {
		return nil, err
	}
	return &database{url: local.URL(), local: local, dir: dir}, nil
}

// open starts the database, migrates its schema and connects to it.
func (f databaseFlags) open(ctx context.Context, log *slog.Logger) (*database, error) {
	return f.openTraced(ctx, log, nil)
}

// openTraced opens a database whose transactions are traced. A nil provider makes no traces.
func (f databaseFlags) openTraced(
	ctx context.Context, log *slog.Logger, provider trace.TracerProvider,
) (*database, error) {
	db, err := f.start(ctx, log)
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx, db.url); err != nil {
		db.close(ctx, log)
		return nil, err
	}
	if db.store, err = store.Open(ctx, db.url, log, store.Traced(provider)); err != nil {
		db.close(ctx, log)
		return nil, err
	}
	return db, nil
}

// close closes the connections. The last process that uses a private Postgres stops it, even if ctx
// has ended.
func (db *database) close(ctx context.Context, log *slog.Logger) {
	if db.store != nil {
		db.store.Close()
	}
	if db.local == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := db.local.Stop(ctx); err != nil {
		log.Error("the private Postgres did not stop; the next start will use it as it is", "error", err)
	}
}

// description returns which database it is, for messages.
func (db *database) description() string {
	if db.local == nil {
		return "the database of --database-url"
	}
	return "private Postgres in " + db.dir
}
