package load

import (
	"math"
	"math/rand/v2"
	"sort"
)

// zipf draws ranks, of which rank k (from 0) comes in proportion to 1/(k+1)^s. The library's Zipf wants s > 1, and the skew of real traffic is often less;
// s = 0 draws all alike.
type zipf struct{ upTo []float64 } // cumulated; the last is the sum

func newZipf(n int, s float64) zipf {
	z := zipf{make([]float64, n)}
	sum := 0.0
	for k := range n {
		sum += math.Pow(float64(k+1), -s)
		z.upTo[k] = sum
	}
	return z
}

func (z zipf) draw(r *rand.Rand) int {
	at := r.Float64() * z.upTo[len(z.upTo)-1]
	return min(sort.Search(len(z.upTo), func(k int) bool { return z.upTo[k] > at }), len(z.upTo)-1)
}
