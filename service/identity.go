package service

import (
	"context"
	"crypto/subtle"
	"regexp"
	"slices"
	"strings"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/match"
	"enisim.alt/store"
)

// A key is looked up once a second at most. So a request costs no round trip for it, and a change
// applies within a second on every replica. Unknown keys have a small cache of their own. So a
// flood of them neither uses up memory nor displaces the keys that exist.
const (
	identityCacheTime = store.MaxIdentityAge
	identityCacheSize = 10_000
	unknownCacheSize  = 1_000
)

// MaxRuleAge is the time after which every server follows a change of keys or rules.
const MaxRuleAge = identityCacheTime

// Caller is the sender of a request: an account, a RAM user in it, or a role of it.
type Caller struct {
	AccessKeyID string
	AccountID   string
	RAMUser     string             // "": the account itself
	AssumedRole string             // role/session; "": none
	Allow       []string           // the permissions of the RAM user: product:Action, with * as a wildcard
	Expired     bool               // the access key or its account has expired
	Repeats     bool               // whether a repeated attach or detach succeeds without effect
	Quotas      store.Quotas       // of the account, at most a second old
	Rules       *disturbance.Set   // by which an operator disturbs the account; nil: none
	lifecycles  lifecycleCall      // how the transitions go that the call begins
	Clock       *disturbance.Clock // by which the account lives; nil: real time
	RequestID   string             // of the request, for its events
	Host        string             // that the request was sent to, with its port
	FaultID     string             // of the fault that strikes the request; "": none
	action      string             // that runs, for its events
}

type cachedIdentity struct {
	identity *knownIdentity
	readAt   time.Time
}

// knownIdentity is an identity as the database has it, with the rules that disturb its account.
type knownIdentity struct {
	store.Identity
	rules *disturbance.Set
}

// clock returns the clock of the account, or nil if it lives in real time.
func (k *knownIdentity) clock() *disturbance.Clock {
	if !k.HasClock {
		return nil
	}
	return new(disturbance.Clock(k.AccountClock))
}

// Identity is the holder of an access key, with the key's secrets.
type Identity struct {
	Caller
	Secret        string
	securityToken *string // of a temporary key
	keyExpired    bool    // the key itself has expired, not only its account
}

// Identify returns the identity of an access key. It accepts expired keys and RAM users: admission
// rules decide on those, at their place in the order of checks.
func (s *Service) Identify(ctx context.Context, accessKeyID string) (Identity, error) {
	key, err := s.findIdentity(ctx, accessKeyID)
	if err != nil {
		return Identity{}, err
	}
	switch {
	case key == nil:
		return Identity{}, InvalidAccessKeyIDNotFound
	case key.Status != "Active":
		return Identity{}, InvalidAccessKeyIDInactive
	}
	now, clock := s.Now(), key.clock()
	isPast := func(end *time.Time, now time.Time) bool { return end != nil && !end.After(now) }
	identity := Identity{
		Caller: Caller{
			AccountID:   key.AccountID,
			AccessKeyID: key.AccessKeyID,
			Allow:       key.Allow,
			Expired:     isPast(key.ExpiresAt, now) || isPast(key.AccountEndsAt, clock.At(now)),
			Repeats:     key.Repeats == store.RepeatsAccept || key.Repeats == "" && s.options.AcceptRepeats,
			Quotas:      key.Quotas,
			Rules:       key.rules,
			Clock:       clock,
		},
		Secret:        key.Secret,
		securityToken: key.SecurityToken,
		keyExpired:    isPast(key.ExpiresAt, now),
	}
	if key.RAMUserName != nil {
		identity.RAMUser = *key.RAMUserName
	}
	if key.AssumedRole != nil {
		identity.AssumedRole = *key.AssumedRole
	}
	return identity, nil
}

// CheckSecurityToken returns an error unless a request carries the token that its key needs: a
// temporary key its own, any other key none.
func (i Identity) CheckSecurityToken(token string) error {
	switch {
	case i.securityToken == nil && token == "":
		return nil
	case i.securityToken != nil && token == "":
		return MissingSecurityToken
	case i.securityToken == nil || subtle.ConstantTimeCompare([]byte(token), []byte(*i.securityToken)) == 0:
		return InvalidSecurityTokenMalformed
	case i.keyExpired:
		return InvalidSecurityTokenExpired
	}
	return nil
}

