package store

import "context"

// KeyPairScene contains the locked instances to which a key pair is attached, or from which it is detached.
type KeyPairScene struct {
	IsKnown   bool // whether there is a key pair with the name
	Instances map[string]*InstanceScene
}

// LockForKeyPair locks instances, and looks for a key pair. It is not locked: its deletion would leave its name with
// the instances in any case.
func (tx *Tx) LockForKeyPair(
	ctx context.Context, accountID, regionID, name string, instanceIDs []string,
) (*KeyPairScene, error) {
	scene := &KeyPairScene{}
	tx.findKeyPair(accountID, regionID, name, func() { scene.IsKnown = true })
	var err error
	scene.Instances, err = tx.LockInstances(ctx, accountID, regionID, instanceIDs)
	return scene, err
}
