package resumes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// Above the longest poll of 30 s: whoever has not begun to answer by then is taken for dead.
	defaultAnswerTimeout = 60 * time.Second
	longestPoll          = 30 * time.Second
)

// Retry says for how long and how slowly a call is tried again. The zero value is [DefaultRetry].
//
// The limit is a time and not a number of tries: who is told to come back in a second is refused more often than who is
// told to wait a minute.
type Retry struct {
	Within  time.Duration // No try begins later than this after the first; below zero there is only one.
	First   time.Duration // The wait after the first try; it doubles from try to try.
	Longest time.Duration // The longest wait, unless Retry-After asks for more.
}

// DefaultRetry outlives a restart of the service and of its database.
var DefaultRetry = Retry{Within: 2 * time.Minute, First: 250 * time.Millisecond, Longest: 15 * time.Second}

// Client talks to one service. Make it with [New]; it is safe for use by many goroutines.
type Client struct {
	base          string
	key           string
	http          *http.Client
	retry         Retry
	answerTimeout time.Duration

	// What tests put in place of the clock and of chance.
	sleep  func(context.Context, time.Duration) error
	now    func() time.Time
	random func() float64
}

// Option changes what [New] makes.
type Option func(*Client)

// WithHTTPClient takes another HTTP client: for TLS, a proxy, or tracing. Its redirects are not followed by itself.
func WithHTTPClient(client *http.Client) Option {
	return func(c *Client) { copied := *client; c.http = &copied }
}

// WithRetry takes other limits for trying again.
func WithRetry(retry Retry) Option { return func(c *Client) { c.retry = retry } }

// WithAnswerTimeout bounds one try of a call with a short answer, 60 s by default: uploads of resumes are among
// them, archives, files and streams of results are not. The context bounds all tries together.
func WithAnswerTimeout(timeout time.Duration) Option {
	return func(c *Client) { c.answerTimeout = timeout }
}

// New makes a client of the service at base, as http://127.0.0.1:8000, with an API key.
func New(base, key string, options ...Option) (*Client, error) {
	parsed, err := url.Parse(base)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return nil, fmt.Errorf("resumes: %q is no address: give it as http://host:port", base)
	}
	c := &Client{
		base:          strings.TrimRight(base, "/"),
		key:           key,
		http:          &http.Client{Transport: transport()},
		retry:         DefaultRetry,
		answerTimeout: defaultAnswerTimeout,
		sleep:         sleep,
		now:           time.Now,
		random:        rand.Float64,
	}
	for _, option := range options {
		option(c)
	}
	if c.retry == (Retry{}) {
		c.retry = DefaultRetry
	}
	// A redirect leads to the object store, which refuses a request that brings our API key along.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// transport keeps as many connections as there are busy goroutines: the default keeps two a host.
func transport() http.RoundTripper {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	made := base.Clone()
	made.MaxIdleConnsPerHost = 64
	made.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	return made
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// call is one request, made anew for each try.
type call struct {
	method, path string
	query        url.Values
	header       http.Header
	body         func() (io.ReadCloser, int64, error) // and its size, -1 where it is not known
	once         bool                                 // A lost answer is not asked for again: it may have had its effect.
	underWay     bool                                 // A 409 in-progress is an earlier try of this very call.
	unbounded    bool                                 // The answer or the body may take any time.
}

// json does the call and reads its answer into result. An answer that breaks off is a lost connection.
func (c *Client) json(ctx context.Context, one call, result any) error {
	return c.try(ctx, one, func(response *http.Response) error { return decode(response, result) })
}

// open does the call and answers its response, whose body the caller closes.
func (c *Client) open(ctx context.Context, one call) (*http.Response, error) {
	one.unbounded = true
	var opened *http.Response
	err := c.try(ctx, one, func(response *http.Response) error {
		opened = response
		return errKeepBody
	})
	return opened, err
}

// errKeepBody says that the response's body is the caller's to close.
var errKeepBody = errors.New("the body is kept")

// lostConnection is a failure of the way, not of the service: nobody knows what became of the request.
type lostConnection struct{ error }

func (e *lostConnection) Unwrap() error { return e.error }

// try does a call until it is answered, refused for good, or the time for it is over; then it answers the last error.
func (c *Client) try(ctx context.Context, one call, take func(*http.Response) error) error {
	began := c.now()
	for attempt := 1; ; attempt++ {
		err := c.attempt(ctx, one, take)
		if err == nil || ctx.Err() != nil {
			return errors.Join(contextError(ctx, err), err)
		}
		if !repeats(err, one) {
			return err
		}
		if err := c.rest(ctx, began, attempt, err); err != nil {
			return err
		}
	}
}

// contextError names why the context ended where a try failed because of it.
func contextError(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, ctx.Err()) {
		return nil
	}
	return ctx.Err()
}

