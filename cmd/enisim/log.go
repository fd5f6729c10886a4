package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"unicode"
	"unicode/utf16"

	"go.opentelemetry.io/otel/trace"
)

// logFlags set the level and the format of the log.
type logFlags struct {
	LogLevel  slog.Level `default:"info" help:"Least level to log: debug, info, warn or error. A line a request is info."`
	LogFormat string     `default:"text" enum:"text,json" help:"Form of the log: text or json."`
}

// logger returns a logger for the flags. Both formats escape control characters, so that a caller
// cannot forge lines or drive the terminal of a reader.
func (f logFlags) logger(out io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: f.LogLevel}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(printableJSON{out}, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// warningLogger returns the logger of a command other than serve. It logs only warnings and errors.
func warningLogger(out io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// printableJSON writes lines of JSON, and escapes what does not print. encoding/json escapes only the
// control characters of ASCII: not DEL, not those from U+0080, which some terminals obey, and not
// those that change the direction of text. They are only within strings, so an escape fits anywhere.
type printableJSON struct{ out io.Writer }

// Write writes one line.
func (w printableJSON) Write(line []byte) (int, error) {
	escapes := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	if bytes.IndexFunc(line, escapes) < 0 {
		return w.out.Write(line)
	}
	escaped := make([]byte, 0, len(line)+64)
	for _, r := range string(line) {
		if !escapes(r) {
			escaped = append(escaped, string(r)...)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			escaped = fmt.Appendf(escaped, "\\u%04x", unit)
		}
	}
	if _, err := w.out.Write(escaped); err != nil {
		return 0, err
	}
	return len(line), nil
}

// traceHandler adds the ids of the trace and the span, in which something is logged, to its line.
type traceHandler struct{ slog.Handler }

// Handle is of slog.Handler.
func (h traceHandler) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record = record.Clone()
		record.AddAttrs(
			slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs is of slog.Handler.
func (h traceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traceHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup is of slog.Handler.
func (h traceHandler) WithGroup(name string) slog.Handler {
	return traceHandler{h.Handler.WithGroup(name)}
}
