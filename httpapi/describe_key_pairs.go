package httpapi

import "enisim.alt/service"

type describeKeyPairsReply struct {
	Reply
	numberedPageReply
	KeyPairs struct{ KeyPair []keyPair }
}

// keyPair is a key pair in the list. Its PublicKey is there if the request asks for it.
type keyPair struct {
	KeyPairName        string
	KeyPairFingerPrint string
	PublicKey          string `json:",omitempty" xml:",omitempty"`
	CreationTime       string
	ResourceGroupId    string
	Tags               ecsTags
}

func newKeyPairsResponse(list service.KeyPairs) any {
	reply := &describeKeyPairsReply{numberedPageReply: numberedPageOf(list.List)}
	reply.KeyPairs.KeyPair = mapEach(list.Items, func(k service.KeyPair) keyPair {
		out := keyPair{
			KeyPairName:        k.Name,
			KeyPairFingerPrint: k.Fingerprint,
			CreationTime:       k.CreatedAt.UTC().Format(timeWithMinutes),
			ResourceGroupId:    k.ResourceGroupID,
			Tags:               newECSTags(k.Tags),
		}
		if list.WithPublicKeys {
			out.PublicKey = k.PublicKey
		}
		return out
	})
	return reply
}
