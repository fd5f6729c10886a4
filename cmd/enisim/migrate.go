package main

import (
	"context"
	"fmt"

	"enisim/store"
)

type migrateCommand struct {
	Up     migrateUpCommand     `cmd:"" help:"Bring the schema up to date, as serve does at its start."`
	Down   migrateDownCommand   `cmd:"" help:"Take the newest migration back. What it holds is lost."`
	Status migrateStatusCommand `cmd:"" help:"List the migrations and whether each is applied."`
}

type migrateUpCommand struct{ databaseFlags }

// Help is shown by --help.
func (migrateUpCommand) Help() string {
	return "Example: enisim migrate up --database-url postgres://enisim:secret@db.example:5432/enisim"
}

// Run is the command.
func (c *migrateUpCommand) Run(ctx context.Context, s streams) error {
	log := warnings(s.Err)
	db, err := c.start(ctx, log)
	if err != nil {
		return err
	}
	defer db.close(ctx, log)
	if err := store.Migrate(ctx, db.url); err != nil {
		return err
	}
	fmt.Fprintln(s.Out, "the schema is up to date")
	return nil
}

type migrateDownCommand struct{ databaseFlags }

// Help is shown by --help.
func (migrateDownCommand) Help() string { return "Example: enisim migrate down --data-dir ./state" }

// Run is the command.
func (c *migrateDownCommand) Run(ctx context.Context, s streams) error {
	log := warnings(s.Err)
	db, err := c.start(ctx, log)
	if err != nil {
		return err
	}
	defer db.close(ctx, log)
	name, err := store.MigrateDown(ctx, db.url)
	switch {
	case err != nil:
		return err
	case name == "":
		fmt.Fprintln(s.Out, "no migration is applied")
	default:
		fmt.Fprintln(s.Out, "took back", name)
	}
	return nil
}

type migrateStatusCommand struct{ databaseFlags }

// Help is shown by --help.
func (migrateStatusCommand) Help() string { return "Example: enisim migrate status" }

// Run is the command.
func (c *migrateStatusCommand) Run(ctx context.Context, s streams) error {
	log := warnings(s.Err)
	db, err := c.start(ctx, log)
	if err != nil {
		return err
	}
	defer db.close(ctx, log)
	list, err := store.Migrations(ctx, db.url)
	for _, m := range list {
		state := "pending"
		if m.Applied {
			state = "applied"
		}
		fmt.Fprintf(s.Out, "%-8s %s\n", state, m.Name)
	}
	return err
}
