package service

import (
	"context"
	"strings"

	"enisim.alt/store"
)

// DescribeZonesRequest is the request for the zones of a region. Each zone offers every resource
// with every charge type.
type DescribeZonesRequest struct {
	RegionID       string `api:"RegionId"`
	AcceptLanguage string
	Verbose        *bool // whether to list the instance types; nil: yes
	Malformed      Malformed
}

// Zone is a zone with its name in the caller's language.
type Zone struct{ ID, LocalName string }

// Zones are the zones of a region, which all offer the same instance types.
type Zones struct {
	Zones []Zone
	Types []InstanceType // empty if they were not requested
}

var describeZonesRules = []rule[DescribeZonesRequest]{
	required[DescribeZonesRequest]("RegionId"),
	readable[DescribeZonesRequest](),
}

// DescribeZones lists the zones of a region, by id.
var DescribeZones = newAction(Action[DescribeZonesRequest, Zones]{
	permission: "ecs:DescribeZones",
	parameters: describeZonesRules,
	run:        (*Service).describeZones,
})

func (s *Service) describeZones(ctx context.Context, caller Caller, req DescribeZonesRequest) (Zones, error) {
	regions, err := s.store.Regions(ctx)
	if err != nil {
		return Zones{}, err
	}
	var region store.Region
	for _, r := range regions {
		if r.ID == req.RegionID {
			region = r
		}
	}
	stored, err := s.store.Zones(ctx, req.RegionID)
	if err != nil {
		return Zones{}, err
	}
	var out Zones
	for _, z := range stored {
		out.Zones = append(out.Zones, Zone{z.ID, localZoneName(region, z.ID, req.AcceptLanguage)})
	}
	if !isFalse(req.Verbose) {
		out.Types, err = s.allInstanceTypes(ctx, caller, store.InstanceTypeFilter{})
	}
	return out, err
}

// localZoneName returns the region's name and the zone's letter, which is what the zone's id adds
// to the region's: cn-hangzhou-h is zone H.
func localZoneName(region store.Region, zoneID, language string) string {
	letter := strings.ToUpper(strings.TrimLeft(strings.TrimPrefix(zoneID, region.ID), "-"))
	if isChinese(language) {
		return localName(region, language) + "可用区 " + letter
	}
	return localName(region, language) + " Zone " + letter
}
