package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// postmaster is the process id of the parent of all processes of Postgres.
type postmaster int

// findPostmaster returns the parent of the processes that serve the database at a URL.
func findPostmaster(ctx context.Context, url string) (_ postmaster, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var backend int
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		return 0, err
	}
	p, err := readProcess(filepath.Join("/proc", strconv.Itoa(backend), "stat"))
	return postmaster(p.parent), err
}

// processorTime returns the processor time of Postgres so far: of the postmaster, of its processes,
// and of those that have ended.
func (p postmaster) processorTime() (time.Duration, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, file := range files {
		process, err := readProcess(file)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, errEnded): // its parent has its time
		case err != nil:
			return 0, err
		case process.id == int(p):
			sum += process.own + process.ended
		case process.parent == int(p):
			sum += process.own
		}
	}
	return sum, nil
}

// process is a process of this machine.
type process struct {
	id, parent int
	own        time.Duration // its processor time
	ended      time.Duration // that of its children that have ended
}

// errEnded is returned when a process has ended while its file was read.
var errEnded = errors.New("the process has ended")

// readProcess reads a process from its file /proc/<id>/stat. The fields after the name, which is in
// parentheses, are numbered from 3 in proc(5).
func readProcess(file string) (p process, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		if strings.Contains(err.Error(), "no such process") {
			err = errEnded
		}
		return p, err
	}
	end := strings.LastIndexByte(string(text), ')')
	fields := strings.Fields(string(text[end+1:]))
	if len(fields) < 15 {
		return p, fmt.Errorf("%s: %q is not the line of a process", file, text)
	}
	field := func(number int) int {
		n, invalid := strconv.Atoi(fields[number-3])
		err = errors.Join(err, invalid)
		return n
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100
	p.parent = field(4)
	p.own = time.Duration(field(14)+field(15)) * tick
	p.ended = time.Duration(field(16)+field(17)) * tick
	p.id, _ = strconv.Atoi(filepath.Base(filepath.Dir(file)))
	return p, err
}
