package store

// InsertVPC queues the write that creates a VPC.
func (tx *Tx) InsertVPC(v VPC) {
	insertRow(tx, VPCsTable, v)
}
