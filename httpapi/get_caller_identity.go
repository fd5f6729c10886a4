package httpapi

import "enisim.alt/service"

type getCallerIdentityReply struct {
	Reply
	IdentityType string
	AccountId    string
	UserId       string `json:",omitempty" xml:",omitempty"`
	RoleId       string `json:",omitempty" xml:",omitempty"`
	PrincipalId  string
	Arn          string
}

func newCallerIdentityResponse(id service.CallerIdentity) any {
	return &getCallerIdentityReply{
		IdentityType: id.IdentityType,
		AccountId:    id.AccountID,
		UserId:       id.UserID,
		RoleId:       id.RoleID,
		PrincipalId:  id.PrincipalID,
		Arn:          id.ARN,
	}
}
