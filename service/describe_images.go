package service

import (
	"context"
	"slices"
	"strings"

	"enisim.alt/service/match"
	"enisim.alt/store"
)

// DescribeImagesRequest is the request for a list of images. All its filters must hold; an empty
// one does not filter.
type DescribeImagesRequest struct {
	RegionID             string `api:"RegionId"`
	ImageID              string `api:"ImageId"` // or several, separated by commas
	ImageName            string // * matches any characters; without it, a substring of the name
	ImageFamily          string
	ImageOwnerAlias      string
	OSType               string
	Architecture         string
	Status               string // or several, separated by commas
	IsSupportIOOptimized *bool  `api:"IsSupportIoOptimized"`
	IsPublic             *bool  // whether to list images that other customers have published
	SnapshotID           string `api:"SnapshotId"`
	ResourceGroupID      string `api:"ResourceGroupId"`
	Tags                 []Tag  `api:"Tag"`
	DryRun               *bool
	Page                 NumberedPage `api:",inline"`
	Malformed            Malformed
}

// Images is a page of the images of a region.
type Images struct {
	List[Image]
	RegionID string
}

// imagePages are the bounds that the vendor's SDK documents.
var imagePages = paging{list: "images", maxPageSize: 100, defaultPageSize: 10}

var describeImagesRules = slices.Concat([]rule[DescribeImagesRequest]{
	required[DescribeImagesRequest]("RegionId"),
	readable[DescribeImagesRequest](),
	invalid("ImageId", func(r DescribeImagesRequest) bool { return strings.Count(r.ImageID, ",") >= maxListed }),
	among[DescribeImagesRequest]("ImageOwnerAlias", "system", "self", "others", "marketplace"),
	among[DescribeImagesRequest]("OSType", "linux", "windows"),
	among[DescribeImagesRequest]("Architecture", "i386", "x86_64", "arm64"),
	{err: InvalidTagCount, violated: func(r DescribeImagesRequest) bool { return tooManyTags(r.Tags) }},
	invalid("Tag", func(r DescribeImagesRequest) bool { return lacksTagKey(r.Tags) }),
}, validNumberedPage[DescribeImagesRequest](imagePages))

// selects reports whether a request selects an image. All images are available and the cloud's own.
// None is made from a snapshot, has tags or is in a resource group.
func (r DescribeImagesRequest) selects(i Image) bool {
	among := func(list, value string) bool { return list == "" || slices.Contains(strings.Split(list, ","), value) }
	name := r.ImageName
	if name != "" && !strings.Contains(name, "*") {
		name = "*" + name + "*"
	}
	return among(r.ImageID, i.ID) && (name == "" || match.Wildcard(name, i.ID)) && among(r.ImageFamily, i.Family) &&
		among(r.ImageOwnerAlias, "system") && among(r.OSType, i.OSType) && among(r.Architecture, i.Architecture) &&
		(among(r.Status, "Available") || r.Status == "ALL") &&
		!isFalse(r.IsSupportIOOptimized) && !isTrue(r.IsPublic) &&
		r.SnapshotID == "" && r.ResourceGroupID == "" && len(r.Tags) == 0
}

// DescribeImages lists the images of the cloud, by id. They are the same for every account and
// region. A DryRun request that would succeed gets the error DryRunOperation.
var DescribeImages = newAction(Action[DescribeImagesRequest, Images]{
	permission: "ecs:DescribeImages",
	parameters: describeImagesRules,
	refusals:   errorsOf(dryRunRules),
	run:        (*Service).describeImages,
})

func (s *Service) describeImages(ctx context.Context, caller Caller, req DescribeImagesRequest) (Images, error) {
	if err := check(dryRunRules, req.DryRun); err != nil {
		return Images{}, err
	}
	selected := slices.DeleteFunc(slices.Clone(images), func(i Image) bool { return !req.selects(i) })
	page := imagePages.page(req.Page.request())
	read := store.List[Image]{
		Rows:  selected[min(page.Skip, len(selected)):min(page.Skip+page.Limit, len(selected))],
		Total: len(selected),
	}
	return Images{
		newPage(imagePages, req.Page.request(), read, func(i Image) string { return i.ID }),
		req.RegionID,
	}, nil
}
