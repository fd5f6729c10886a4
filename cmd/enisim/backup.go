package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"enisim.alt/store"
	"enisim.alt/store/pglocal"
)

// privateFlags select the private Postgres of a folder. Existing databases have tools of their own.
type privateFlags struct {
	DataDir string `help:"Folder of the private Postgres (default: a folder for this user's state)." placeholder:"DIR"`
}

// database returns the flags of the database in the folder.
func (f privateFlags) database() databaseFlags { return databaseFlags{DataDir: f.DataDir} }

type backupCommand struct {
	privateFlags
	File string `arg:"" help:"File to write. An older one of the name is replaced."`
}

// Help returns the text of --help.
func (*backupCommand) Help() string {
	return `The whole database as it stands at one moment: all accounts, keys and events. Requests go on meanwhile. The
file is in the custom format of pg_dump, and only its owner may read it, because it has the secrets of keys. For a
database of --database-url use pg_dump, or the archive of its operator.

Example:

    enisim backup world.backup`
}

// Run runs the command. An interrupted backup leaves the older file as it was.
func (c *backupCommand) Run(ctx context.Context, s streams) error {
	return c.database().withoutMigration(ctx, s, existingOnly, func(db *database) error {
		// First write a file beside the final one, and then rename it.
		file, err := os.CreateTemp(filepath.Dir(c.File), "."+filepath.Base(c.File)+"-") // mode 0600
		if err != nil {
			return fmt.Errorf("make the backup: %w", err)
		}
		defer os.Remove(file.Name()) // fails after the rename
		err = db.local.Dump(ctx, file)
		size, sizeErr := file.Seek(0, io.SeekCurrent)
		if err := errors.Join(err, sizeErr, file.Sync(), file.Close()); err != nil {
			return fmt.Errorf("make the backup: %w", err)
		}
		if err := os.Rename(file.Name(), c.File); err != nil {
			return fmt.Errorf("make the backup: %w", err)
		}
		fmt.Fprintf(s.Out, "%s has %d bytes\n", c.File, size)
		return nil
	})
}

type restoreCommand struct {
	privateFlags
	File string `arg:"" help:"File that enisim backup has written."`
}

// Help returns the text of --help.
func (*restoreCommand) Help() string {
	return `The folder must have no world yet: an older one is never overwritten. A backup of an older version gets the
present schema. If the restoration fails, the folder has no world, as before.

Example:

    enisim restore world.backup --data-dir ./restored`
}

// Run runs the command.
func (c *restoreCommand) Run(ctx context.Context, s streams) error {
	// First make sure that there is no world. A folder whose restoration failed has an empty database.
	dir := c.DataDir
	if dir == "" {
		var err error
		if dir, err = pglocal.DefaultDataDir(); err != nil {
			return err
		}
	}
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	log := warningLogger(s.Err)
	db, err := databaseFlags{DataDir: dir}.start(ctx, log)
	if err != nil {
		return err
	}
	defer db.close(ctx, log)
	has, err := store.HasSchema(ctx, db.url)
	switch {
	case err != nil:
		return err
	case has:
		return fmt.Errorf("there is a world in %s already, and it is not overwritten: name another folder with "+
			"--data-dir", dir)
	}
	// Then restore, and bring the schema up to date.
	if err := db.local.Restore(ctx, file); err != nil {
		return fmt.Errorf("restore %s: %w", c.File, err)
	}
	if err := store.Migrate(ctx, db.url); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "restored %s to %s; enisim verify --data-dir %[2]s examines it\n", c.File, dir)
	return nil
}
