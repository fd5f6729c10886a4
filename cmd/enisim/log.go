package main

import (
	"io"
	"log/slog"
)

// logFlags set the level and the format of the log.
type logFlags struct {
	LogLevel  slog.Level `default:"info" help:"Least level to log: debug, info, warn or error. A line a request is info."`
	LogFormat string     `default:"text" enum:"text,json" help:"Form of the log: text or json."`
}

// logger returns a logger for the flags.
func (f logFlags) logger(out io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: f.LogLevel}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// warningLogger returns the logger of a command other than serve. It logs only warnings and errors.
func warningLogger(out io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
