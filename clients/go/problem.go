package resumes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Codes of problems: the last part of [ProblemError.Type]. The service may come to know more.
const (
	ProblemBadRequest        = "bad-request"
	ProblemUnauthorized      = "unauthorized"
	ProblemInsufficientScope = "insufficient-scope"
	ProblemNotFound          = "not-found"
	ProblemMethodNotAllowed  = "method-not-allowed"
	ProblemTimeout           = "timeout"
	ProblemInProgress        = "in-progress"
	ProblemEnded             = "ended"
	ProblemErased            = "erased"
	ProblemTooLarge          = "too-large"
	ProblemUnsupportedType   = "unsupported-type"
	ProblemInvalid           = "invalid"
	ProblemRateLimited       = "rate-limited"
	ProblemOverloaded        = "overloaded"
	ProblemInternal          = "internal"
)

const (
	problemMediaType = "application/problem+json"
	longestProblem   = 64 << 10 // bytes of an error's body that are read: a problem has some hundred
)

// ProblemError is an answer that is no success (RFC 9457). Find it with errors.As, switch on Code, show Detail to a
// person, and quote RequestID in a report.
type ProblemError struct {
	Type      string       // A stable address, /problems/<code>; empty where something else than the service answered.
	Title     string       // The kind of problem, in words.
	Status    int          // The HTTP status.
	Detail    string       // What to do about it.
	Instance  string       // The path that was called.
	RequestID string       // The request in the service's log.
	Errors    []FieldError // The values that were not acceptable, for the code invalid.

	retryAfter time.Duration
}

// Error is the title, the status and the detail.
func (e *ProblemError) Error() string {
	message := fmt.Sprintf("resumes: %s (%d)", e.Title, e.Status)
	if e.Detail != "" {
		message += ": " + e.Detail
	}
	return message
}

// Code is the last part of Type, as "too-large"; empty where something else than the service answered.
func (e *ProblemError) Code() string { return e.Type[strings.LastIndex(e.Type, "/")+1:] }

// RetryAfter is the wait that the last answer asked for; 0 where it asked for none.
func (e *ProblemError) RetryAfter() time.Duration { return e.retryAfter }

// HasCode tells whether err is, or wraps, a problem of this code.
func HasCode(err error, code string) bool {
	var problem *ProblemError
	return errors.As(err, &problem) && problem.Code() == code
}

// problemOf reads an answer that is no success. A lost connection on the way leaves what the status says.
func problemOf(response *http.Response, retryAfter time.Duration) *ProblemError {
	problem := &ProblemError{
		Title:      http.StatusText(response.StatusCode),
		Status:     response.StatusCode,
		RequestID:  response.Header.Get("X-Request-Id"),
		retryAfter: retryAfter,
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, longestProblem))
	var document ProblemDocument
	if !isProblem(response) || json.Unmarshal(body, &document) != nil {
		return problem
	}
	problem.Type, problem.Title, problem.Detail = string(document.Type), document.Title, document.Detail
	problem.Instance, problem.RequestID, problem.Errors = document.Instance, document.RequestID, document.Errors
	return problem
}

func isProblem(response *http.Response) bool {
	return strings.HasPrefix(response.Header.Get("Content-Type"), problemMediaType)
}
