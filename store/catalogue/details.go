package catalogue

import (
	_ "embed"
	"fmt"
)

// Details are further figures of an instance type. Clients read them; no rule does. A figure that
// no source gives is nil or "".
type Details struct {
	ERIQuantity             *int
	PrimaryENIQueues        *int
	SecondaryENIQueues      *int
	MaxQueuesPerENI         *int
	TotalENIQueues          *int
	QueuePairs              *int
	JumboFrameSupport       bool
	NVMeSupport             string // supported, unsupported or required
	DiskQuantity            *int
	GPUAmount               *int
	GPUSpec                 string
	GPUMemoryGiB            *float64
	LocalStorageAmount      *int
	LocalStorageCapacityGiB *int
	LocalStorageCategory    string
	CPUFrequencyGHz         *float64
	CPUTurboFrequencyGHz    *float64
	PhysicalProcessorModel  string
	BandwidthRxKbps         *int
	BandwidthTxKbps         *int
	PPSRx, PPSTx            *int
	BaselineCredit          *int
	InitialCredit           *int
	Category, FamilyLevel   string
	networkCards            *int
}

//go:embed instance-types-extra.csv
var detailsCSV string

// FindDetails returns the further figures of a type of the catalogue, and of any other type none.
func FindDetails(typeID string) Details { return load().details[typeID] }

// readDetails reads the table of further figures, and gives the types the network cards that it knows.
func (c *content) readDetails(text string) error {
	rows, err := readColumns(text, "instance_type", "eri_quantity", "network_card_quantity", "primary_eni_queue_number",
		"secondary_eni_queue_number", "maximum_queue_number_per_eni", "total_eni_queue_quantity", "queue_pair_number",
		"jumbo_frame_support", "nvme_support", "disk_quantity", "gpu_amount", "gpu_spec", "gpu_memory_gib",
		"local_storage_amount", "local_storage_capacity_gib", "local_storage_category",
		"cpu_core_frequency_ghz", "cpu_turbo_frequency_ghz",
		"physical_processor_model", "instance_bandwidth_rx_kbps", "instance_bandwidth_tx_kbps",
		"instance_pps_rx", "instance_pps_tx",
		"baseline_credit", "initial_credit", "instance_category", "instance_family_level")
	if err != nil {
		return err
	}
	for _, r := range rows {
		id := r.text("instance_type")
		d := Details{
			ERIQuantity:             r.integer("eri_quantity"),
			PrimaryENIQueues:        r.integer("primary_eni_queue_number"),
			SecondaryENIQueues:      r.integer("secondary_eni_queue_number"),
			MaxQueuesPerENI:         r.integer("maximum_queue_number_per_eni"),
			TotalENIQueues:          r.integer("total_eni_queue_quantity"),
			QueuePairs:              r.integer("queue_pair_number"),
			JumboFrameSupport:       r.text("jumbo_frame_support") == "true",
			NVMeSupport:             r.text("nvme_support"),
			DiskQuantity:            r.integer("disk_quantity"),
			GPUAmount:               r.integer("gpu_amount"),
			GPUSpec:                 r.text("gpu_spec"),
			GPUMemoryGiB:            r.number("gpu_memory_gib"),
			LocalStorageAmount:      r.integer("local_storage_amount"),
			LocalStorageCapacityGiB: r.integer("local_storage_capacity_gib"),
			LocalStorageCategory:    r.text("local_storage_category"),
			CPUFrequencyGHz:         r.number("cpu_core_frequency_ghz"),
			CPUTurboFrequencyGHz:    r.number("cpu_turbo_frequency_ghz"),
			PhysicalProcessorModel:  r.text("physical_processor_model"),
			BandwidthRxKbps:         r.integer("instance_bandwidth_rx_kbps"),
			BandwidthTxKbps:         r.integer("instance_bandwidth_tx_kbps"),
			PPSRx:                   r.integer("instance_pps_rx"),
			PPSTx:                   r.integer("instance_pps_tx"),
			BaselineCredit:          r.integer("baseline_credit"),
			InitialCredit:           r.integer("initial_credit"),
			Category:                r.text("instance_category"),
			FamilyLevel:             r.text("instance_family_level"),
			networkCards:            r.integer("network_card_quantity"),
		}
		i, known := c.typeByID[id]
		_, twice := c.details[id]
		switch {
		case r.err != nil:
			return fmt.Errorf("%s: %w", id, r.err)
		case !known:
			return fmt.Errorf("%s is not among the instance types", id)
		case twice:
			return fmt.Errorf("%s is listed twice", id)
		}
		c.details[id] = d
		if d.networkCards != nil {
			c.types[i].NetworkCards = d.networkCards
		}
	}
	return nil
}
