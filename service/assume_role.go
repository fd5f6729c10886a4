package service

import (
	"context"
	"encoding/base32"
	"regexp"
	"time"

	"enisim.alt/store"
)

// AssumeRoleRequest is the request for a temporary key of a role.
type AssumeRoleRequest struct {
	RoleARN         string `api:"RoleArn"` // acs:ram::<account>:role/<name>
	RoleSessionName string
	DurationSeconds *int
	Policy          string // accepted; a role may do everything in its account
	Malformed       Malformed
}

// RoleCredentials are a temporary key and the role that it belongs to.
type RoleCredentials struct {
	AccessKeyID, Secret, SecurityToken string
	ExpiresAt                          time.Time
	RoleARN, RoleID                    string // with the name of the session appended
}

// The lifetime of a temporary key, in seconds.
const (
	minSession     = 900
	maxSession     = 43200
	defaultSession = 3600
)

// expiredKeyRetention is how long an expired temporary key is kept, so that its holder learns that
// it has expired.
const expiredKeyRetention = 24 * time.Hour

var (
	roleARNPattern     = regexp.MustCompile(`^acs:ram::([0-9]{16}):role/([a-zA-Z0-9.-]{1,64})$`)
	sessionNamePattern = regexp.MustCompile(`^[a-zA-Z0-9.@_-]{2,64}$`)
)

// assumeRoleParameterRules uses the vendor's well-known codes, because the reference has no sheet
// for STS.
var assumeRoleParameterRules = []rule[AssumeRoleRequest]{
	required[AssumeRoleRequest]("RoleArn"),
	required[AssumeRoleRequest]("RoleSessionName"),
	wellFormed[AssumeRoleRequest](InvalidRoleARN, "RoleArn", roleARNPattern.MatchString),
	wellFormed[AssumeRoleRequest](InvalidRoleSessionName, "RoleSessionName",
		sessionNamePattern.MatchString,
	),
	{err: InvalidDurationSeconds, violated: func(r AssumeRoleRequest) bool {
		n := r.DurationSeconds
		return len(r.Malformed) > 0 || n != nil && (*n < minSession || *n > maxSession)
	}},
}

// assumeRoleInput is a request for a role, and the caller's account.
type assumeRoleInput struct {
	AssumeRoleRequest
	accountID string
}

// assumeRoleRules accepts every role of the caller's own account, and none of another account.
var assumeRoleRules = []rule[assumeRoleInput]{
	{
		err: EntityNotExistRole,
		violated: func(a assumeRoleInput) bool {
			return roleARNPattern.FindStringSubmatch(a.RoleARN)[1] != a.accountID
		},
		messageArgs: func(a assumeRoleInput) []any { return []any{roleARNPattern.FindStringSubmatch(a.RoleARN)[2]} },
	},
}

// AssumeRole creates a temporary key of the caller's account that carries the role. It is valid at
// once. In the same transaction, temporary keys of the account that expired long ago are deleted.
var AssumeRole = newAction(Action[AssumeRoleRequest, RoleCredentials]{
	permission: "sts:AssumeRole",
	parameters: assumeRoleParameterRules,
	refusals:   errorsOf(assumeRoleRules),
	run:        (*Service).assumeRole,
})

func (s *Service) assumeRole(ctx context.Context, caller Caller, req AssumeRoleRequest) (RoleCredentials, error) {
	if err := check(assumeRoleRules, assumeRoleInput{req, caller.AccountID}); err != nil {
		return RoleCredentials{}, err
	}
	role := roleARNPattern.FindStringSubmatch(req.RoleARN)[2]
	out := RoleCredentials{
		AccessKeyID:   "STS." + s.randomText(),
		Secret:        s.randomText(),
		SecurityToken: s.randomText() + s.randomText(),
		RoleARN:       req.RoleARN + "/" + req.RoleSessionName,
		RoleID:        newRAMID("3", caller.AccountID, role) + ":" + req.RoleSessionName,
	}
	// A key expires by real time, because requests are signed by it.
	before := s.Now()
	err := s.store.InTx(ctx, func(tx *store.Tx) error {
		owner, err := tx.LockKeyOwner(ctx, caller.AccountID, "", before)
		switch {
		case err != nil:
			return err
		case !owner.AccountExists: // deleted after its key was looked up
			return AbsInvalidAccountNotFound
		}
		now := s.Now()
		lifetime := defaultSession
		if req.DurationSeconds != nil {
			lifetime = *req.DurationSeconds
		}
		// The answer shows no more than seconds.
		out.ExpiresAt = now.Add(time.Duration(lifetime) * time.Second).Truncate(time.Second)
		tx.InsertAccessKey(store.AccessKey{
			ID:            out.AccessKeyID,
			AccountID:     caller.AccountID,
			Secret:        out.Secret,
			SecurityToken: &out.SecurityToken,
			AssumedRole:   new(role + "/" + req.RoleSessionName),
			Status:        "Active",
			ExpiresAt:     &out.ExpiresAt,
			CreatedAt:     now,
		})
		tx.ForgetTemporaryKeys(caller.AccountID, now.Add(-expiredKeyRetention))
		return s.record(tx, caller, s.timeOf(caller), store.NewChanges(out.AccessKeyID,
			"RoleArn", out.RoleARN, "Expiration", out.ExpiresAt.UTC().Format(time.RFC3339))...)
	})
	if err != nil {
		return RoleCredentials{}, err
	}
	return out, nil
}

// randomText returns 128 random bits as 26 letters and digits.
func (s *Service) randomText() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s.randomBytes(16))
}
