package httpapi

import "enisim.alt/service"

type describeImagesReply struct {
	Reply
	RegionId string
	numberedPageReply
	Images struct{ Image []image }
}

func newImagesResponse(images service.Images) any {
	reply := &describeImagesReply{RegionId: images.RegionID, numberedPageReply: numberedPageOf(images.List)}
	reply.Images.Image = mapEach(images.Items, newImage)
	return reply
}

// image is an image in replies. All are the cloud's own.
type image struct {
	ImageId                 string
	ImageName               string
	ImageFamily             string
	ImageVersion            string
	ImageOwnerAlias         string
	Description             string
	OSName                  string
	OSNameEn                string
	OSType                  string
	Platform                string
	Architecture            string
	BootMode                string
	Size                    int // GiB
	Status                  string
	Progress                string
	Usage                   string
	CreationTime            string
	IsCopied                bool
	IsPublic                bool
	IsSelfShared            string
	IsSubscribed            bool
	IsSupportCloudinit      bool
	IsSupportIoOptimized    bool
	LoginAsNonRootSupported bool
	ProductCode             string
	ResourceGroupId         string
	DiskDeviceMappings      struct{ DiskDeviceMapping []struct{} }
	Features                imageFeatures
	Tags                    ecsTags
}

type imageFeatures struct{ NvmeSupport string }

func newImage(i service.Image) image {
	out := image{
		ImageId:                 i.ID,
		ImageName:               i.ID,
		ImageFamily:             i.Family,
		ImageOwnerAlias:         "system",
		OSName:                  i.OSName,
		OSNameEn:                i.OSNameEn,
		OSType:                  i.OSType,
		Platform:                i.Platform,
		Architecture:            i.Architecture,
		BootMode:                "UEFI-Preferred",
		Size:                    i.SizeGiB,
		Status:                  "Available",
		Progress:                "100%",
		Usage:                   "instance",
		CreationTime:            i.CreationTime,
		IsSupportCloudinit:      i.OSType == "linux",
		IsSupportIoOptimized:    true,
		LoginAsNonRootSupported: i.OSType == "linux",
		Features:                imageFeatures{"supported"},
		Tags:                    newECSTags(nil),
	}
	out.DiskDeviceMappings.DiskDeviceMapping = []struct{}{}
	return out
}
