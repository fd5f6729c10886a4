// Package match compares names with what a person wrote: patterns, and words that may be misspelt.
package match

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Wildcard reports whether a text matches a pattern in which * stands for any characters.
func Wildcard(pattern, text string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	text, found := strings.CutPrefix(text, head)
	if !found {
		return false
	}
	parts := strings.Split(rest, "*")
	tail := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		i := strings.Index(text, part) // the leftmost fit leaves the most for what follows
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, tail)
}

// DidYouMean returns a hint with the candidate nearest to a misspelt word, or "" if none is near.
func DidYouMean[S ~[]string](word string, candidates S) string {
	if best := Nearest(word, candidates); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return ""
}

// Nearest returns the candidate nearest to a misspelt word, or "" if none is near.
func Nearest[S ~[]string](word string, candidates S) string {
	best, distance := Closest(word, candidates)
	if best == "" || distance > 1+len(word)/3 {
		return ""
	}
	return best
}

// Closest returns the candidate with the smallest edit distance, however far, and that distance. Of
// equals it returns the first.
func Closest[S ~[]string](word string, candidates S) (best string, distance int) {
	for _, candidate := range candidates {
		d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(candidate))
		if best == "" || d < distance {
			best, distance = candidate, d
		}
	}
	return best, distance
}
