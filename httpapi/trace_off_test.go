package httpapi

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"enisim.alt/service"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// Without traces, a request allocates nothing for them.
func TestRequestsWithoutTracesAllocateNothing(t *testing.T) {
	st := store.New(storetest.Pool(t), slog.New(slog.DiscardHandler))
	a := New(service.New(st, service.Options{}), Options{Log: slog.New(slog.DiscardHandler)})
	c := a.echo.NewContext(httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil), nil)
	x := &exchange{version: ecsVersion, action: "AttachNetworkInterface"}
	if got := testing.AllocsPerRun(100, func() {
		a.startSpan(c, x)
		a.traceOutcome(c, x, http.StatusOK, "")
		x.endSpan()
	}); got > 0 {
		t.Errorf("got %v allocations, want none", got)
	}
}
