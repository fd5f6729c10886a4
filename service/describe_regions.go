package service

import (
	"cmp"
	"context"
	"strings"

	"enisim.alt/store"
)

// DescribeRegionsRequest is the request for all regions. Each region offers every resource with
// every charge type.
type DescribeRegionsRequest struct {
	ResourceType   string
	AcceptLanguage string
}

var describeRegionsRules = []rule[DescribeRegionsRequest]{
	{err: InvalidResourceTypeNotFound, violated: func(r DescribeRegionsRequest) bool {
		return r.ResourceType != "" && !oneOf(r.ResourceType, "instance", "disk", "reservedinstance", "scu")
	}},
	{err: InvalidAcceptLanguageNotFound, violated: func(r DescribeRegionsRequest) bool {
		return r.AcceptLanguage != "" && !oneOf(r.AcceptLanguage, "zh-CN", "zh-TW", "en-US", "ja", "fr", "de", "ko")
	}},
}

// Region is a region with its name in the caller's language.
type Region struct{ ID, LocalName string }

// isChinese reports whether the language is Chinese, which is the default. Names are known in
// Chinese and English.
func isChinese(language string) bool { return language == "" || strings.HasPrefix(language, "zh") }

// localName returns the name of a region in a language, or its id if a scenario gave it no name.
func localName(r store.Region, language string) string {
	if isChinese(language) {
		return cmp.Or(r.LocalNameZh, r.ID)
	}
	return cmp.Or(r.LocalNameEn, r.ID)
}

// DescribeRegions lists all regions, by id.
var DescribeRegions = newAction(Action[DescribeRegionsRequest, []Region]{
	permission: "ecs:DescribeRegions",
	parameters: describeRegionsRules,
	run:        (*Service).describeRegions,
})

func (s *Service) describeRegions(ctx context.Context, caller Caller, req DescribeRegionsRequest) ([]Region, error) {
	stored, err := s.store.Regions(ctx)
	if err != nil {
		return nil, err
	}
	var regions []Region
	for _, r := range stored {
		regions = append(regions, Region{r.ID, localName(r, req.AcceptLanguage)})
	}
	return regions, nil
}
