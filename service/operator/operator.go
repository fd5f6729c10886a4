package operator

import (
	"golang.org/x/sync/semaphore"

	"enisim.alt/service"
	"enisim.alt/store"
)

// Operator manages the accounts of a database. It is safe for concurrent use, also beside other
// processes. Its commands may span accounts, and may take longer than a request.
type Operator struct {
	service *service.Service // its clock and its caches: a changed key applies at once on this server
	store   *store.Store
	worlds  *semaphore.Weighted // room in memory for the worlds of control requests

	besideServers bool // this process serves no requests, but others may
}

// New returns the operator of a service's database.
func New(s *service.Service) *Operator {
	return &Operator{service: s, store: s.Store(), worlds: semaphore.NewWeighted(worldRoom)}
}

// NewBesideServers returns an operator of a process that serves no requests itself. Its changes of
// rules return when every server follows them.
func NewBesideServers(s *service.Service) *Operator {
	o := New(s)
	o.besideServers = true
	return o
}
