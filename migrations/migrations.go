// Package migrations holds the schema as goose SQL files, embedded in the binary. Constraints are
// named for what they promise. It never runs anything: package store applies the files.
//
// A file is permanent once it has landed: a later change of the schema is a file of its own, with a
// test that migrates data up and down. The next number is 00020. Databases of development versions
// have the numbers up to 9 of files that were merged into the first six; they are refused.
package migrations

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"strconv"
	"strings"
)

// FS has the migrations at its root, named NNNNN_its_subject.sql.
//
//go:embed *.sql
var FS embed.FS

// Hash is a short fingerprint of all migrations: two binaries with the same hash expect the same schema.
func Hash() string {
	sum := sha256.New()
	names, err := fs.Glob(FS, "*.sql")
	if err != nil {
		panic(err) // only a malformed pattern fails, and ours is a constant
	}
	for _, name := range names {
		text, err := FS.ReadFile(name)
		if err != nil {
			panic(err) // the name was just read from the same embedded folder
		}
		sum.Write([]byte(name))
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// Newest returns the version of the newest migration.
func Newest() (version int64) {
	names, err := fs.Glob(FS, "*.sql")
	if err != nil {
		panic(err) // only a malformed pattern fails, and ours is a constant
	}
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			panic(err) // the name of a migration begins with its number
		}
		version = max(version, n)
	}
	return version
}
