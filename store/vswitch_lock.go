//go:build !sabotage_vswitch_lock

package store

// vswitchLock is how VSwitches are locked before free addresses of them are searched.
//
// Builds with the tag above replace it, to prove that the tests notice a missing lock
// (TestSabotageOfInterfacesIsCaught).
const vswitchLock = `FOR NO KEY UPDATE`
