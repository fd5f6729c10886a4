package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"enisim.alt/service/match"
)

// Problem is one mistake in a scenario file.
type Problem struct {
	File         string
	Line, Column int // from 1; 0 for what is said of the file as a whole
	Message      string
	Hint         string // how to mend it, where more can be said than Message does
}

func (p Problem) String() string {
	if p.Line == 0 { // of the file as a whole
		return p.File + ": " + p.Message
	}
	text := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	if p.Hint != "" {
		text += "; " + p.Hint
	}
	return text
}

// Problems is the error for a file that cannot be applied. It has all problems, in the order of
// their lines.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// position is a place in the file.
type position struct {
	line, column int
}

// report collects the problems of a file. An entry that expands to thousands of resources may have
// the same problem thousands of times. Therefore problems with the same position and format are
// reported once, with a count.
type report struct {
	beyondLimits bool // a limit of the caller was exceeded
	incomplete   bool // a part of the file is not understood: see addReference
	file         string
	found        []*finding
	index        map[findingKey]*finding
	more         int // problems beyond maxProblems
	hintCost     int // pairs of a character and a candidate so far
}

// Bounds of the messages about a file with very many problems.
const (
	maxProblems   = 200
	maxMessage    = 1000      // bytes
	maxHintCost   = 2_000_000 // of all hints that look for a similar word: some tenths of a second
	maxHintWord   = 64        // bytes of a word that similar ones are looked for
	maxCandidates = 10_000    // among which they are
)

type findingKey struct {
	at     position
	format string
}

type finding struct {
	Problem
	repeated int
}

// add records a problem. The format identifies the kind of problem, so it must be a constant.
func (r *report) add(at position, hint, format string, args ...any) {
	key := findingKey{at, format}
	if known := r.index[key]; known != nil {
		known.repeated++
		return
	}
	if r.isFull() {
		r.more++
		return
	}
	f := &finding{
		Problem: Problem{
			File:    r.file,
			Line:    at.line,
			Column:  at.column,
			Message: truncate(fmt.Sprintf(format, args...)),
			Hint:    truncate(hint),
		},
	}
	if r.index == nil {
		r.index = map[findingKey]*finding{}
	}
	r.index[key] = f
	r.found = append(r.found, f)
}

// addReference records a reference without a target. It does nothing if a part of the file could
// not be read: the target may be there, and that part is already a problem.
func (r *report) addReference(at position, hint, format string, args ...any) {
	if !r.incomplete {
		r.add(at, hint, format, args...)
	}
}

// isReported reports whether a problem of this kind is recorded for the position. Then its hint,
// which may be costly, is not needed.
func (r *report) isReported(at position, format string) bool {
	return r.index[findingKey{at, format}] != nil
}

// isFull reports whether further problems are only counted.
func (r *report) isFull() bool { return len(r.found) >= maxProblems }

// hint returns the hint of find, which compares a word with the given number of candidates. It
// returns "" if that would cost too much.
func (r *report) hint(word string, candidates int, find func() string) string {
	if r.isFull() || len(word) > maxHintWord || candidates > maxCandidates {
		return ""
	}
	if r.hintCost += len(word) * candidates; r.hintCost > maxHintCost {
		return ""
	}
	return find()
}

// suggest is match.DidYouMean for the keys of a map.
func suggest[V any](r *report, word string, known map[string]V) string {
	return r.hint(word, len(known), func() string { return match.DidYouMean(word, sortedKeys(known)) })
}

// truncate shortens a text that is too long to be read.
func truncate(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage], "") + "..."
}

// err returns the Problems, or nil if there are none.
//
// The error wraps ErrBeyondLimits if larger limits might have let the file pass.
func (r *report) err() error {
	if len(r.found) == 0 {
		return nil
	}
	problems := make(Problems, 0, len(r.found))
	for _, f := range r.found {
		if f.repeated > 0 {
			f.Message += fmt.Sprintf(" (and %d more like it)", f.repeated)
		}
		problems = append(problems, f.Problem)
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if r.more > 0 {
		problems = append(
			problems,
			Problem{File: r.file, Message: fmt.Sprintf("and at least %d more problems", r.more)},
		)
	}
	if r.beyondLimits {
		return problemsBeyondLimits{problems}
	}
	return problems
}

// problemsBeyondLimits are the Problems of a file that is larger than its Limits allow.
type problemsBeyondLimits struct{ Problems }

func (p problemsBeyondLimits) Unwrap() []error { return []error{p.Problems, ErrBeyondLimits} }
