package scenario

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// didYouMean suggests the candidate that a misspelt word is nearest to, or nothing if none is near.
func didYouMean[S ~[]string](word string, candidates S) string {
	best, distance := nearest(word, candidates)
	if best == "" || distance > 1+len(word)/3 {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// didYouMeanKey is didYouMean for keys, of which there are few enough to list them all when none is near.
func didYouMeanKey(word string, known []string) string {
	if hint := didYouMean(word, known); hint != "" {
		return hint
	}
	if len(known) == 1 {
		return fmt.Sprintf("the only key there is %q", known[0])
	}
	best, _ := nearest(word, known)
	return fmt.Sprintf("the nearest known key is %q, all of them are %s", best, strings.Join(known, ", "))
}

// nearest is the candidate with the smallest edit distance, the first of equals.
func nearest(word string, candidates []string) (best string, distance int) {
	for _, candidate := range candidates {
		if d := editDistance(strings.ToLower(word), strings.ToLower(candidate)); best == "" || d < distance {
			best, distance = candidate, d
		}
	}
	return best, distance
}

// editDistance counts the insertions, deletions and substitutions between two words (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0] // the distance of a[:i] and b[:j]
		row[0] = i + 1
		for j := range len(b) {
			substituted := diagonal
			if a[i] != b[j] {
				substituted++
			}
			diagonal = row[j+1]
			row[j+1] = min(substituted, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// sortedKeys lists a map's keys in order, so that hints do not change from run to run.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
