package httpapi

import "enisim.alt/service"

type createKeyPairReply struct {
	Reply
	KeyPairId          string
	KeyPairName        string
	KeyPairFingerPrint string
	PrivateKeyBody     string
}

func newCreatedKeyPairResponse(k service.CreatedKeyPair) any {
	return &createKeyPairReply{
		KeyPairId: k.ID, KeyPairName: k.Name, KeyPairFingerPrint: k.Fingerprint, PrivateKeyBody: k.PrivateKey,
	}
}
