package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// KeyPair is a key pair as a caller sees it. The alias is for packages that do not import the store.
type KeyPair = store.KeyPair

// DescribeKeyPairsRequest is the request for a list of key pairs. All its filters must hold; an empty one does not
// filter.
type DescribeKeyPairsRequest struct {
	RegionID           string `api:"RegionId"`
	KeyPairName        string // * stands for any run of characters
	KeyPairFingerPrint string
	IncludePublicKey   *bool
	ResourceGroupID    string       `api:"ResourceGroupId"`
	Tags               []Tag        `api:"Tag"`
	Page               NumberedPage `api:",inline"`
	Malformed          Malformed
}

// KeyPairs is a page of key pairs.
type KeyPairs struct {
	List[KeyPair]
	WithPublicKeys bool
}

var keyPairPages = paging{list: "key pairs", maxPageSize: 50, defaultPageSize: 10}

var describeKeyPairsRules = slices.Concat([]rule[DescribeKeyPairsRequest]{
	required[DescribeKeyPairsRequest]("RegionId"),
	readable[DescribeKeyPairsRequest](),
	validTagFilter[DescribeKeyPairsRequest](),
}, validNumberedPage[DescribeKeyPairsRequest](keyPairPages))

// DescribeKeyPairs lists the caller's key pairs, by name.
var DescribeKeyPairs = newAction(Action[DescribeKeyPairsRequest, KeyPairs]{
	permission: "ecs:DescribeKeyPairs",
	parameters: describeKeyPairsRules,
	run:        (*Service).describeKeyPairs,
})

func (s *Service) describeKeyPairs(
	ctx context.Context, caller Caller, req DescribeKeyPairsRequest,
) (KeyPairs, error) {
	page := req.Page.request()
	read, err := s.store.DescribeKeyPairs(ctx, store.KeyPairFilter{
		AccountID:       caller.AccountID,
		RegionID:        req.RegionID,
		NamePattern:     likePattern(req.KeyPairName),
		Fingerprint:     req.KeyPairFingerPrint,
		ResourceGroupID: req.ResourceGroupID,
		Tags:            tagFilter(req.Tags),
	}, keyPairPages.page(page))
	if err != nil {
		return KeyPairs{}, err
	}
	list := newPage(keyPairPages, page, read, func(k KeyPair) string { return k.Name })
	return KeyPairs{list, isTrue(req.IncludePublicKey)}, nil
}
