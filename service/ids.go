package service

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"sync"
)

const base36 = "0123456789abcdefghijklmnopqrstuvwxyz"

// regionMarks maps a region to the three characters that follow the prefix of its ids
// (docs/reference/states.md, section 4).
var regionMarks = map[string]string{
	"cn-hangzhou": "bp1", "cn-beijing": "2ze", "cn-shanghai": "uf6", "cn-shenzhen": "wz9",
	"cn-qingdao": "m5e", "cn-hongkong": "j6c",
	"ap-southeast-1": "t4n",
}

// regionMark returns the mark of a region. An unknown region's mark is derived from its name, so
// that it is the same on every replica.
func regionMark(regionID string) string {
	if mark, known := regionMarks[regionID]; known {
		return mark
	}
	sum := sha256.Sum256([]byte(regionID))
	n := binary.BigEndian.Uint32(sum[:])
	return string([]byte{base36[n%36], base36[n/36%36], base36[n/36/36%36]})
}

// idLength returns how many characters follow the prefix of an id.
func idLength(prefix string) int {
	switch prefix {
	case "vpc-", "vsw-", "vrt-", "vtb-", "rte-", "eip-":
		return 21
	}
	return 20
}

// newID returns a new id of a resource in a region. prefix ends in a dash: "eni-".
func (s *Service) newID(prefix, regionID string) string {
	id := regionMark(regionID)
	for len(id) < idLength(prefix) {
		// Larger bytes are dropped: they would make some characters more likely than others.
		if b := s.randomBytes(1)[0]; b < 7*36 {
			id += base36[b%36 : b%36+1]
		}
	}
	return prefix + id
}

// NewAccountID returns a random id of 16 digits. Like the ids of the real cloud, it begins with 1.
func (s *Service) NewAccountID() string {
	id := []byte("1")
	for len(id) < 16 {
		// Larger bytes are dropped: they would make some digits more likely than others.
		if b := s.randomBytes(1)[0]; b < 250 {
			id = append(id, '0'+b%10)
		}
	}
	return string(id)
}

// newMAC returns a random MAC address in the format of the real cloud's interfaces.
func (s *Service) newMAC() string {
	b := s.randomBytes(3)
	return fmt.Sprintf("00:16:3e:%02x:%02x:%02x", b[0], b[1], b[2])
}

// publicIPs returns random public addresses. first is the first byte of all of them.
func (s *Service) publicIPs(first byte, n int) []netip.Addr {
	addresses := make([]netip.Addr, n)
	for k := range addresses {
		b := s.randomBytes(3)
		addresses[k] = netip.AddrFrom4([4]byte{first, 64 + b[0]%128, b[1], 1 + b[2]%254})
	}
	return addresses
}

// randomBytes returns n bytes from the service's random source.
func (s *Service) randomBytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.random, b); err != nil {
		panic(err) // the machine's source does not fail, and a test's source is endless
	}
	return b
}

// lockedReader makes a reader safe for concurrent use.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}
