package httpapi_test

import (
	"sync/atomic"
	"time"
)

// testClock is a clock that stands still until a test advances it.
type testClock struct{ nanoseconds atomic.Int64 }

func newTestClock() *testClock {
	c := &testClock{}
	c.nanoseconds.Store(time.Now().Truncate(time.Second).UnixNano())
	return c
}

func (c *testClock) now() time.Time          { return time.Unix(0, c.nanoseconds.Load()) }
func (c *testClock) advance(d time.Duration) { c.nanoseconds.Add(int64(d)) }
