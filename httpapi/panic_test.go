package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"enisim.alt/service"
	"enisim.alt/service/operator"
	"enisim.alt/store"
	"enisim.alt/store/storetest"
)

// A handler that panics answers InternalError and writes one log record, which has the stack in an
// attribute. No database connection is lost, and the next request succeeds.
func TestPanic(t *testing.T) {
	t.Parallel()
	pool := storetest.Pool(t)
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO accounts (id, created_at) VALUES ('1000000000000001', '2026-11-22');
		INSERT INTO access_keys (id, account_id, secret, created_at)
		VALUES ('LTAIpanic', '1000000000000001', 's', '2026-11-22')`); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	st := store.New(pool, slog.New(slog.DiscardHandler))
	api := New(service.New(st, service.Options{}), Options{
		Log:       slog.New(slog.NewJSONHandler(&log, nil)),
		Signature: IdentifyOnly,
		Control:   Control{Open: true},
	})
	inTransaction := func(ctx context.Context) error {
		return st.InTx(ctx, func(tx *store.Tx) error {
			if _, err := tx.LockAccessKey(ctx, "LTAIpanic"); err != nil {
				return err
			}
			panic("boom")
		})
	}
	api.actions[ecsVersion]["Panic"] = action{answer: func(ctx context.Context, _ *service.Service, _ service.Caller,
		_ parameters) (any, error) {
		return nil, inTransaction(ctx)
	}}
	api.echo.GET("/_enisim/panic", api.control(Control{Open: true}, operation{
		answer: func(c echo.Context) (int, any, error) { return 0, nil, inTransaction(c.Request().Context()) },
	}))
	api.echo.GET("/panic", func(echo.Context) error { panic("boom") })

	query := url.Values{"Action": {"Panic"}, "Version": {ecsVersion}, "AccessKeyId": {"LTAIpanic"}, "Format": {"JSON"}}
	for _, c := range []struct{ name, target, want, action string }{
		{"an action", "/?" + query.Encode(), `"Code":"InternalError"`, "Panic"},
		{"a control", "/_enisim/panic", `"error":"` + service.InternalError.Message + `"`, "/_enisim/panic"},
		{"anything else", "/panic", "<Code>InternalError</Code>", ""},
	} {
		log.Reset()
		recorder := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.target, nil)
		request.Host = "127.0.0.1"
		api.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusInternalServerError || !strings.Contains(recorder.Body.String(), c.want) ||
			strings.Contains(recorder.Body.String(), "boom") {
			t.Errorf("%s: got %d %s, want 500, %s and no text of the panic", c.name, recorder.Code, recorder.Body,
				c.want)
		}
		var record struct {
			Level     string
			Action    string `json:"action"`
			RequestID string `json:"request_id"`
			Error     struct{ Message, Stack string }
		}
		if err := json.Unmarshal(log.Bytes(), &record); err != nil {
			t.Fatalf("%s: got the log %q, want one record: %v", c.name, &log, err)
		}
		if record.Level != "ERROR" || record.Action != c.action || record.Error.Message != "panic: boom" ||
			!strings.Contains(record.Error.Stack, "TestPanic") ||
			record.RequestID != recorder.Header().Get("X-Acs-Request-Id") {
			t.Errorf("%s: got %+v, want the action %q, the message, the stack and the RequestId of the reply", c.name,
				record, c.action)
		}
		if got := pool.Stat().AcquiredConns(); got != 0 {
			t.Errorf("%s: got %d database connections in use afterwards, want 0", c.name, got)
		}
	}

	// The lock of the transactions that panicked is released.
	if _, err := operator.New(service.New(st, service.Options{})).DisableAccessKey(t.Context(),
		"LTAIpanic"); err != nil {
		t.Errorf("afterwards: got %v, want the key disabled", err)
	}
}

// net/http aborts a reply with this panic, so the handler must not catch it.
func TestAbortIsNotCaught(t *testing.T) {
	t.Parallel()
	defer func() {
		if got, _ := recover().(error); !errors.Is(got, http.ErrAbortHandler) {
			t.Errorf("got %v, want ErrAbortHandler", got)
		}
	}()
	_ = catchPanics(func(echo.Context) error { panic(http.ErrAbortHandler) })(nil)
}
