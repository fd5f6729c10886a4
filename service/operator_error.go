package service

import "fmt"

// OperatorError explains why a request of an operator is refused, and what would be right. It is
// not an error of the simulated API.
type OperatorError struct {
	Missing bool // the named thing does not exist; otherwise the request is invalid
	text    string
}

func (e *OperatorError) Error() string { return e.text }

func invalidRequestf(format string, args ...any) error {
	return &OperatorError{text: fmt.Sprintf(format, args...)}
}

func notFoundf(format string, args ...any) error {
	return &OperatorError{Missing: true, text: fmt.Sprintf(format, args...)}
}
