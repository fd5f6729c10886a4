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

	"enisim/cmd/enisim/history"
	"enisim/httpapi"
	"enisim/httpapi/signature"
	"enisim/service"
	"enisim/store"
)

// printCosts tells what one request costs that is alone in its lane: it is served in this process, without a network, so that its garbage can be counted.
func (b *bench) printCosts(ctx context.Context) error {
	config, err := store.Config(b.postgres.DatabaseURL("load"))
	if err != nil {
		return err
	}
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
	const requests = 200
	var before, after runtime.MemStats
	for n := range 2 + requests { // the first two prepare the statements
		if n == 2 {
			trips.n.Store(0)
			runtime.ReadMemStats(&before)
		}
		request, reply := signed(ctx, n), httptest.NewRecorder()
		api.ServeHTTP(reply, request)
		if reply.Code != http.StatusOK {
			return fmt.Errorf("costs: request %d: status %d: %s", n, reply.Code, reply.Body)
		}
	}
	runtime.ReadMemStats(&after)
	fmt.Printf("\nA request alone: %.1f round trips to Postgres, %d allocations of %d KiB in all, with those of making and signing it, and of tracing the wire.\n",
		float64(trips.n.Load())/requests, (after.Mallocs-before.Mallocs)/requests, (after.TotalAlloc-before.TotalAlloc)/requests/1024)
	return nil
}

// signed is the n-th of attaches and detaches in turn.
func signed(ctx context.Context, n int) *http.Request {
	q := url.Values{
		"AccessKeyId": {keyID}, "Action": {[]string{history.Attach, history.Detach}[n%2]}, "Format": {"JSON"}, "InstanceId": {"i-spread-1"},
		"NetworkInterfaceId": {"eni-spread-1"}, "RegionId": {"cn-hangzhou"}, "SignatureMethod": {signature.MethodV1}, "SignatureNonce": {uuid.NewString()},
		"SignatureVersion": {signature.VersionV1}, "Timestamp": {time.Now().UTC().Format(signature.TimeFormat)}, "Version": {"2014-05-26"},
	}
	q.Set("Signature", signature.V1(http.MethodPost, q, keySecret))
	return httptest.NewRequestWithContext(ctx, http.MethodPost, "/?"+q.Encode(), nil)
}

// roundTrips counts the server's ReadyForQuery messages: one ends each round trip.
type roundTrips struct{ n atomic.Int64 }

func (r *roundTrips) Write(line []byte) (int, error) {
	r.n.Add(int64(bytes.Count(line, []byte("ReadyForQuery"))))
	return len(line), nil
}
