package service

import (
	"context"
	"slices"

	"enisim.alt/service/sshkey"
)

// ImportKeyPairRequest is the request to store the public half of a key pair that the caller has made.
type ImportKeyPairRequest struct {
	CreateKeyPairRequest
	PublicKeyBody string
}

var importKeyPairParameterRules = slices.Concat([]rule[ImportKeyPairRequest]{
	required[ImportKeyPairRequest]("RegionId"),
	required[ImportKeyPairRequest]("KeyPairName"),
	required[ImportKeyPairRequest]("PublicKeyBody"),
	wellFormed[ImportKeyPairRequest](InvalidKeyPairNameMalformed, "KeyPairName", isValidKeyPairName),
	wellFormed[ImportKeyPairRequest](InvalidPublicKeyBody, "PublicKeyBody", isValidPublicKey),
}, keyPairTagRules[ImportKeyPairRequest]())

func isValidPublicKey(text string) bool {
	_, err := sshkey.Parse(text)
	return err == nil
}

// ImportKeyPair stores the public half of a key pair.
var ImportKeyPair = newAction(Action[ImportKeyPairRequest, CreatedKeyPair]{
	permission: "ecs:ImportKeyPair",
	parameters: importKeyPairParameterRules,
	refusals:   errorsOf(createKeyPairRules),
	run:        (*Service).importKeyPair,
	creates:    true,
})

func (s *Service) importKeyPair(
	ctx context.Context, caller Caller, req ImportKeyPairRequest,
) (CreatedKeyPair, error) {
	public, err := sshkey.Parse(req.PublicKeyBody)
	if err != nil {
		return CreatedKeyPair{}, err // a rule has refused it before
	}
	return s.addKeyPair(ctx, caller, req.CreateKeyPairRequest, public)
}
