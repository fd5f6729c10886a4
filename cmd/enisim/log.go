package main

import (
	"io"
	"log/slog"
)

// logFlags choose what the server writes about its work.
type logFlags struct {
	LogLevel  slog.Level `default:"info" help:"Least level to log: debug, info, warn or error. A line a request is info."`
	LogFormat string     `default:"text" enum:"text,json" help:"Form of the log: text or json."`
}

func (f logFlags) logger(out io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: f.LogLevel}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// warnings is the log of a command that does one thing: it speaks only when something is wrong.
func warnings(out io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
