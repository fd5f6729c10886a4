package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"enisim.alt/store/catalogue"
)

// loadCatalogue writes the regions, zones and instance types of this binary's catalogue into the
// tables. It writes only rows that differ, so a start on a loaded database writes nothing. It keeps
// rows that a newer binary or a scenario has added.
func loadCatalogue(ctx context.Context, conn *pgx.Conn) error {
	regions, zones := catalogueRegions()
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
			CREATE TEMP TABLE staged_regions (LIKE regions) ON COMMIT DROP;
			CREATE TEMP TABLE staged_zones (LIKE zones) ON COMMIT DROP;
			CREATE TEMP TABLE staged_instance_types (LIKE instance_types) ON COMMIT DROP`); err != nil {
			return err
		}
		if err := RegionsTable.Stage(ctx, tx, regions, nil); err != nil {
			return err
		}
		if err := ZonesTable.Stage(ctx, tx, zones, nil); err != nil {
			return err
		}
		if err := InstanceTypesTable.Stage(ctx, tx, catalogueTypes(), nil); err != nil {
			return err
		}
		for _, sql := range []string{
			RegionsTable.UpdateSQL(), RegionsTable.InsertNewSQL(), ZonesTable.InsertNewSQL(),
			InstanceTypesTable.UpdateSQL(), InstanceTypesTable.InsertStagedSQL(),
		} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("load catalogue: %w", err)
	}
	return nil
}

// catalogueRegions returns the regions and zones of the catalogue as rows.
func catalogueRegions() (regions []Region, zones []Zone) {
	for _, r := range catalogue.Regions() {
		regions = append(regions, Region{ID: r.ID, LocalNameEn: r.LocalNameEn, LocalNameZh: r.LocalNameZh})
		for _, zone := range r.Zones {
			zones = append(zones, Zone{ID: zone, RegionID: r.ID})
		}
	}
	return regions, zones
}

// catalogueTypes returns the instance types of the catalogue as rows.
func catalogueTypes() []InstanceType {
	all := catalogue.InstanceTypes()
	types := make([]InstanceType, 0, len(all))
	for _, t := range all {
		types = append(types, NewCatalogueType(t))
	}
	return types
}

// NewCatalogueType returns the row of an instance type of the catalogue. How many interfaces a network card
// takes is known for none.
func NewCatalogueType(t catalogue.InstanceType) InstanceType {
	d := catalogue.FindDetails(t.ID)
	return InstanceType{
		AttachableType: AttachableType{
			OwnerID:           CatalogueOwner,
			ID:                t.ID,
			ENIQuantity:       t.ENIQuantity,
			PrivateIPv4PerENI: t.PrivateIPv4PerENI,
			IPv6PerENI:        t.IPv6PerENI,
			NetworkCards:      t.NetworkCards,
			ENITrunkSupported: t.ENITrunkSupported,
			ENITotalQuantity:  t.ENITotalQuantity,
			HotPlug:           t.HotPlug,
			IOOptimized:       t.IOOptimized,
			FormLimits: FormLimits{
				ERIQuantity:        d.ERIQuantity,
				PrimaryENIQueues:   d.PrimaryENIQueues,
				SecondaryENIQueues: d.SecondaryENIQueues,
				MaxQueuesPerENI:    d.MaxQueuesPerENI,
				TotalENIQueues:     d.TotalENIQueues,
			},
		},
		Family:          t.Family,
		Generation:      t.Generation,
		VCPUs:           t.VCPUs,
		MemoryGiB:       t.MemoryGiB,
		BandwidthGbps:   t.BandwidthGbps,
		PPS10k:          t.PPS10k,
		CPUArchitecture: t.CPUArchitecture,
		QueuePairs:      d.QueuePairs,
	}
}
