package operator

import "fmt"

// Error explains why a request of an operator is refused, and what would be right. It is
// not an error of the simulated API.
type Error struct {
	Missing bool // the named thing does not exist; otherwise the request is invalid
	text    string
}

func (e *Error) Error() string { return e.text }

func invalidRequestf(format string, args ...any) error {
	return &Error{text: fmt.Sprintf(format, args...)}
}

func notFoundf(format string, args ...any) error {
	return &Error{Missing: true, text: fmt.Sprintf(format, args...)}
}
