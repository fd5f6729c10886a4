package httpapi

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/labstack/echo/v4"
)

// panicError is a panic of a handler, for the log. The caller gets an InternalError, and the server
// continues.
type panicError struct {
	value any
	stack string
}

func (p *panicError) Error() string { return fmt.Sprint("panic: ", p.value) }

// LogValue separates the message from the stack, which has many lines.
func (p *panicError) LogValue() slog.Value {
	return slog.GroupValue(slog.String("message", p.Error()), slog.String("stack", p.stack))
}

// recoverPanic turns a panic into the error of the function that defers it.
func recoverPanic(err *error) {
	switch value := recover(); value {
	case nil:
	case http.ErrAbortHandler: // net/http's own way to break off a reply
		panic(value)
	default:
		*err = &panicError{value, string(debug.Stack())}
	}
}

// catchPanics handles panics outside of actions and controls. Those handle their own panics,
// because they know more of the request.
func catchPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer recoverPanic(&err)
		return next(c)
	}
}
