package ambient

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os/exec"
	"time"

	"github.com/aws/smithy-go"

	"github.com/org/aws-oidc-action/internal/transport"
)

// Error says which source of credentials failed, and why. It contains no text of
// the SDK or of a server. It is context.DeadlineExceeded or
// context.Canceled if the caller's context ended, and fs.ErrNotExist if a file
// is missing.
type Error struct {
	Source string // a variable, profile or service
	Reason string
	Remedy string // what to do, beginning with a verb; may be empty
	cause  error
}

func (e *Error) Error() string {
	text := fmt.Sprintf("no credentials from %s: %s", e.Source, e.Reason)
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

// Unwrap returns the error of the context or of the file.
func (e *Error) Unwrap() error { return e.cause }

// failed is the Error for what a provider of the SDK returned.
func failed(source string, err error, remedy string) *Error {
	e := &Error{Source: source, Reason: reason(err), Remedy: remedy}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ended) {
			e.cause = ended
		}
	}
	return e
}

// unread is the Error for a file that cannot be read.
func unread(source string, err error) *Error {
	e := &Error{Source: source, Reason: err.Error(), cause: err}
	if errors.Is(err, fs.ErrNotExist) {
		e.Remedy = "put the file into the workspace or the runner's temporary directory, which the action's container sees"
	}
	return e
}

var (
	errNoKeys = errors.New("the response contains no keys")
	errPanic  = errors.New("the provider panicked")
)

// timedOut is the duration after which an attempt timed out, before the step's
// own deadline.
type timedOut time.Duration

func (t timedOut) Error() string { return fmt.Sprintf("timed out after %v", time.Duration(t)) }

// invalidAnswer is the reason for every error of an unknown kind.
const invalidAnswer = "the response is invalid"

func reason(err error) string {
	if errors.Is(err, errNoKeys) {
		return errNoKeys.Error()
	}
	if attempt, ok := errors.AsType[timedOut](err); ok {
		return attempt.Error()
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Sprintf("the program failed with %s", exit.ProcessState)
	}
	why := transport.Classify(err)
	switch why.Reason {
	case transport.Other, transport.Malformed:
		return invalidAnswer
	case transport.Status:
		if api, ok := errors.AsType[smithy.APIError](err); ok && isCode(api.ErrorCode()) {
			return why.Error() + ", " + api.ErrorCode()
		}
	}
	return why.Error()
}

// isCode reports whether a text has the form of an AWS error code. No other text
// is shown.
func isCode(text string) bool {
	if text == "" || len(text) > 64 {
		return false
	}
	for _, c := range text {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return text != "UnknownError"
}

// transient reports whether another attempt makes sense.
func transient(err error) bool {
	switch why := transport.Classify(err); why.Reason {
	case transport.Refused, transport.Reset, transport.Truncated:
		return true
	case transport.Status:
		return why.Status == http.StatusTooManyRequests || why.Status >= 500
	}
	return false
}
