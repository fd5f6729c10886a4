package httpapi

import "enisim.alt/service"

type importKeyPairReply struct {
	Reply
	KeyPairName        string
	KeyPairFingerPrint string
}

func newImportedKeyPairResponse(k service.CreatedKeyPair) any {
	return &importKeyPairReply{KeyPairName: k.Name, KeyPairFingerPrint: k.Fingerprint}
}
