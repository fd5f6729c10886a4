//go:build sabotage_vswitch_lock

package store

// vswitchLock is wrong on purpose: VSwitches are read without a lock. Two servers that see the same
// free address may both assign it. TestSabotageOfInterfacesIsCaught proves that such a server is
// caught.
const vswitchLock = ``
