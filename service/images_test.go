package service

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// Ids of the listed images, of custom images and of old public images are accepted.
func TestKnownImagesAreAccepted(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		InstanceImageID: true, images[0].ID: true,
		"m-bp1f3k9x7q2m5w8r4t6y": true, "centos_6_9_x64_20G_alibase_20180326.vhd": true,
		"": false, "m-": false, ".vhd": false, "ubuntu": false, "m-a b": false, "a/b.vhd": false, "xm-1": false,
		"m-" + strings.Repeat("x", 126): true, "m-" + strings.Repeat("x", 127): false,
	} {
		if got := isKnownImage(id); got != want {
			t.Errorf("%q: got %v, want %v", id, got, want)
		}
	}
}

// An image that is not listed has the operating system that its id suggests.
func TestFindImage(t *testing.T) {
	t.Parallel()
	for id, want := range map[string][2]string{
		InstanceImageID: {"Alibaba Cloud Linux  3.2104 LTS 64 bit", "linux"},
		"m-bp1":         {"Customized Linux", "linux"},
		"win2016.vhd":   {"Customized Windows", "windows"},
	} {
		if got := FindImage(id); got.ID != id || got.OSNameEn != want[0] || got.OSType != want[1] {
			t.Errorf("%s: got %+v, want %v", id, got, want)
		}
	}
}

// The listed images are in the order of their ids, with all fields that replies show.
func TestImagesAreSortedAndComplete(t *testing.T) {
	t.Parallel()
	if !slices.IsSortedFunc(images, func(a, b Image) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("order of the images: got another one, want that of their ids")
	}
	for _, i := range images {
		if i.Family == "" || i.OSName == "" || i.OSNameEn == "" || i.OSType == "" || i.Platform == "" ||
			i.Architecture == "" || i.SizeGiB == 0 {
			t.Errorf("%s: got %+v, want no empty field", i.ID, i)
		}
	}
}

// Each filter selects its images, and pages contain each image once.
func TestDescribeImages(t *testing.T) {
	t.Parallel()
	s := New(store.New(storetest.Pool(t), slog.New(slog.DiscardHandler)), Options{})
	describe := func(r DescribeImagesRequest) Images {
		r.RegionID = "cn-hangzhou"
		list, err := DescribeImages.Do(t.Context(), s, Caller{AccountID: listAccount}, r)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	of := func(selects func(Image) bool) int {
		return len(slices.DeleteFunc(slices.Clone(images), func(i Image) bool { return !selects(i) }))
	}
	for _, c := range []struct {
		name    string
		request DescribeImagesRequest
		want    int
	}{
		{"all", DescribeImagesRequest{}, len(images)},
		{"two ids", DescribeImagesRequest{ImageID: InstanceImageID + ",m-1," + images[0].ID}, 2},
		{"a part of a name", DescribeImagesRequest{ImageName: "ubuntu_22_04"}, 2},
		{"a pattern", DescribeImagesRequest{ImageName: "ubuntu*x64*"}, 1},
		{"a family", DescribeImagesRequest{ImageFamily: "acs:centos_7_9_x64"}, 1},
		{"public images", DescribeImagesRequest{ImageOwnerAlias: "system"}, len(images)},
		{"custom images", DescribeImagesRequest{ImageOwnerAlias: "self"}, 0},
		{"windows", DescribeImagesRequest{OSType: "windows"}, of(func(i Image) bool { return i.OSType == "windows" })},
		{
			"ARM", DescribeImagesRequest{Architecture: "arm64"},
			of(func(i Image) bool { return i.Architecture == "arm64" }),
		},
		{"available and unavailable", DescribeImagesRequest{Status: "UnAvailable,Available"}, len(images)},
		{"unavailable", DescribeImagesRequest{Status: "UnAvailable"}, 0},
		{"of any status", DescribeImagesRequest{Status: "ALL"}, len(images)},
		{"published by other accounts", DescribeImagesRequest{IsPublic: new(true)}, 0},
		{"not I/O optimized", DescribeImagesRequest{IsSupportIOOptimized: new(false)}, 0},
		{"tagged", DescribeImagesRequest{Tags: []Tag{{"team", ""}}}, 0},
	} {
		if got := describe(c.request); got.TotalCount != c.want || len(got.Items) != min(c.want, 10) {
			t.Errorf("%s: got %d of %d, want %d", c.name, len(got.Items), got.TotalCount, c.want)
		}
	}
	var walked []Image
	for number := 1; number <= 4; number++ {
		got := describe(DescribeImagesRequest{Page: NumberedPage{PageNumber: &number, PageSize: new(3)}})
		if got.TotalCount != len(images) || got.PageNumber != number || got.PageSize != 3 {
			t.Errorf("page %d: got number %d, size %d, total %d, want number %d, size 3, total %d",
				number, got.PageNumber, got.PageSize, got.TotalCount, number, len(images))
		}
		walked = append(walked, got.Items...)
	}
	if !slices.Equal(walked, images) {
		t.Errorf("by pages of 3: got %v, want each image once", walked)
	}
}
