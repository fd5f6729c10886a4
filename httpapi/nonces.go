package httpapi

import (
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// The maximum number of remembered nonces: about 40 MB of 8-byte fingerprints.
const (
	maxNonces       = 1 << 20
	maxNoncesPerKey = 1 << 18
	nonceSweep      = time.Minute // how often those whose time has run out are dropped
)

// nonceMemory remembers used nonces, each until its timestamp has expired: a nonce whose timestamp
// is 15 minutes ahead, for 30 minutes. It belongs to one process: another replica does not know its
// nonces (docs/differences.md).
//
// Its memory is bounded by time, not by forgetting nonces that are still valid. A key that has used
// up its share forgets the nonces with its earliest timestamps. From then on its requests with such
// timestamps are refused, so that none can be replayed. A client with a right clock does not
// notice. If all keys together have used up the memory, the key with the most nonces gives way: no
// key can push out another one's nonces.
type nonceMemory struct {
	seed       maphash.Seed
	max        int
	maxPerKey  int
	mu         sync.Mutex
	keys       map[string]*keyNonces
	count      int // of all keys
	sweptUntil time.Time
}

// keyNonces are the nonces of one access key.
type keyNonces struct {
	sent   map[uint64]int64 // by fingerprint: the second of the timestamp
	before int64            // nonces with a timestamp before this second may have been forgotten
}

// nonceUse is the result of using a nonce.
type nonceUse int

const (
	nonceIsNew nonceUse = iota
	nonceWasUsed
	nonceMayBeForgotten // whether it was used cannot be known any more
)

func newNonceMemory(limit, limitPerKey int) *nonceMemory {
	return &nonceMemory{seed: maphash.MakeSeed(), max: limit, maxPerKey: limitPerKey, keys: map[string]*keyNonces{}}
}

// remember records that a key uses a nonce in a request with a timestamp. It stores a fingerprint
// of the nonce, so one request in some 10^13 is refused without cause.
func (m *nonceMemory) remember(accessKeyID, nonce string, sent, now time.Time) nonceUse {
	fingerprint := maphash.String(m.seed, nonce)

	m.mu.Lock()
	defer m.mu.Unlock()
	m.dropExpired(now)
	key := m.keys[accessKeyID]
	if key == nil {
		key = &keyNonces{sent: map[uint64]int64{}}
		m.keys[strings.Clone(accessKeyID)] = key // a clone: the id is a part of a request
	}
	if _, used := key.sent[fingerprint]; used {
		return nonceWasUsed
	}
	if sent.Unix() < key.before {
		return nonceMayBeForgotten
	}
	if len(key.sent) >= m.maxPerKey {
		m.count -= key.dropEarliest()
	}
	for m.count >= m.max {
		m.count -= m.largest().dropEarliest()
	}
	if sent.Unix() < key.before {
		return nonceMayBeForgotten
	}
	key.sent[fingerprint] = sent.Unix()
	m.count++
	return nonceIsNew
}

// dropExpired drops the nonces whose timestamps have expired.
func (m *nonceMemory) dropExpired(now time.Time) {
	if now.Before(m.sweptUntil) && m.sweptUntil.Sub(now) <= nonceSweep {
		return
	}
	m.sweptUntil = now.Add(nonceSweep)
	oldest := now.Add(-timeWindow).Unix()
	m.count = 0
	for id, key := range m.keys {
		key.dropBefore(oldest)
		m.count += len(key.sent)
		if len(key.sent) == 0 && key.before <= oldest {
			delete(m.keys, id)
		}
	}
}

// largest returns the key with the most nonces.
func (m *nonceMemory) largest() *keyNonces {
	var largest *keyNonces
	for _, key := range m.keys {
		if largest == nil || len(key.sent) > len(largest.sent) {
			largest = key
		}
	}
	return largest
}

// dropBefore drops the nonces from before a second. It copies the others into a new map, because a
// map keeps its memory when it becomes empty.
func (k *keyNonces) dropBefore(oldest int64) {
	kept := 0
	for _, second := range k.sent {
		if second >= oldest {
			kept++
		}
	}
	if kept == len(k.sent) {
		return
	}
	sent := make(map[uint64]int64, kept)
	for fingerprint, second := range k.sent {
		if second >= oldest {
			sent[fingerprint] = second
		}
	}
	k.sent = sent
}

// dropEarliest makes room: it drops the earliest seconds with a quarter of the nonces, at least one
// second, and returns the number of dropped nonces.
func (k *keyNonces) dropEarliest() int {
	counts := map[int64]int{}
	for _, second := range k.sent {
		counts[second]++
	}
	before, forgotten := len(k.sent), 0
	for _, second := range slices.Sorted(maps.Keys(counts)) {
		if forgotten += counts[second]; forgotten*4 >= before {
			k.before = max(k.before, second+1)
			break
		}
	}
	k.dropBefore(k.before)
	return before - len(k.sent)
}
