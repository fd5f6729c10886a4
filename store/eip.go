package store

import (
	"net/netip"
	"time"
)

// Statuses of an EIP, as the API writes them.
const (
	EIPAvailable     = "Available"
	EIPAssociating   = "Associating"
	EIPInUse         = "InUse"
	EIPUnassociating = "Unassociating"
)

// Types of what an EIP is associated with.
const (
	EIPOfInstance  = "EcsInstance"
	EIPOfInterface = "NetworkInterface"
)

// EIP is an elastic IP address.
type EIP struct {
	AccountID       string            `db:"account_id,key"`
	ID              string            `db:"id,key"` // the allocation id
	RegionID        string            `db:"region_id,fixed"`
	IPAddress       netip.Addr        `db:"ip_address,fixed" event:"IpAddress"`
	Bandwidth       int               `db:"bandwidth" event:"Bandwidth"` // Mbit/s
	Name            string            `db:"name" event:"Name"`
	Description     string            `db:"description" event:"Description"`
	ResourceGroupID string            `db:"resource_group_id"`
	Tags            map[string]string `db:"tags"`
	Attributes      EIPAttributes     `db:"attributes"`
	CreatedAt       time.Time         `db:"created_at,once"`
}

// EIPAttributes are values of an EIP that are only stored and shown.
type EIPAttributes struct {
	InternetChargeType string `json:",omitempty" event:"InternetChargeType"`
	InstanceChargeType string `json:",omitempty" event:"InstanceChargeType"`
	ISP                string `json:",omitempty" event:"ISP"`
}

// EIPAssociation is a row of eip_associations: an EIP is on a private address of an interface. An EIP
// without a row is Available.
type EIPAssociation struct {
	AccountID          string     `db:"account_id,key"`
	EIPID              string     `db:"eip_id,key"`
	VSwitchID          string     `db:"vswitch_id,fixed"`
	PrivateIPAddress   netip.Addr `db:"private_ip_address,fixed"`
	NetworkInterfaceID string     `db:"network_interface_id,fixed"`
	Mode               string     `db:"mode"`
	Status             string     `db:"status"`
	NextStatus         *string    `db:"next_status"`
	SettlesAt          *time.Time `db:"settles_at"`
}

// IsGone reports whether the EIP has left its address by now, although the row is still there.
func (a EIPAssociation) IsGone(now time.Time) bool {
	return due(a.SettlesAt, now) && *a.NextStatus == EIPAvailable
}

// Settled returns the association settled to now. Nothing of one that is gone is valid.
func (a EIPAssociation) Settled(now time.Time) EIPAssociation {
	if due(a.SettlesAt, now) {
		a.Status, a.NextStatus, a.SettlesAt = *a.NextStatus, nil, nil
	}
	return a
}

// DescribedEIP is an EIP as a reader sees it: settled, with what it is associated with.
type DescribedEIP struct {
	EIP
	Status           string
	NextStatus       *string
	SettlesAt        *time.Time
	Mode             string      // "" for an EIP that is on no address, like the fields below
	InstanceType     string      `event:"InstanceType"` // EIPOfInstance or EIPOfInterface
	InstanceID       string      `event:"InstanceId"`   // of the instance or the secondary interface
	PrivateIPAddress *netip.Addr `event:"PrivateIpAddress"`
	VPCID            string
}

// Settled returns the EIP settled to now.
func (e DescribedEIP) Settled(now time.Time) DescribedEIP {
	if !due(e.SettlesAt, now) {
		return e
	}
	e.Status, e.NextStatus, e.SettlesAt = *e.NextStatus, nil, nil
	if e.Status == EIPAvailable {
		e = e.released()
	}
	return e
}

// released returns the EIP on no address.
func (e DescribedEIP) released() DescribedEIP { return DescribedEIP{EIP: e.EIP, Status: EIPAvailable} }

// releasesOf returns the changes of EIPs that leave their addresses at once.
func releasesOf(eips []DescribedEIP, now time.Time) (changes []Change) {
	for _, e := range eips {
		before := e.Settled(now)
		after := before.released()
		changes = append(changes, ChangesOf(&before, &after, now)...)
	}
	return changes
}

func (e DescribedEIP) recorded(time.Time) recordedStatus {
	return recordedStatus{e.ID, e.Status, valueOrEmpty(e.NextStatus), e.SettlesAt}
}

