package console

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"
)

const (
	// maxStreams is the maximum number of streams of a server at a time.
	maxStreams = 64
	// streamLifetime is the maximum duration of a stream. Then the browser opens a new one, whose session
	// is checked.
	streamLifetime = 10 * time.Minute
	// streamInterval is how often a stream looks whether its page has changed. A stream whose page takes
	// long looks less often: each uses at most a fiftieth of a core.
	streamInterval = time.Second
	streamPause    = 49
	// streamBeat is how often a stream without changes says that it lives.
	streamBeat = 15 * time.Second
	// streamWriteTimeout is how long a browser may take to read an event.
	streamWriteTimeout = 10 * time.Second
)

// stream sends an event whenever a part of a page has changed. The browser then fetches the page anew.
// The streams of a server look at their pages one after another, so together they use at most one
// connection of the database.
func (c *Console) stream(w http.ResponseWriter, r *http.Request, show show) {
	if !c.streams.TryAcquire(1) {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many pages are open that update themselves", http.StatusServiceUnavailable)
		return
	}
	defer c.streams.Release(1)
	out := http.NewResponseController(w)
	ctx, cancel := context.WithTimeout(r.Context(), streamLifetime)
	defer cancel()
	r = r.WithContext(ctx)
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(text string) bool {
		// The server's own limit is that of a short answer. A writer of a test may have no deadlines.
		_ = out.SetWriteDeadline(time.Now().Add(streamWriteTimeout))
		if _, err := fmt.Fprint(w, text); err != nil {
			return false
		}
		return out.Flush() == nil
	}
	if !send("retry: 2000\n\n") {
		return
	}
	// The first look may differ from what the browser shows, so the state of the page is always sent once.
	var last [sha256.Size]byte
	beat := time.Now()
	for {
		started := time.Now()
		now, isCurrent := c.look(r, show)
		switch {
		case isCurrent && now != last:
			last, beat = now, time.Now()
			if !send(fmt.Sprintf("event: changed\ndata: %x\n\n", now[:8])) {
				return
			}
		case time.Since(beat) >= streamBeat:
			beat = time.Now()
			if !send(": alive\n\n") {
				return
			}
		}
		select {
		case <-time.After(max(streamInterval, streamPause*time.Since(started))):
		case <-ctx.Done():
			return
		case <-c.stopping:
			return
		}
	}
}

// look returns a hash of the part of a page that changes. It reports whether the page could be read.
func (c *Console) look(r *http.Request, show show) (hash [sha256.Size]byte, ok bool) {
	if err := c.watching.Acquire(r.Context(), 1); err != nil {
		return hash, false
	}
	defer c.watching.Release(1)
	p, err := show(r)
	if err != nil {
		return sha256.Sum256([]byte(err.Error())), true
	}
	body := new(bytes.Buffer)
	if err := c.templates[p.template].ExecuteTemplate(body, "live", c.newLayout(r, p, http.StatusOK)); err != nil {
		return hash, false
	}
	return sha256.Sum256(body.Bytes()), true
}
