package httpapi_test

import (
	"net/http/httptest"

	"enisim.alt/service"
)

// withRoleKey has a key of a role.
func withRoleKey(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		INSERT INTO access_keys (id, account_id, secret, security_token, assumed_role, expires_at, created_at)
		VALUES ('STS.role', '1000000000000003', 's', 't', 'deployer/nightly', '2099-01-01', '2026-11-22')`)
	return server
}

// withoutRoles refuses the row of a new temporary key.
func withoutRoles(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `ALTER TABLE access_keys ADD CONSTRAINT no_roles CHECK (assumed_role IS NULL)`)
	return server
}

// lockedAccount makes a server whose account is locked for longer than a caller waits.
var lockedAccount = holding(`SELECT FROM accounts FOR UPDATE`)

// roleRequest returns the parameters of a request for a role of the world's account.
func roleRequest(more ...string) []string {
	return also([]string{"RoleArn", "acs:ram::1000000000000003:role/deployer", "RoleSessionName", "nightly"}, more...)
}

var stsGolden = map[string][]goldenCase{
	"AssumeRole": {
		{name: "MissingParameter", pairs: roleRequest("RoleSessionName", "")},
		{name: "InvalidParameter.RoleArn", pairs: roleRequest("RoleArn", "deployer")},
		{name: "InvalidParameter.RoleSessionName", pairs: roleRequest("RoleSessionName", "n")},
		{name: "InvalidParameter.DurationSeconds", pairs: roleRequest("DurationSeconds", "899")},
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001", pairs: roleRequest()},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", pairs: roleRequest(), in: closedToRAM},
		{name: "Forbidden.RAM", key: "LTAIramallowed00001", pairs: roleRequest()},
		{name: "EntityNotExist.Role", pairs: roleRequest("RoleArn", "acs:ram::1000000000000004:role/deployer")},
		{name: "OperationConflict", pairs: roleRequest(), in: lockedAccount},
		{name: "InternalError", pairs: roleRequest(), in: withoutRoles},
		{name: "ServiceUnavailable", pairs: roleRequest(), in: withoutDatabase},
		{name: "success", pairs: roleRequest("DurationSeconds", "900", "Policy", "{}")},
	},
	"GetCallerIdentity": {
		{name: "Abs.InvalidAccount.NotFound", key: "LTAIexpired00000001"},
		{name: "Forbidden.NotSupportRAM", key: "LTAIramallowed00001", in: closedToRAM},
		{name: "account"},
		{name: "ram-user", key: "LTAIramnothing00001"},
		{name: "role", key: "STS.role", in: withRoleKey},
	},
}