func (c *Client) attempt(ctx context.Context, one call, take func(*http.Response) error) error {
	if !one.unbounded && c.answerTimeout > 0 {
		bounded, cancel := context.WithTimeout(ctx, c.answerTimeout)
		defer cancel()
		ctx = bounded
	}
	request, err := c.request(ctx, one)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return &lostConnection{fmt.Errorf("resumes: %w", err)}
	}
	if response.StatusCode >= http.StatusBadRequest {
		defer response.Body.Close()
		return problemOf(response, retryAfter(response.Header, c.now()))
	}
	err = take(response)
	if err == errKeepBody {
		return nil
	}
	response.Body.Close()
	return err
}

func (c *Client) request(ctx context.Context, one call) (*http.Request, error) {
	address := c.base + one.path
	if len(one.query) > 0 {
		address += "?" + one.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, one.method, address, nil)
	if err != nil {
		return nil, fmt.Errorf("resumes: %w", err)
	}
	if one.body != nil {
		body, size, err := one.body()
		if err != nil {
			return nil, fmt.Errorf("resumes: the content cannot be opened: %w", err)
		}
		request.Body, request.ContentLength = body, size
	}
	for name, values := range one.header {
		request.Header[name] = values
	}
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	return request, nil
}

// repeats tells whether asking again may help, and can do no harm.
func repeats(err error, one call) bool {
	var content *contentError
	if errors.As(err, &content) {
		return false // the caller's reader failed: it would again
	}
	var lost *lostConnection
	if errors.As(err, &lost) {
		var dial *net.OpError
		return !one.once || errors.As(err, &dial) && dial.Op == "dial"
	}
	var problem *ProblemError
	if !errors.As(err, &problem) {
		return false
	}
	switch {
	case problem.Status == http.StatusTooManyRequests || problem.Status == http.StatusServiceUnavailable:
		return true
	case problem.Status >= http.StatusInternalServerError:
		return problem.Type == "" && !one.once // not the service's own answer: its ingress died with the request
	case problem.Status == http.StatusConflict:
		return one.underWay && problem.Code() == ProblemInProgress
	}
	return false
}

// rest waits before the next try; it answers why there is none: the failure, where the time is over.
func (c *Client) rest(ctx context.Context, began time.Time, attempt int, failure error) error {
	wait := c.pause(attempt, failure)
	if c.now().Add(wait).Sub(began) > c.retry.Within {
		return failure
	}
	if err := c.sleep(ctx, wait); err != nil {
		return errors.Join(err, failure)
	}
	return nil
}

// pause doubles from try to try, with half of it left to chance so that clients do not come back together, and is
// never shorter than Retry-After.
func (c *Client) pause(attempt int, err error) time.Duration {
	wait := c.retry.Longest
	if shift := attempt - 1; shift < 32 && c.retry.First<<shift < wait && c.retry.First<<shift > 0 {
		wait = c.retry.First << shift
	}
	wait = time.Duration(float64(wait) * (0.5 + c.random()/2))
	var problem *ProblemError
	if errors.As(err, &problem) && problem.retryAfter > 0 {
		return problem.retryAfter + time.Duration(float64(c.retry.First)*c.random())
	}
	return wait
}

// retryAfter reads seconds or a date; 0 where there is none.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := time.ParseDuration(value + "s"); err == nil && value != "" {
		return max(0, seconds)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

func jsonBody(value any) (func() (io.ReadCloser, int64, error), error) {
	content, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("resumes: %w", err)
	}
	return func() (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(content)), int64(len(content)), nil
	}, nil
}
