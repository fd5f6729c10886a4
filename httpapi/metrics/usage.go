package metrics

import (
	"context"
	"sync"
	"time"

	"enisim.alt/service"
)

const (
	// usageWait is how long a scrape waits until the resources are counted. After that it shows the
	// counts of the time before.
	usageWait = 250 * time.Millisecond
	// usageTimeout is how long counting may take.
	usageTimeout = 10 * time.Second
	// usagePause is how long no count begins after one, as a multiple of the time that it took. So
	// counting uses at most a twentieth of a core, however large the world is and however many read,
	// and the counts of a small world are as good as new.
	usagePause = 19
)

// Usage counts the resources of all accounts, at most as often as that is cheap. It is safe for
// concurrent use.
type Usage struct {
	service *service.Service

	mu       sync.Mutex
	last     *service.Usage // the last count; nil if there is none
	counting chan struct{}  // closed when the count in progress ends; nil without one
	notSoon  time.Time      // no count begins before
}

// NewUsage returns the usage of a service's database. Nothing is counted before it is asked for.
func NewUsage(s *service.Service) *Usage { return &Usage{service: s} }

// Latest returns the resources as they were last counted. It counts them anew if that may begin, and
// waits at most this long for the result. It returns nil if they are not known. The caller does not
// change the result.
func (u *Usage) Latest(wait time.Duration) *service.Usage {
	if counting := u.begin(time.Now()); counting != nil {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-counting:
		case <-timer.C:
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.last
}

// begin begins a count if none is in progress and the last one is long enough ago. It returns the
// channel of the count in progress, or nil.
func (u *Usage) begin(now time.Time) chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.counting == nil && !now.Before(u.notSoon) {
		u.counting = make(chan struct{})
		go u.count()
	}
	return u.counting
}

// count counts the resources. A failure is no news: the reader learns elsewhere whether the database
// answers, and has no counts.
func (u *Usage) count() {
	ctx, cancel := context.WithTimeout(context.Background(), usageTimeout)
	defer cancel()
	started := time.Now()
	usage, err := u.service.Usage(ctx)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last = &usage
	if err != nil {
		u.last = nil
	}
	u.notSoon = time.Now().Add(usagePause * time.Since(started))
	close(u.counting)
	u.counting = nil
}