var accessKeyIDPattern = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,128}$`)

// IsAccessKeyID reports whether a key may have an id of this form.
func IsAccessKeyID(id string) bool { return accessKeyIDPattern.MatchString(id) }

// findIdentity looks into the caches, then into the database. It returns nil for an unknown key. An
// id that no key can have is not looked up. The age of a cached entry is real time, even if a test
// stops the clock of the simulated cloud.
//
// An identity whose account has a clock is always looked up anew, because every server must follow a
// change of the clock at once.
//
// A caller's string may be a part of a large body. Therefore the caches keep a clone; otherwise the
// whole body would stay in memory.
func (s *Service) findIdentity(ctx context.Context, accessKeyID string) (*knownIdentity, error) {
	if !IsAccessKeyID(accessKeyID) {
		return nil, nil
	}
	if cached, ok := s.identities.Get(accessKeyID); ok {
		switch {
		case cached.identity.HasClock:
			return s.lookUpAnew(ctx, accessKeyID)
		case time.Since(cached.readAt) < identityCacheTime:
			return cached.identity, nil
		}
	}
	if missedAt, ok := s.unknownKeys.Get(accessKeyID); ok && time.Since(missedAt) < identityCacheTime {
		return nil, nil
	}
	// One query serves all requests that need the same key meanwhile. It goes on when its own
	// caller disconnects, because the others wait for it.
	started, forgotten := time.Now(), s.timesForgotten()
	found := s.lookups.DoChan(accessKeyID, func() (any, error) {
		return s.readIdentity(context.WithoutCancel(ctx), strings.Clone(accessKeyID))
	})
	select {
	case result := <-found:
		read, _ := result.Val.(lookup)
		isOlder := read.startedAt.Before(started)
		switch {
		case result.Err != nil || read.identity == nil:
			return nil, result.Err
		// Another request may have begun the query before a change that this one must see.
		case isOlder && (read.identity.HasClock || read.forgotten != forgotten),
			started.Sub(read.startedAt) >= identityCacheTime:
			return s.lookUpAnew(ctx, accessKeyID)
		}
		return read.identity, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// lookup is the result of a query for an access key.
type lookup struct {
	identity  *knownIdentity // nil: there is no such key
	startedAt time.Time
	forgotten int64 // Service.forgotten before the query
}

// lookupWork is a request for an identity that must not be older than the request.
type lookupWork struct {
	accessKeyID string
	identity    *knownIdentity // the answer
}

// lookUpAnew queries the database for an identity. Requests for the same key that arrive during a
// query share the next one.
func (s *Service) lookUpAnew(ctx context.Context, accessKeyID string) (*knownIdentity, error) {
	work := &lookupWork{accessKeyID: strings.Clone(accessKeyID)}
	key := store.ResourceID{ID: work.accessKeyID}
	err := s.lookupLanes.runInLaneOf(
		store.Row{Kind: store.AccessKeyRow, ResourceID: key}, newLaneRequest(ctx, "", work))
	return work.identity, err
}

// lookUpTogether answers all requests of a batch, which are for the same key, by one query.
func (s *Service) lookUpTogether(ctx context.Context, batch []*laneRequest[*lookupWork], _ bool) error {
	read, err := s.readIdentity(ctx, batch[0].work.accessKeyID)
	for _, r := range batch {
		r.work.identity, r.err = read.identity, err
	}
	return err
}

// readIdentity queries the database, and caches the answer. Lookups have shares of the connections
// of their own: they must not wait for the requests of an account that has too many. A flood of
// invented keys must delay only keys that are not cached yet.
func (s *Service) readIdentity(ctx context.Context, accessKeyID string) (lookup, error) {
	kind := "unknown keys"
	if s.identities.Contains(accessKeyID) {
		kind = "known keys"
	}
	read := lookup{startedAt: time.Now(), forgotten: s.timesForgotten()}
	ctx = store.WithLookups(ctx, kind)
	identity, err := s.store.FindIdentity(ctx, accessKeyID)
	switch {
	case err != nil:
		return lookup{}, err
	case identity == nil:
		s.identities.Remove(accessKeyID)
		s.unknownKeys.Add(accessKeyID, read.startedAt)
		return read, nil
	}
	rules, err := s.rulesOf(ctx, identity)
	if err != nil {
		return lookup{}, err
	}
	read.identity = &knownIdentity{*identity, rules}
	// Keep it, unless this server has changed the identity during the query.
	s.identityLock.Lock()
	defer s.identityLock.Unlock()
	if s.forgotten == read.forgotten {
		s.identities.Add(accessKeyID, cachedIdentity{read.identity, read.startedAt})
	}
	return read, nil
}

// timesForgotten returns how often identities were removed from the cache because they have changed.
func (s *Service) timesForgotten() int64 {
	s.identityLock.Lock()
	defer s.identityLock.Unlock()
	return s.forgotten
}

// forget removes identities from the cache of this replica, because they may have changed.
func (s *Service) forget(isChanged func(store.Identity) bool) {
	s.identityLock.Lock()
	defer s.identityLock.Unlock()
	s.forgotten++
	for _, key := range s.identities.Keys() {
		if cached, ok := s.identities.Peek(key); ok && isChanged(cached.identity.Identity) {
			s.identities.Remove(key)
		}
	}
}

// ForgetAccount removes the keys of an account from the cache of this replica, because they may have
// changed.
func (s *Service) ForgetAccount(id string) {
	s.forget(func(k store.Identity) bool { return k.AccountID == id })
}

// ForgetAccessKey removes a key from the cache of this replica, because it may have changed.
func (s *Service) ForgetAccessKey(id string) {
	s.forget(func(k store.Identity) bool { return k.AccessKeyID == id })
}

// ForCaller returns a context that counts the work of a request against the share of the caller's
// account. The caller of ForCaller calls end when it has encoded the answer.
func (s *Service) ForCaller(ctx context.Context, caller Caller) (_ context.Context, end func()) {
	return s.store.WithAccount(ctx, caller.AccountID)
}

// admissionInput is what the admission rules check.
type admissionInput struct {
	caller      Caller
	action      string // product:Action
	regionKnown bool
	closedToRAM bool
}

// admissionRules apply after an action's parameter rules and before its rules on resources. They
// are P5, A1 and A2 of the reference (docs/reference/attach-network-interface.md, sections 5 and
// 6).
var admissionRules = []rule[admissionInput]{
	{err: InvalidRegionIDNotFound, violated: func(a admissionInput) bool { return !a.regionKnown }},
	{err: AbsInvalidAccountNotFound, violated: func(a admissionInput) bool { return a.caller.Expired }},
	{
		err:      ForbiddenNotSupportRAM,
		violated: func(a admissionInput) bool { return a.caller.RAMUser != "" && a.closedToRAM },
	},
	{err: ForbiddenRAM, violated: isForbidden},
}

// attachAdmissionRules are the admission rules of AttachNetworkInterface. The seed's table for it
// has another code for a RAM user without permission.
var attachAdmissionRules = append(
	slices.Clone(admissionRules[:len(admissionRules)-1]),
	rule[admissionInput]{err: ForbiddenSubUser, violated: isForbidden},
)

// isForbidden reports whether the caller is a RAM user that may not call the action.
func isForbidden(a admissionInput) bool {
	return a.caller.RAMUser != "" && !allows(a.caller.Allow, a.action)
}

// admit applies the admission rules of an action. regionID is "" if the request names no region.
func (s *Service) admit(
	ctx context.Context, caller Caller, rules []rule[admissionInput], action, regionID string,
) error {
	known := regionID == ""
	if !known {
		var err error
		if known, err = s.regionExists(ctx, regionID); err != nil {
			return err
		}
	}
	return check(rules, admissionInput{
		caller:      caller,
		action:      action,
		regionKnown: known,
		closedToRAM: slices.ContainsFunc(
			s.options.ClosedToRAM,
			func(closed string) bool { return strings.EqualFold(closed, action) },
		),
	})
}

func (s *Service) regionExists(ctx context.Context, regionID string) (bool, error) {
	if !isValidID(regionID) {
		return false, nil
	}
	if _, known := s.regions.Load(regionID); known {
		return true, nil
	}
	known, err := s.store.RegionExists(ctx, regionID)
	if known {
		s.regions.Store(strings.Clone(regionID), nil) // a clone, as in findIdentity
	}
	return known, err
}

// allows reports whether one of the patterns matches an action. Case is ignored, as in the real
// service: VPC has UnTagResources where ECS has UntagResources.
func allows(patterns []string, action string) bool {
	action = strings.ToLower(action)
	return slices.ContainsFunc(
		patterns,
		func(pattern string) bool { return match.Wildcard(strings.ToLower(pattern), action) },
	)
}

// SecurityToken returns the token that a request with the key carries, or "" if the key is not temporary.
func (i Identity) SecurityToken() string {
	if i.securityToken == nil {
		return ""
	}
	return *i.securityToken
}
