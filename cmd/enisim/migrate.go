package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"enisim.alt/store"
)

type migrateCommand struct {
	Up     migrateUpCommand     `cmd:"" help:"Bring the schema up to date, as serve does at its start."`
	Down   migrateDownCommand   `cmd:"" help:"Revert the newest migration. The data in its tables and columns is lost."`
	Status migrateStatusCommand `cmd:"" help:"List the migrations and whether each is applied."`
}

type migrateUpCommand struct{ databaseFlags }

// Help returns the text of --help.
func (*migrateUpCommand) Help() string {
	return `Example:

    enisim migrate up --database-url postgres://enisim:secret@db.example:5432/enisim`
}

// Run runs the command.
func (c *migrateUpCommand) Run(ctx context.Context, s streams) error {
	return c.withoutMigration(ctx, s, mayCreate, func(db *database) error {
		if err := store.Migrate(ctx, db.url); err != nil {
			return err
		}
		fmt.Fprintln(s.Out, "the schema is up to date")
		return nil
	})
}

type migrateDownCommand struct {
	databaseFlags
	Yes bool `env:"ENISIM_MIGRATE_DOWN_YES" help:"Do it without asking."`
}

// Help returns the text of --help.
func (*migrateDownCommand) Help() string {
	return `Without --yes it asks, where a person can answer.

Example:

    enisim migrate down --data-dir ./state --yes`
}

// Run runs the command.
func (c *migrateDownCommand) Run(ctx context.Context, s streams) error {
	return c.withoutMigration(ctx, s, existingOnly, func(db *database) error {
		if err := c.confirm(ctx, s, db); err != nil {
			return err
		}
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
	})
}

// confirm asks whether the newest migration, with its data, may be reverted. Without a terminal it
// needs --yes.
func (c *migrateDownCommand) confirm(ctx context.Context, s streams, db *database) error {
	if c.Yes {
		return nil
	}
	// First find the newest migration.
	list, err := store.Migrations(ctx, db.url)
	if err != nil {
		return err
	}
	newest := ""
	for _, m := range list {
		if m.Applied {
			newest = m.Name
		}
	}
	if newest == "" {
		return nil
	}
	// Then ask, if somebody can answer.
	if in, isFile := s.In.(*os.File); !isFile || !term.IsTerminal(int(in.Fd())) {
		return usageError{fmt.Errorf("this takes back %s in %s, and what it holds is lost: say --yes if that is meant",
			newest, db.description())}
	}
	fmt.Fprintf(s.Err, "Take back %s in %s? What it holds is lost. [y/N] ", newest, db.description())
	answer, err := bufio.NewReader(s.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}

type migrateStatusCommand struct{ databaseFlags }

// Help returns the text of --help.
func (*migrateStatusCommand) Help() string {
	return `Example:

    enisim migrate status`
}

// Run runs the command.
func (c *migrateStatusCommand) Run(ctx context.Context, s streams) error {
	return c.withoutMigration(ctx, s, existingOnly, func(db *database) error {
		list, err := store.Migrations(ctx, db.url)
		for _, m := range list {
			state := "pending"
			if m.Applied {
				state = "applied"
			}
			fmt.Fprintf(s.Out, "%-8s %s\n", state, m.Name)
		}
		return err
	})
}
