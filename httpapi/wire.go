package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"enisim.alt/service"
)

// Content types of the gateway. SDKs compare the one of XML literally.
const (
	contentTypeJSON = "application/json;charset=utf-8"
	contentTypeXML  = "text/xml;charset=utf-8"
)

// Reply is embedded in every reply. The fields of a reply have the names of the wire. A list is a
// struct with one slice field, which is empty rather than nil.
type Reply struct{ RequestId string }

func (r *Reply) setRequestID(id string) { r.RequestId = id }

// errorReply is the body of a failure. All its fields are strings, because an SDK requires it.
type errorReply struct {
	RequestId string
	HostId    string
	Code      string
	Message   string
	Recommend string
}

// writeReply sends a success. XML names its root after the action.
func (a *API) writeReply(c echo.Context, x *exchange, reply any) error {
	reply.(interface{ setRequestID(string) }).setRequestID(x.requestID) // every reply embeds Reply
	a.logRequest(c, x, http.StatusOK, "", nil)
	return a.write(c, x, http.StatusOK, x.action+"Response", reply)
}

// writeError returns the only place where a failure becomes a response. An error that is not of the
// public contract is shown as InternalError and logged in full.
func (a *API) writeError(c echo.Context, x *exchange, err error) error {
	if a.clientIsGone(c, x, err) {
		return nil
	}
	shown, documented := service.APIError(err)
	if documented {
		err = nil
	}
	x.refused = documented && !x.isAnsweredByFault()
	if shown.Status == http.StatusServiceUnavailable {
		c.Response().Header().Set("Retry-After", "1")
	}
	a.logRequest(c, x, shown.Status, shown.Code, err)
	return a.write(c, x, shown.Status, "Error", &errorReply{
		RequestId: x.requestID,
		HostId:    x.host,
		Code:      shown.Code,
		Message:   shown.Message,
		Recommend: "https://api.aliyun.com/troubleshoot?q=" + url.QueryEscape(
			shown.Code,
		) + "&product=" + productForVersion(
			x.version,
		).title + "&requestId=" + x.requestID,
	})
}

// statusClientGone is the logged status of a request whose client has disconnected. Only the
// operator sees it.
const statusClientGone = 499

// clientIsGone reports whether a request failed because its client closed the connection, and logs
// that. It is not counted as a failure.
func (a *API) clientIsGone(c echo.Context, x *exchange, err error) bool {
	if !errors.Is(c.Request().Context().Err(), context.Canceled) || !errors.Is(err, context.Canceled) {
		return false
	}
	a.logRequest(c, x, statusClientGone, "ClientGone", nil)
	return true
}

func (a *API) write(c echo.Context, x *exchange, status int, root string, body any) error {
	encoded, contentType, err := encode(x.format, root, body)
	x.end() // before the answer is sent, because the client may read it slowly
	if err != nil {
		return err
	}
	setHeaders(c.Response().Header(), x.requestID)
	if call, ok := c.Response().Writer.(*callRecorder); ok {
		call.root, call.reply, call.encoded = root, body, encoded
	}
	return a.writeBody(c, x, status, contentType, encoded)
}

// setHeaders sets the headers that every captured answer of the real service has.
func setHeaders(h http.Header, requestID string) {
	h.Set("X-Acs-Request-Id", requestID)
	h.Set("X-Acs-Trace-Id", traceID(requestID))
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "POST, GET, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "X-Requested-With, X-Sequence, _aop_secret, _aop_signature")
	h.Set("Access-Control-Expose-Headers", "*")
	h.Set("Access-Control-Max-Age", "172800")
	h.Set("Vary", "Accept-Encoding")
	if h.Get("Connection") == "" { // a server that is about to stop says close
		h.Set("Connection", "keep-alive")
	}
}

// traceID returns 32 hexadecimal digits, derived from the request id.
func traceID(requestID string) string {
	sum := sha256.Sum256([]byte(requestID))
	return hex.EncodeToString(sum[:16])
}

// encode encodes a reply without line breaks or indentation, like the gateway.
func encode(f format, root string, body any) (encoded []byte, contentType string, err error) {
	var out bytes.Buffer
	if f == formatJSON {
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(body)
		return bytes.TrimSuffix(out.Bytes(), []byte("\n")), contentTypeJSON, err
	}
	out.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
	err = xml.NewEncoder(&out).EncodeElement(body, xml.StartElement{Name: xml.Name{Local: root}})
	return out.Bytes(), contentTypeXML, err
}

// maxLoggedAction is how many bytes of the action, as the caller spells it, a log line shows.
const maxLoggedAction = 128

// loggedAction returns the action of a request for its log line.
func (x *exchange) loggedAction() string {
	if len(x.action) <= maxLoggedAction {
		return x.action
	}
	return x.action[:maxLoggedAction] + "…"
}

// logRequest counts a request, completes its span and writes its log line. failure is nil unless an operator must act.
func (a *API) logRequest(c echo.Context, x *exchange, status int, code string, failure error) {
	a.meter.answered(x, code)
	a.traceOutcome(c, x, status, code)
	level := slog.LevelInfo
	if failure != nil {
		level = slog.LevelError
	}
	if !a.log.Enabled(c.Request().Context(), level) {
		return
	}
	attributes := []slog.Attr{
		slog.String("request_id", x.requestID),
		slog.String("method", c.Request().Method),
		slog.String("action", x.loggedAction()),
		slog.String("account", x.account),
		slog.Int("status", status),
		slog.String("code", code),
		slog.Duration("took", time.Since(x.started)),
		slog.String("from", c.Request().RemoteAddr),
	}
	if x.fault != nil {
		attributes = append(attributes, slog.String("fault", x.fault.ID))
	}
	if failure != nil {
		attributes = append(attributes, slog.Any("error", failure))
	}
	a.log.LogAttrs(c.Request().Context(), level, "request", attributes...)
}
