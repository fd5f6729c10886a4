package store

// UpdateEIP queues the write of a locked EIP's name, description and bandwidth.
func (tx *Tx) UpdateEIP(e EIP) {
	tx.write(1, `
		UPDATE eips SET name = $3, description = $4, bandwidth = $5
		WHERE account_id = $1 AND id = $2`, e.AccountID, e.ID, e.Name, e.Description, e.Bandwidth)
}
