package service

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"enisim/store"
	"enisim/store/storetest"
)

func TestKnownImages(t *testing.T) {
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

func TestImagesAreSortedAndComplete(t *testing.T) {
	t.Parallel()
	if !slices.IsSortedFunc(images, func(a, b Image) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("the images are not in the order of their ids")
	}
	for _, i := range images {
		if i.Family == "" || i.OSName == "" || i.OSNameEn == "" || i.OSType == "" || i.Platform == "" ||
			i.Architecture == "" || i.SizeGiB == 0 {
			t.Errorf("%s: something is missing: %+v", i.ID, i)
		}
	}
}

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
		{"the cloud's own", DescribeImagesRequest{ImageOwnerAlias: "system"}, len(images)},
		{"the customer's", DescribeImagesRequest{ImageOwnerAlias: "self"}, 0},
		{"windows", DescribeImagesRequest{OSType: "windows"}, of(func(i Image) bool { return i.OSType == "windows" })},
		{
			"ARM", DescribeImagesRequest{Architecture: "arm64"},
			of(func(i Image) bool { return i.Architecture == "arm64" }),
		},
		{"available or not", DescribeImagesRequest{Status: "UnAvailable,Available"}, len(images)},
		{"not available", DescribeImagesRequest{Status: "UnAvailable"}, 0},
		{"of any status", DescribeImagesRequest{Status: "ALL"}, len(images)},
		{"published by others", DescribeImagesRequest{IsPublic: new(true)}, 0},
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
			t.Errorf("page %d: got number %d, size %d, %d in all, want number %d, size 3, %d in all",
				number, got.PageNumber, got.PageSize, got.TotalCount, number, len(images))
		}
		walked = append(walked, got.Items...)
	}
	if !slices.Equal(walked, images) {
		t.Errorf("by pages of 3: got %v, want each image once", walked)
	}
}
