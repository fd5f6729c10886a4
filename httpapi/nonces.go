package httpapi

import (
	"hash/maphash"
	"sync"
	"time"
)

// How nonces are remembered: each for at least nonceTime, unless mostNonces newer ones came since. Two generations of 8-byte fingerprints take
// about 40 MB when both are full, and nothing grows beyond that, however many requests come.
const (
	nonceTime  = 15 * time.Minute
	mostNonces = 1 << 19
)

// nonceMemory remembers which nonces were used. It belongs to one process: another replica does not know them (docs/differences.md).
type nonceMemory struct {
	seed     maphash.Seed
	most     int
	mu       sync.Mutex
	young    map[uint64]struct{}
	old      map[uint64]struct{}
	youngest time.Time // when young began
}

func newNonceMemory(most int) *nonceMemory {
	return &nonceMemory{seed: maphash.MakeSeed(), most: most, young: map[uint64]struct{}{}}
}

// remember tells whether a key uses a nonce for the first time. A fingerprint stands for the nonce, so one request in some 10^13 would be
// refused without cause.
func (m *nonceMemory) remember(accessKeyID, nonce string, now time.Time) bool {
	var h maphash.Hash
	h.SetSeed(m.seed)
	_, _ = h.WriteString(accessKeyID) // never fails
	_ = h.WriteByte(0)
	_, _ = h.WriteString(nonce)
	fingerprint := h.Sum64()

	m.mu.Lock()
	defer m.mu.Unlock()
	if age := now.Sub(m.youngest); len(m.young) >= m.most || age >= nonceTime {
		m.old, m.young, m.youngest = m.young, map[uint64]struct{}{}, now
		if age >= 2*nonceTime {
			m.old = nil
		}
	}
	_, used := m.young[fingerprint]
	if !used {
		_, used = m.old[fingerprint]
	}
	if used {
		return false
	}
	m.young[fingerprint] = struct{}{}
	return true
}
