package scenario

import (
	"enisim.alt/service/sshkey"
	"enisim.alt/store"
)

// keyPairs adds the key pairs of a region.
func (x *accountExpansion) keyPairs(e *regionEntry) {
	seen := map[string]position{}
	for i := range e.keyPairs {
		x.keyPair(&e.keyPairs[i], e.id.value, seen)
	}
}

func (x *accountExpansion) keyPair(e *keyPairEntry, region string, seen map[string]position) {
	if !e.name.given || !x.checkUnique(seen, "key pair", e.name.value, e.name.at) {
		return
	}
	if !keyPairNameForm.MatchString(e.name.value) {
		x.add(e.name.at, "", "the name of a key pair has 2 to 128 letters, digits, ':', '_' and '-', and begins with "+
			"a letter, got %q", e.name.value)
		return
	}
	var key sshkey.Public
	if e.publicKey.given {
		var err error
		if key, err = sshkey.Parse(e.publicKey.value); err != nil {
			x.add(e.publicKey.at, "", "public_key must be an RSA, DSA or ECDSA key such as ssh-rsa AAAA..., got %q",
				clip(e.publicKey.value))
			return
		}
	} else {
		key = sshkey.Derived(e.name.value)
	}
	x.world.KeyPairs = append(x.world.KeyPairs, store.KeyPair{
		AccountID:       x.accountID,
		RegionID:        region,
		Name:            e.name.value,
		PublicKey:       key.Text,
		Fingerprint:     key.Fingerprint,
		ResourceGroupID: e.resourceGroup,
		Tags:            e.tags,
	})
}

// clip returns the beginning of a text.
func clip(text string) string {
	const maxLength = 40
	if runes := []rune(text); len(runes) > maxLength {
		return string(runes[:maxLength]) + "..."
	}
	return text
}

// newKeyPairEntry returns the entry of a key pair.
func newKeyPairEntry(row *store.KeyPair) keyPairEntry {
	e := keyPairMapping.blank
	e.name, e.resourceGroup, e.tags = stated(row.Name), row.ResourceGroupID, row.Tags
	e.publicKey = unless(row.PublicKey, sshkey.Derived(row.Name).Text)
	return e
}
