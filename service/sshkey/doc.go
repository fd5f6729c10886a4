// Package sshkey makes and reads the keys of key pairs. It keeps none: New returns a private key once, to be given to
// the caller.
package sshkey
