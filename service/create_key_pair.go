package service

import (
	"context"
	"slices"
	"strings"

	"enisim.alt/service/sshkey"
	"enisim.alt/store"
)

// CreateKeyPairRequest is the request to make a key pair.
type CreateKeyPairRequest struct {
	RegionID        string `api:"RegionId"`
	KeyPairName     string
	ResourceGroupID string `api:"ResourceGroupId"`
	Tags            []Tag  `api:"Tag"`
}

// CreatedKeyPair is the answer to CreateKeyPair and ImportKeyPair. PrivateKey is "" for an imported one.
type CreatedKeyPair struct {
	ID, Name, Fingerprint string
	PrivateKey            string // in PEM; it is stored nowhere
}

// maxKeyPairs is the number of key pairs that an account may have in a region, as documented.
const maxKeyPairs = 500

// isValidKeyPairName reports whether a text is a valid name of a key pair.
func isValidKeyPairName(s string) bool { return isValidName(s) && !strings.Contains(s, ".") }

// keyPairTagRules check the tags of a new key pair.
func keyPairTagRules[R any]() []rule[R] {
	tags := valueFrom[R, []Tag]("Tag")
	return []rule[R]{
		{err: DuplicateTagKey, violated: func(r R) bool { return repeatsTagKey(tags(r)) }},
		{err: InvalidTagKeyMalformed, violated: func(r R) bool { return hasInvalidTagKey(tags(r)) }},
		{err: InvalidTagValueMalformed, violated: func(r R) bool { return hasInvalidTagValue(tags(r)) }},
		{err: QuotaExceedTags, violated: func(r R) bool { return tooManyTags(tags(r)) }},
	}
}

var createKeyPairParameterRules = slices.Concat([]rule[CreateKeyPairRequest]{
	required[CreateKeyPairRequest]("RegionId"),
	required[CreateKeyPairRequest]("KeyPairName"),
	wellFormed[CreateKeyPairRequest](InvalidKeyPairNameMalformed, "KeyPairName", isValidKeyPairName),
}, keyPairTagRules[CreateKeyPairRequest]())

var createKeyPairRules = []rule[*store.CreateKeyPairScene]{
	{err: KeyPairAlreadyExists, violated: func(c *store.CreateKeyPairScene) bool { return c.IsTaken }},
	{err: QuotaExceedKeyPair, violated: func(c *store.CreateKeyPairScene) bool { return c.Held >= maxKeyPairs }},
}

// CreateKeyPair makes a key pair, stores its public half, and answers the private one.
var CreateKeyPair = newAction(Action[CreateKeyPairRequest, CreatedKeyPair]{
	permission: "ecs:CreateKeyPair",
	parameters: createKeyPairParameterRules,
	refusals:   errorsOf(createKeyPairRules),
	run:        (*Service).createKeyPair,
	creates:    true,
})

func (s *Service) createKeyPair(
	ctx context.Context, caller Caller, req CreateKeyPairRequest,
) (CreatedKeyPair, error) {
	// First make the key, because nothing should wait for it under a lock.
	public, private, err := s.newKey(ctx, caller.AccountID)
	if err != nil {
		return CreatedKeyPair{}, err
	}
	created, err := s.addKeyPair(ctx, caller, req, public)
	if err != nil {
		return CreatedKeyPair{}, err
	}
	created.PrivateKey = private
	return created, nil
}

// newKey makes a key when it is the turn of the account.
func (s *Service) newKey(ctx context.Context, accountID string) (public sshkey.Public, private string, err error) {
	if err := s.keyTurns.acquire(ctx, accountID); err != nil {
		return sshkey.Public{}, "", err
	}
	defer s.keyTurns.release()
	return sshkey.Generate()
}

// addKeyPair stores the public half of a key pair.
func (s *Service) addKeyPair(
	ctx context.Context, caller Caller, req CreateKeyPairRequest, public sshkey.Public,
) (created CreatedKeyPair, err error) {
	err = s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForCreateKeyPair(ctx, caller.AccountID, req.RegionID, req.KeyPairName)
		if err != nil {
			return err
		}
		if err := check(createKeyPairRules, scene); err != nil {
			return err
		}
		now := s.timeOf(caller)
		pair := store.KeyPair{
			AccountID:       caller.AccountID,
			RegionID:        req.RegionID,
			Name:            req.KeyPairName,
			PublicKey:       public.Text,
			Fingerprint:     public.Fingerprint,
			ResourceGroupID: req.ResourceGroupID,
			Tags:            tagMap(req.Tags),
			CreatedAt:       now,
		}
		tx.InsertKeyPair(pair)
		created = CreatedKeyPair{ID: s.newID("ssh-", req.RegionID), Name: pair.Name, Fingerprint: pair.Fingerprint}
		return s.recordCreation(tx, caller, now, store.ChangesOf(nil, &pair, now), pair.Name, pair.Tags)
	})
	return created, err
}
