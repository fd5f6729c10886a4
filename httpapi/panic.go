package httpapi

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/labstack/echo/v4"
)

// panicError is a panic of a handler on its way to the log. Its caller sees an InternalError, and the server lives on.
type panicError struct {
	value any
	stack string
}

func (p *panicError) Error() string { return fmt.Sprint("panic: ", p.value) }

// LogValue keeps the stack, which is many lines, apart from the message.
func (p *panicError) LogValue() slog.Value {
	return slog.GroupValue(slog.String("message", p.Error()), slog.String("stack", p.stack))
}

// catch turns a panic into the error of the function that defers it.
func recoverPanic(err *error) {
	switch value := recover(); value {
	case nil:
	case http.ErrAbortHandler: // net/http's own way to break off a reply
		panic(value)
	default:
		*err = &panicError{value, string(debug.Stack())}
	}
}

// catchPanics is for panics outside of what an action or a control does, whose frames catch their own and know more of the request.
func catchPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer recoverPanic(&err)
		return next(c)
	}
}
