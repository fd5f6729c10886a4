package load

import (
	"math"
	"math/rand/v2"
	"sort"
)

// zipf draws ranks from 0: rank k is drawn in proportion to 1/(k+1)^s. The library's Zipf needs s >
// 1, but the skew of real traffic is often smaller. With s = 0 all ranks are equally likely.
type zipf struct{ cumulative []float64 } // cumulative weights; the last is the sum

// newZipf returns a distribution of n ranks with skew s.
func newZipf(n int, s float64) zipf {
	z := zipf{make([]float64, n)}
	sum := 0.0
	for k := range n {
		sum += math.Pow(float64(k+1), -s)
		z.cumulative[k] = sum
	}
	return z
}

// draw returns a random rank.
func (z zipf) draw(r *rand.Rand) int {
	at := r.Float64() * z.cumulative[len(z.cumulative)-1]
	return min(sort.Search(len(z.cumulative), func(k int) bool { return z.cumulative[k] > at }), len(z.cumulative)-1)
}
