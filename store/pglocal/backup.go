package pglocal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
)

// Dump writes the database enisim as it stands at one moment, in the custom format of pg_dump. Servers go
// on meanwhile.
func (s *Server) Dump(ctx context.Context, out io.Writer) error {
	cmd := s.Command(ctx, "pg_dump", "--format=custom", "--dbname="+s.URL())
	cmd.Stdout = out
	return runTool(ctx, cmd)
}

// Restore fills the database enisim, which must have no tables, from what Dump wrote. If that fails, the
// database is as empty as before.
func (s *Server) Restore(ctx context.Context, in io.Reader) error {
	cmd := s.Command(ctx, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--dbname="+s.URL())
	cmd.Stdin = in
	return runTool(ctx, cmd)
}

// maxToolMessages is the maximum length of what an error shows of the messages of a program.
const maxToolMessages = 2 << 10

// runTool runs a program of Postgres. The error has the end of its messages.
func runTool(ctx context.Context, cmd *exec.Cmd) error {
	messages := &tail{limit: maxToolMessages}
	cmd.Stderr = messages
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%s is not installed: it comes with the client programs of PostgreSQL (for example: "+
			"apt-get install postgresql-client)", cmd.Path)
	}
	return fmt.Errorf("%s: %w\n%s", cmd.Path, err, bytes.TrimSpace(messages.bytes))
}

// tail keeps the last bytes that are written to it.
type tail struct {
	limit int
	bytes []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.bytes = append(t.bytes, p...)
	t.bytes = t.bytes[max(0, len(t.bytes)-t.limit):]
	return len(p), nil
}
