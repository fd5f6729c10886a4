package world

// settleWorld settles the rows that are due, so that a row whose settled state is the wanted one
// counts as equal. A transient row with the wanted transition that is not due yet keeps its due
// time. The arguments are accounts with the same time, and that time.
var settleWorld = []string{
	settleVPCs, settleVSwitches, settleInstances, removeDeletedNetworkInterfaces, removeDetached, settleAttachments,
	removeUnassociated, settleEIPAssociations, settleDisks,
	keepPendingVPCs, keepPendingVSwitches, keepTransientInstances, keepDeletingNetworkInterfaces,
	keepTransientAttachments, keepTransientEIPAssociations, keepTransientDisks,
}

// These statements write back what Settled and Status compute.
const (
	settleVPCs = `
	UPDATE vpcs SET available_at = NULL
	WHERE account_id = ANY ($1) AND available_at <= $2`

	settleVSwitches = `
	UPDATE vswitches SET available_at = NULL
	WHERE account_id = ANY ($1) AND available_at <= $2`

	settleInstances = `
	UPDATE instances
	SET status = CASE WHEN running_at <= $2 THEN CASE WHEN start_fails THEN 'Stopped' ELSE 'Running' END
	             ELSE next_status END,
	    next_status = CASE WHEN running_at > $2 AND running_at < '9999-12-31Z'
	                  THEN CASE WHEN start_fails THEN 'Stopped' ELSE 'Running' END END,
	    settles_at = CASE WHEN running_at > $2 AND running_at < '9999-12-31Z' THEN running_at END,
	    running_at = NULL, start_fails = false
	WHERE account_id = ANY ($1) AND settles_at <= $2`

	removeDeletedNetworkInterfaces = `
	DELETE FROM network_interfaces
	WHERE account_id = ANY ($1) AND next_status = 'Deleted' AND settles_at <= $2`

	removeDetached = `
	DELETE FROM attachments
	WHERE account_id = ANY ($1) AND next_status = 'Available' AND settles_at <= $2`

	removeUnassociated = `
	DELETE FROM eip_associations
	WHERE account_id = ANY ($1) AND next_status = 'Available' AND settles_at <= $2`

	settleEIPAssociations = `
	UPDATE eip_associations
	SET status = next_status, next_status = NULL, settles_at = NULL
	WHERE account_id = ANY ($1) AND settles_at <= $2`

	settleDisks = `
	UPDATE disks
	SET status = next_status, next_status = NULL, settles_at = NULL,
	    instance_id = CASE WHEN next_status <> 'Available' THEN instance_id END,
	    slot = CASE WHEN next_status <> 'Available' THEN slot END
	WHERE account_id = ANY ($1) AND settles_at <= $2`

	settleAttachments = `
	UPDATE attachments
	SET status = next_status, next_status = NULL, settles_at = NULL
	WHERE account_id = ANY ($1) AND settles_at <= $2`
)

// These statements copy the due times of transient rows into the staging tables. A row that never
// settles (store.Never) keeps its time if the wanted one never settles either.
const (
	keepPendingVPCs = `
	UPDATE staged_vpcs s
	SET available_at = v.available_at
	FROM vpcs v
	WHERE s.available_at IS NOT NULL AND v.account_id = s.account_id AND v.id = s.id AND v.available_at > $2
	  AND (s.available_at = '9999-12-31Z') = (v.available_at = '9999-12-31Z')
	  AND s.account_id = ANY ($1)`

	keepPendingVSwitches = `
	UPDATE staged_vswitches s
	SET available_at = v.available_at
	FROM vswitches v
	WHERE s.available_at IS NOT NULL AND v.account_id = s.account_id AND v.id = s.id AND v.available_at > $2
	  AND (s.available_at = '9999-12-31Z') = (v.available_at = '9999-12-31Z')
	  AND s.account_id = ANY ($1)`

	keepTransientInstances = `
	UPDATE staged_instances s
	SET settles_at = i.settles_at, running_at = i.running_at
	FROM instances i
	WHERE s.settles_at IS NOT NULL AND i.account_id = s.account_id AND i.id = s.id
	  AND (i.status, i.next_status, i.start_fails) = (s.status, s.next_status, s.start_fails) AND i.settles_at > $2
	  AND (s.running_at = '9999-12-31Z') IS NOT DISTINCT FROM (i.running_at = '9999-12-31Z')
	  AND s.account_id = ANY ($1)`

	keepDeletingNetworkInterfaces = `
	UPDATE staged_network_interfaces s
	SET settles_at = n.settles_at
	FROM network_interfaces n
	WHERE s.settles_at IS NOT NULL AND n.account_id = s.account_id AND n.id = s.id
	  AND (n.status, n.next_status) = (s.status, s.next_status) AND n.settles_at > $2
	  AND s.account_id = ANY ($1)`

	keepTransientEIPAssociations = `
	UPDATE staged_eip_associations s
	SET settles_at = a.settles_at
	FROM eip_associations a
	WHERE s.settles_at IS NOT NULL AND a.account_id = s.account_id AND a.eip_id = s.eip_id
	  AND (a.status, a.next_status) = (s.status, s.next_status) AND a.settles_at > $2
	  AND s.account_id = ANY ($1)`

	keepTransientDisks = `
	UPDATE staged_disks s
	SET settles_at = d.settles_at
	FROM disks d
	WHERE s.settles_at IS NOT NULL AND d.account_id = s.account_id AND d.id = s.id
	  AND (d.status, d.next_status) = (s.status, s.next_status) AND d.settles_at > $2
	  AND (d.instance_id, d.slot) IS NOT DISTINCT FROM (s.instance_id, s.slot)
	  AND s.account_id = ANY ($1)`

	keepTransientAttachments = `
	UPDATE staged_attachments s
	SET settles_at = a.settles_at
	FROM attachments a
	WHERE s.settles_at IS NOT NULL
	  AND a.account_id = s.account_id AND a.network_interface_id = s.network_interface_id
	  AND (a.status, a.next_status) = (s.status, s.next_status) AND a.settles_at > $2
	  AND s.account_id = ANY ($1)`
)