// eipsWithTheirPlaces selects EIPs e with their associations a. A query that uses it appends a
// condition. Targets of its columns are targetsOfDescribedEIP.
var eipsWithTheirPlaces = `
	SELECT ` + EIPsTable.SelectList("e") + `,
	       coalesce(a.status, 'Available'), a.next_status, a.settles_at, coalesce(a.mode, ''),
	       CASE WHEN n.primary_of IS NOT NULL THEN 'EcsInstance'
	            WHEN n.id IS NOT NULL THEN 'NetworkInterface'
	            ELSE '' END,
	       coalesce(n.primary_of, n.id, ''), a.private_ip_address, coalesce(n.vpc_id, '')
	FROM eips e
	LEFT JOIN eip_associations a ON a.account_id = e.account_id AND a.eip_id = e.id
	LEFT JOIN network_interfaces n ON n.account_id = a.account_id AND n.id = a.network_interface_id`

// targetsOfDescribedEIP returns the scan targets of eipsWithTheirPlaces.
func targetsOfDescribedEIP(e *DescribedEIP) []any {
	return append(EIPsTable.Targets(&e.EIP), &e.Status, &e.NextStatus, &e.SettlesAt, &e.Mode, &e.InstanceType,
		&e.InstanceID, &e.PrivateIPAddress, &e.VPCID)
}

// lockEIP queues the lock of an EIP, and the read of the locked one with its place. The read is a
// statement after the lock. A regionID of "" matches any region.
func (tx *Tx) lockEIP(strength, accountID, regionID, id string, found func(DescribedEIP)) {
	tx.lock(rankEIPs, `
		SELECT FROM eips WHERE account_id = $1 AND id = $2 AND ($3 = '' OR region_id = $3)
		`+strength, accountID, id, regionID)
	tx.queue(eipsWithTheirPlaces+`
		WHERE e.account_id = $1 AND e.id = $2 AND ($3 = '' OR e.region_id = $3)`, accountID, id, regionID).
		Query(each(targetsOfDescribedEIP, func(e DescribedEIP) {
			e.CreatedAt = e.CreatedAt.UTC()
			found(e)
		}))
}

// EIPOfAddress is an EIP that is on a private address of an interface.
type EIPOfAddress struct {
	PrivateIPAddress   netip.Addr
	ID                 string
	IPAddress          netip.Addr
	Bandwidth          int // read for instances only, like the next one
	InternetChargeType string
}

// lockEIPsOf queues the locks of the EIPs on addresses of locked interfaces, in the order of their ids,
// and the read of these EIPs as they are stored. interfaces selects the ids of the interfaces; $1 is the
// account.
func (tx *Tx) lockEIPsOf(interfaces string, args []any, found func(eniID string, e DescribedEIP)) {
	tx.lock(rankEIPs, `
		SELECT FROM eips e
		WHERE e.account_id = $1 AND e.id IN (
		    SELECT a.eip_id FROM eip_associations a
		    WHERE a.account_id = $1 AND a.network_interface_id IN (`+interfaces+`))
		ORDER BY e.id
		FOR NO KEY UPDATE`, args...)
	type eipOfInterface struct {
		DescribedEIP
		eniID string
	}
	tx.queue(`
		SELECT p.*, a.network_interface_id
		FROM eip_associations a
		CROSS JOIN LATERAL (`+eipsWithTheirPlaces+`
		    WHERE e.account_id = a.account_id AND e.id = a.eip_id OFFSET 0) p
		WHERE a.account_id = $1 AND a.network_interface_id IN (`+interfaces+`)
		ORDER BY a.eip_id`, args...).
		Query(each(func(e *eipOfInterface) []any {
			return append(targetsOfDescribedEIP(&e.DescribedEIP), &e.eniID)
		}, func(e eipOfInterface) { found(e.eniID, e.DescribedEIP) }))
}

// releaseEIPs queues the write that takes all EIPs off locked interfaces at once.
func (tx *Tx) releaseEIPs(accountID string, eniIDs []string) {
	tx.queue(`DELETE FROM eip_associations WHERE account_id = $1 AND network_interface_id = ANY ($2)`,
		accountID, eniIDs)
}
