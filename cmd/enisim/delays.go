package main

import "time"

// delayFlags set how long transient statuses last. The defaults suit every client that was
// measured.
type delayFlags struct {
	AttachDelay time.Duration `default:"1s" max:"8760h" help:"How long an interface is Attaching, and an EIP Associating; 0 is InUse at once."`
	DetachDelay time.Duration `default:"1s" max:"8760h" help:"How long an interface is Detaching, and an EIP Unassociating; 0 is Available at once."`
	DeleteDelay time.Duration `default:"1s" max:"8760h" help:"How long an interface is Deleting; 0 is gone at once."`
	CreateDelay time.Duration `default:"1s" max:"8760h" help:"How long a VPC, a VSwitch and an instance are Pending; 0 is Available, or Starting, at once."`
	StartDelay  time.Duration `default:"2s" max:"8760h" help:"How long an instance is Starting; 0 is Running at once."`
	StopDelay   time.Duration `default:"2s" max:"8760h" help:"How long an instance is Stopping; 0 is Stopped at once."`
}
