package service

import (
	"slices"
	"strings"
)

// Image is an operating system from which an instance may be created. All images are the cloud's
// own, the same for every account and region.
type Image struct {
	ID               string
	Family           string
	OSName, OSNameEn string
	OSType           string // linux or windows
	Platform         string
	Architecture     string // x86_64 or arm64
	SizeGiB          int    // of the smallest system disk
	CreationTime     string
}

// images are the images of the cloud, by id.
var images = []Image{
	{
		ID: "aliyun_3_arm64_20G_alibase_20240819.vhd", Family: "acs:alibaba_cloud_linux_3_2104_lts_arm64",
		Platform: "Aliyun",
		OSName:   "Alibaba Cloud Linux  3.2104 LTS 64位 ARM版",
		OSNameEn: "Alibaba Cloud Linux  3.2104 LTS 64 bit ARM Edition", OSType: "linux",
		Architecture: "arm64", SizeGiB: 20, CreationTime: "2024-08-20T02:12:28Z",
	},
	{
		ID: InstanceImageID, Family: "acs:alibaba_cloud_linux_3_2104_lts_x64",
		Platform: "Aliyun",
		OSName:   "Alibaba Cloud Linux  3.2104 LTS 64位",
		OSNameEn: "Alibaba Cloud Linux  3.2104 LTS 64 bit", OSType: "linux",
		Architecture: "x86_64", SizeGiB: 20, CreationTime: "2024-08-20T02:10:14Z",
	},
	{
		ID: "centos_7_9_x64_20G_alibase_20240628.vhd", Family: "acs:centos_7_9_x64",
		Platform: "CentOS",
		OSName:   "CentOS  7.9 64位",
		OSNameEn: "CentOS  7.9 64 bit", OSType: "linux",
		Architecture: "x86_64", SizeGiB: 20, CreationTime: "2024-07-01T02:21:36Z",
	},
	{
		ID: "debian_12_6_x64_20G_alibase_20240711.vhd", Family: "acs:debian_12_6_x64",
		Platform: "Debian",
		OSName:   "Debian  12.6 64位",
		OSNameEn: "Debian  12.6 64 bit", OSType: "linux",
		Architecture: "x86_64", SizeGiB: 20, CreationTime: "2024-07-12T06:01:55Z",
	},
	{
		ID: "ubuntu_22_04_arm64_20G_alibase_20240710.vhd", Family: "acs:ubuntu_22_04_arm64",
		Platform: "Ubuntu",
		OSName:   "Ubuntu  22.04 64位 ARM版",
		OSNameEn: "Ubuntu  22.04 64 bit ARM Edition", OSType: "linux",
		Architecture: "arm64", SizeGiB: 20, CreationTime: "2024-07-11T03:44:09Z",
	},
	{
		ID: "ubuntu_22_04_x64_20G_alibase_20240710.vhd", Family: "acs:ubuntu_22_04_x64",
		Platform: "Ubuntu",
		OSName:   "Ubuntu  22.04 64位",
		OSNameEn: "Ubuntu  22.04 64 bit", OSType: "linux",
		Architecture: "x86_64", SizeGiB: 20, CreationTime: "2024-07-11T03:40:52Z",
	},
	{
		ID: "win2022_21H2_x64_dtc_en-us_40G_alibase_20240715.vhd", Family: "acs:windows_2022_64_dtc_en-us",
		Platform: "Windows Server 2022",
		OSName:   "Windows Server  2022 数据中心版 64位英文版",
		OSNameEn: "Windows Server  2022 Datacenter Edition 64bit English Edition", OSType: "windows",
		Architecture: "x86_64", SizeGiB: 40, CreationTime: "2024-07-16T08:30:17Z",
	},
}

// isKnownImage reports whether an instance may be created from an image. These are the listed
// images of the cloud, retired ones, whose id ends in .vhd, and a customer's own, whose id begins
// with m-. There is no list of the last two kinds.
func isKnownImage(id string) bool {
	if slices.ContainsFunc(images, func(i Image) bool { return i.ID == id }) {
		return true
	}
	const maxLength = 128
	wellFormed := len(id) <= maxLength && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
	})
	return wellFormed &&
		((strings.HasPrefix(id, "m-") && id != "m-") || (strings.HasSuffix(id, ".vhd") && id != ".vhd"))
}

// FindImage returns an image by its id. For an image that is not in the list, the fields are
// derived from the id.
func FindImage(id string) Image {
	for _, image := range images {
		if image.ID == id {
			return image
		}
	}
	if strings.HasPrefix(id, "win") {
		return Image{ID: id, OSName: "Customized Windows",
			OSNameEn: "Customized Windows", OSType: "windows"}
	}
	return Image{ID: id, OSName: "Customized Linux",
		OSNameEn: "Customized Linux", OSType: "linux"}
}
