package httpapi

import "enisim.alt/service"

type assumeRoleReply struct {
	Reply
	AssumedRoleUser struct{ AssumedRoleId, Arn string }
	Credentials     struct{ SecurityToken, AccessKeyId, AccessKeySecret, Expiration string }
}

func newRoleCredentialsResponse(c service.RoleCredentials) any {
	reply := &assumeRoleReply{}
	reply.AssumedRoleUser.AssumedRoleId = c.RoleID
	reply.AssumedRoleUser.Arn = c.RoleARN
	reply.Credentials.SecurityToken = c.SecurityToken
	reply.Credentials.AccessKeyId = c.AccessKeyID
	reply.Credentials.AccessKeySecret = c.Secret
	reply.Credentials.Expiration = c.ExpiresAt.Format(timeWithSeconds)
	return reply
}
