// Package contract holds the documented errors of each action, and whether the simulator answers them. It embeds
// them, because a fault may answer each.
package contract

import (
	"embed"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed *.tsv
var files embed.FS

// Error is a documented error.
type Error struct {
	Status  int
	Code    string
	Message string // with blanks, as a fmt format
}

// Gateway is the name of the errors that every action can answer.
const Gateway = "gateway"

// Errors returns the documented errors of an action, or of Gateway, in the order of their file. It returns none for
// an unknown action.
func Errors(action string) []Error { return all()[action] }

// Actions returns the names of the actions, sorted.
func Actions() []string {
	names := slices.Sorted(maps.Keys(all()))
	return slices.DeleteFunc(names, func(name string) bool { return name == Gateway })
}

var all = sync.OnceValue(func() map[string][]Error {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the files are embedded
	}
	errors := map[string][]Error{}
	for _, entry := range entries {
		text, err := files.ReadFile(entry.Name())
		if err != nil {
			panic(err)
		}
		action := strings.TrimSuffix(entry.Name(), ".tsv")
		for line := range strings.Lines(string(text)) {
			columns := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			if status, err := strconv.Atoi(columns[0]); err == nil { // the first line has the names of the columns
				errors[action] = append(errors[action], Error{status, columns[1], columns[2]})
			}
		}
	}
	return errors
})
