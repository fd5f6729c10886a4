package scenario

import "hash/fnv"

// macs derives the MAC addresses of one account's interfaces from their ids, in the range of the
// real cloud. Only three bytes are free: of a hundred thousand ids some hundreds share a hash, and
// then the later one gets the next free address. The map leads from each taken address towards the
// next free one. Each search shortens that path, so that ids with deliberately equal hashes are
// handled quickly too.
type macs map[uint32]uint32

func (taken macs) derive(id string) string {
	low := taken.nextFree(id)
	taken[low] = following(low)
	return formatMAC(low)
}

// isDerived reports whether derive would return an address for an id. If so, it takes the address.
func (taken macs) isDerived(id, mac string) bool {
	low := taken.nextFree(id)
	if formatMAC(low) != mac {
		return false
	}
	taken[low] = following(low)
	return true
}

// nextFree returns the address for an id, as its lower three bytes, or the next free one.
func (taken macs) nextFree(id string) uint32 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(id)) // never fails
	sum := hash.Sum32()
	low := (sum ^ sum>>24) & 0xffffff // folds the upper byte in
	free := low
	for further, used := taken[free]; used; further, used = taken[free] {
		free = further
	}
	for low != free {
		low, taken[low] = taken[low], free
	}
	return free
}

func following(low uint32) uint32 { return (low + 1) & 0xffffff }

func formatMAC(low uint32) string {
	const hex = "0123456789abcdef"
	mac := []byte("00:16:3e:xx:xx:xx")
	for i := range 3 {
		b := byte(low >> (16 - 8*i))
		mac[9+3*i], mac[10+3*i] = hex[b>>4], hex[b&15]
	}
	return string(mac)
}
