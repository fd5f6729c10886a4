//go:build sabotage_account_lock

package store

// accountLock is wrong on purpose: the account is read without a lock. Two servers that see the same
// quota may both use it. TestSabotageOfInterfacesIsCaught proves that such a server is caught.
const accountLock = ``
