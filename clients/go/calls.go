package resumes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

func get[T any](ctx context.Context, c *Client, path string, query url.Values) (*T, error) {
	answer := new(T)
	if err := c.json(ctx, call{method: http.MethodGet, path: path, query: query}, answer); err != nil {
		return nil, err
	}
	return answer, nil
}

func send[T any](ctx context.Context, c *Client, one call, request any) (*T, error) {
	body, err := jsonBody(request)
	if err != nil {
		return nil, err
	}
	one.body, one.header = body, http.Header{"Content-Type": {"application/json"}}
	answer := new(T)
	if err := c.json(ctx, one, answer); err != nil {
		return nil, err
	}
	return answer, nil
}

// decode reads a JSON answer. One that breaks off is a lost connection.
func decode(response *http.Response, into any) error {
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return &lostConnection{fmt.Errorf("resumes: the answer broke off: %w", err)}
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("resumes: the answer of %s cannot be read: %w", response.Request.URL.Path, err)
	}
	return nil
}

// pages goes from cursor to cursor. An error ends it.
func pages[Page, Item any](
	ctx context.Context, c *Client, path string, query url.Values, parts func(*Page) ([]Item, *string),
) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		asked := url.Values{}
		for name, given := range query {
			asked[name] = given
		}
		for {
			page, err := get[Page](ctx, c, path, asked)
			if err != nil {
				var none Item
				yield(none, err)
				return
			}
			items, next := parts(page)
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next == nil || *next == asked.Get("cursor") {
				return // the cursor of changes never ends: it stays where nothing has changed since
			}
			asked.Set("cursor", *next)
		}
	}
}

// values makes a query of names and values, without the empty ones.
func values(pairs ...string) url.Values {
	made := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			made.Set(pairs[i], pairs[i+1])
		}
	}
	return made
}

func timestamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// Ptr makes a pointer of a value, for the optional fields of requests.
func Ptr[T any](value T) *T { return &value }
