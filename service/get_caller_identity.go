package service

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
)

// GetCallerIdentityRequest is the request for the caller's own identity. It has no parameters.
type GetCallerIdentityRequest struct{}

// CallerIdentity is the identity of a caller: an account, a user in it, or a role in it.
type CallerIdentity struct {
	IdentityType string // Account, RAMUser or AssumedRoleUser
	AccountID    string
	UserID       string // "" for a role
	RoleID       string // "" for others
	PrincipalID  string
	ARN          string
}

// GetCallerIdentity returns the identity of the caller. As in the real cloud, this needs no
// permission.
var GetCallerIdentity = newAction(Action[GetCallerIdentityRequest, CallerIdentity]{
	permission: "sts:GetCallerIdentity",
	admission:  admissionRules[1:3], // without the ones on the region and on permission
	run:        (*Service).getCallerIdentity,
})

func (s *Service) getCallerIdentity(
	_ context.Context, caller Caller, _ GetCallerIdentityRequest,
) (CallerIdentity, error) {
	id := CallerIdentity{AccountID: caller.AccountID}
	arn := "acs:ram::" + caller.AccountID + ":"
	switch {
	case caller.AssumedRole != "":
		role, session, _ := strings.Cut(caller.AssumedRole, "/")
		id.IdentityType, id.ARN = "AssumedRoleUser", arn+"assumed-role/"+caller.AssumedRole
		id.RoleID = newRAMID("3", caller.AccountID, role)
		id.PrincipalID = id.RoleID + ":" + session
	case caller.RAMUser != "":
		id.IdentityType, id.ARN = "RAMUser", arn+"user/"+caller.RAMUser
		id.UserID = newRAMID("2", caller.AccountID, caller.RAMUser)
		id.PrincipalID = id.UserID
	default:
		id.IdentityType, id.ARN = "Account", arn+"root"
		id.UserID, id.PrincipalID = caller.AccountID, caller.AccountID
	}
	return id, nil
}

// newRAMID returns the 18 digits that identify a user or a role of an account. They are derived
// from its name and not stored.
func newRAMID(first, accountID, name string) string {
	sum := sha256.Sum256([]byte(first + accountID + "/" + name))
	return first + fmt.Sprintf("%017d", binary.BigEndian.Uint64(sum[:])%1e17)
}
