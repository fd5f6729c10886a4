package service

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/singleflight"

	"enisim.alt/store"
)

// Options are the operator's settings. A delay of zero means that the transition happens at once.
type Options struct {
	AttachDelay time.Duration // from Attaching to InUse
	DetachDelay time.Duration // from Detaching to Available
	DeleteDelay time.Duration // of an interface, from Deleting to gone
	CreateDelay time.Duration // how long a VPC, a VSwitch and an instance are Pending
	StartDelay  time.Duration // from Starting to Running
	StopDelay   time.Duration // from Stopping to Stopped
	// Lanes is how many batches of attaches and detaches run at a time. 0 means one. With a
	// negative number each request has a transaction of its own, whatever it does.
	Lanes int
	// AcceptRepeats makes an attach or a detach succeed whose effect is there already. An account
	// may override it.
	AcceptRepeats bool
	// OnlyServer says that no other process serves the database. Then the first change of an
	// account's clock does not wait until other servers notice it.
	OnlyServer  bool
	ClosedToRAM []string         // actions that no RAM user may call, whatever its permissions: product:Action
	Now         func() time.Time // nil: the machine's clock
	Random      io.Reader        // ids, MAC and IPv6 addresses come from it; nil: crypto/rand
	RealNow     func() time.Time // by which throttles allow calls; nil: the machine's clock
	Observe     *Observer        // receives measurements; nil: nothing is measured
	// Traces makes spans of requests that share transactions, within the spans of their contexts. nil:
	// there are none. Those of the transactions come from the store.
	Traces trace.TracerProvider
	// WithoutEvents makes the server record neither changes by requests nor refusals. Commands of
	// operators are recorded all the same.
	WithoutEvents bool
	// Refusals is how many refused requests of an account are recorded in a second. AllRefusals
	// records each.
	Refusals int
}

// Service is the simulated cloud on one database. It is safe for concurrent use. It holds no state
// that another replica needs.
type Service struct {
	store           *store.Store
	options         Options
	clock           func() time.Time
	random          io.Reader
	identityLock    sync.Mutex // guards forgotten, and what is added to identities or removed from it
	forgotten       int64      // how often identities were removed because they have changed
	identities      *lru.Cache[string, cachedIdentity]
	unknownKeys     *lru.Cache[string, time.Time] // the time of the last query
	lookups         singleflight.Group            // of keys, by id
	regions         sync.Map                      // ids of regions that are known to exist; regions are never deleted
	attachmentLanes *lanes[attachmentWork]
	interfaceLanes  *interfaceLanes
	countingLanes   *lanes[countedCall]
	lookupLanes     *lanes[*lookupWork]
	realClock       func() time.Time
	throttles       *throttles
	refusals        *refusals
	rules           *lru.Cache[string, cachedRules] // by account
	pacer           *pacer
	keyTurns        keyTurns
}

// New returns a Service on a database whose schema is up to date.
func New(st *store.Store, options Options) *Service {
	s := &Service{
		store:       st,
		options:     options,
		clock:       options.Now,
		realClock:   options.RealNow,
		random:      rand.Reader,
		identities:  newCache[cachedIdentity](identityCacheSize),
		unknownKeys: newCache[time.Time](unknownCacheSize),
		rules:       newCache[cachedRules](rulesCacheSize),
		pacer:       newPacer(),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.realClock == nil {
		s.realClock = time.Now
	}
	s.attachmentLanes = newLanes(max(cmp.Or(options.Lanes, 1), 0), s.decideAttachments)
	s.interfaceLanes = newInterfaceLanes(s)
	s.countingLanes = newLanes(0, s.countCalls)
	s.lookupLanes = newLanes(0, s.lookUpTogether)
	s.throttles = newThrottles(s)
	s.refusals = newRefusals(s)
	s.observeWith(options.Observe)
	s.traceWith(options.Traces)
	if options.Random != nil {
		s.random = &lockedReader{r: options.Random}
	}
	return s
}

// newCache returns a cache with a maximum number of entries, which evicts the least recently used
// one.
func newCache[Value any](size int) *lru.Cache[string, Value] {
	cache, err := lru.New[string, Value](size)
	if err != nil {
		panic(err) // only a size below 1 fails, and ours are positive constants
	}
	return cache
}

// Store returns the database, for package operator, and for what measures its pool. An action uses it
// by a method of its own.
func (s *Service) Store() *store.Store { return s.store }

// Now returns the real time with the precision of the database: UTC, in microseconds. The real time
// is that of the machine, or of a test. Signatures, keys and everything outside of accounts follow
// it.
func (s *Service) Now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// timeOf returns the time of the caller's account. An action decides by the time that it reads after
// its locks, so that times follow the order of commits.
func (s *Service) timeOf(caller Caller) time.Time { return caller.Clock.At(s.Now()) }

// beforeLocks returns the time for a statement that locks rows and purges others in one round trip.
// It is a lower bound of the time by which the action decides: a row whose deletion is due now is
// due then too. A row that becomes due in between is purged by a later action.
func (s *Service) beforeLocks(caller Caller) time.Time { return s.timeOf(caller) }

// DurabilityRisk is a reason why a write might be lost after it was acknowledged.
type DurabilityRisk = store.DurabilityRisk

// DurabilityRiskNames are the names of all risks.
var DurabilityRiskNames = store.DurabilityRiskNames

// Ready returns an error if the database does not answer. Otherwise it returns why a write that is
// acknowledged now could be lost.
func (s *Service) Ready(ctx context.Context) ([]DurabilityRisk, error) {
	return s.store.DurabilityRisks(ctx)
}

// IsOnlyServer reports whether no other process serves the database.
func (s *Service) IsOnlyServer() bool { return s.options.OnlyServer }

// withoutLanes reports whether each request has a transaction of its own.
func (s *Service) withoutLanes() bool { return s.options.Lanes < 0 }
