//go:build !sabotage_account_lock

package store

// accountLock is how the account is locked before its quota is read.
//
// Builds with the tag above replace it, to prove that the tests notice a missing lock
// (TestSabotageOfInterfacesIsCaught).
const accountLock = `FOR NO KEY UPDATE`
