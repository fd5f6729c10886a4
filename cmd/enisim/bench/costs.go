package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/httpapi"
	"enisim.alt/httpapi/signature"
	"enisim.alt/service"
	"enisim.alt/store"
)

// printCosts prints the cost of a request that is alone in its batch. The request is served in this
// process, without a network, so that its allocations can be counted.
func (b *bench) printCosts(ctx context.Context) error {
	config, err := store.Config(b.postgres.DatabaseURL("load"))
	if err != nil {
		return err
	}
	// First make a server on a single connection whose round trips are counted.
	trips := &roundTrips{}
	config.MaxConns = 1
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		conn.PgConn().Frontend().Trace(trips, pgproto3.TracerOptions{SuppressTimestamps: true})
		return nil
	}
	counted, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer counted.Close()
	log := slog.New(slog.DiscardHandler)
	api := httpapi.New(service.New(store.New(counted, log), service.Options{}), httpapi.Options{Log: log})
	// Then serve the requests and compare the counters. The first two requests prepare the
	// statements and do not count.
	const requests = 200
	var before, after runtime.MemStats
	for n := range 2 + requests {
		if n == 2 {
			trips.n.Store(0)
			runtime.ReadMemStats(&before)
		}
		request, reply := newSignedRequest(ctx, n), httptest.NewRecorder()
		api.ServeHTTP(reply, request)
		if reply.Code != http.StatusOK {
			return fmt.Errorf("costs: request %d: status %d: %s", n, reply.Code, reply.Body)
		}
	}
	runtime.ReadMemStats(&after)
	fmt.Printf("\nA request alone: %.1f round trips to Postgres, %d allocations of %d KiB in all, with those of "+
		"making and signing it, and of tracing the wire.\n",
		float64(trips.n.Load())/requests, (after.Mallocs-before.Mallocs)/requests,
		(after.TotalAlloc-before.TotalAlloc)/requests/1024)
	return nil
}

// newSignedRequest returns the n-th request, attaches and detaches in turn.
func newSignedRequest(ctx context.Context, n int) *http.Request {
	q := url.Values{
		"AccessKeyId": {keyID}, "Action": {[]string{history.Attach, history.Detach}[n%2]}, "Format": {"JSON"},
		"InstanceId":         {"i-spread-1"},
		"NetworkInterfaceId": {"eni-spread-1"}, "RegionId": {"cn-hangzhou"}, "SignatureMethod": {signature.MethodV1},
		"SignatureNonce":   {uuid.NewString()},
		"SignatureVersion": {signature.VersionV1}, "Timestamp": {time.Now().UTC().Format(signature.TimeFormat)},
		"Version": {"2014-05-26"},
	}
	q.Set("Signature", signature.V1(http.MethodPost, q, keySecret))
	return httptest.NewRequestWithContext(ctx, http.MethodPost, "/?"+q.Encode(), nil)
}

// roundTrips counts the ReadyForQuery messages of Postgres: one ends each round trip.
type roundTrips struct{ n atomic.Int64 }

func (r *roundTrips) Write(line []byte) (int, error) {
	r.n.Add(int64(bytes.Count(line, []byte("ReadyForQuery"))))
	return len(line), nil
}
