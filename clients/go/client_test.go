package resumes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const accepted = `{"id":"a","status":"queued","links":{"self":"/resumes/a","text":"/resumes/a/text","file":"/resumes/a/file"},"new_field":1}`

// clock records the waits and does not wait.
type clock struct {
	lock  sync.Mutex
	at    time.Time
	waits []time.Duration
}

func (c *clock) sleep(ctx context.Context, wait time.Duration) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.waits = append(c.waits, wait)
	c.at = c.at.Add(wait)
	return ctx.Err()
}

func (c *clock) now() time.Time {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.at
}

// serve makes a client of a handler that is given the number of the request, from 1.
func serve(t *testing.T, handle func(n int, w http.ResponseWriter, r *http.Request), options ...Option) (*Client, *clock) {
	t.Helper()
	var lock sync.Mutex
	count := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		count++
		n := count
		lock.Unlock()
		handle(n, w, r)
	}))
	t.Cleanup(server.Close)
	client, err := New(server.URL, "rk_test", options...)
	if err != nil {
		t.Fatal(err)
	}
	fake := &clock{at: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	client.sleep, client.now = fake.sleep, fake.now
	client.random = func() float64 { return 1 }
	return client, fake
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"type":"/problems/%s","title":"T","status":%d,"detail":"D","instance":"/i","request_id":"r",
		"errors":[{"field":"f","message":"m"}]}`, code, status)
}

// cut ends the connection without an answer, as a process that dies does.
func cut(t *testing.T, w http.ResponseWriter) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	connection.Close()
}

func ctx(t *testing.T) context.Context {
	made, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return made
}

func TestUploadSendsTheFieldsTheFileAndTheKey(t *testing.T) {
	client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || r.URL.Path != "/resumes/upload" || r.Header.Get("Authorization") != "Bearer rk_test" {
			t.Errorf("%s %s %q", r.Method, r.URL, r.Header)
		}
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			t.Error(err)
		}
		got := []string{r.FormValue("job_post_id"), r.FormValue("email"), r.FormValue("external_id"), r.FormValue("as_of_date"), r.FormValue("on_duplicate"), r.Header.Get("Idempotency-Key")}
		if want := []string{"job", "a@example.com", "mine", "2026-03-01", "return", "key"}; !slices.Equal(got, want) {
			t.Errorf("fields %q", got)
		}
		file, about, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		content, _ := io.ReadAll(file)
		if string(content) != "%PDF" || about.Filename != "cv.pdf" {
			t.Errorf("%q is %q", about.Filename, content)
		}
		answer(w, 200, accepted)
	})
	got, err := client.Upload(ctx(t), FromBytes("cv.pdf", []byte("%PDF")), UploadOptions{
		JobPostID: "job", Email: "a@example.com", ExternalID: "mine", OnDuplicate: OnDuplicateReturn,
		AsOfDate: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), IdempotencyKey: "key",
	})
	if err != nil || got.ID != "a" || got.Status != StatusQueued || !got.Existed {
		t.Fatal(got, err)
	}
}

func TestEverySourceIsSentWholeAtEachTry(t *testing.T) {
	content := strings.Repeat("0123456789", 50_000)
	path := filepath.Join(t.TempDir(), "cv.pdf")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	behind := strings.NewReader("skipped" + content)
	behind.Seek(7, io.SeekStart)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	for name, source := range map[string]func() Source{
		"file":   func() Source { return FromFile(path) },
		"bytes":  func() Source { return FromBytes("cv.pdf", []byte(content)) },
		"seeker": func() Source { return FromReader("cv.pdf", behind) },
		"reader": func() Source { return FromReader("cv.pdf", io.LimitReader(strings.NewReader(content), 1<<30)) },
		"opener": func() Source {
			return FromOpener("cv.pdf", func() (io.ReadCloser, error) { return os.Open(path) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			var keys sync.Map
			client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
				keys.Store(r.Header.Get("Idempotency-Key"), true)
				if n == 2 { // in the middle of the body
					io.ReadFull(r.Body, make([]byte, 1000))
					cut(t, w)
					return
				}
				file, _, err := r.FormFile("file")
				if err != nil {
					t.Error(err)
					return
				}
				if got, _ := io.ReadAll(file); string(got) != content {
					t.Errorf("try %d sent %d bytes of %d", n, len(got), len(content))
				}
				if n < 4 {
					answer(w, 503, "")
				} else {
					answer(w, 202, accepted)
				}
			})
			if _, err := client.Upload(ctx(t), source(), UploadOptions{}); err != nil {
				t.Fatal(err)
			}
			var sent []string
			keys.Range(func(key, _ any) bool { sent = append(sent, key.(string)); return true })
			if len(sent) != 1 || sent[0] == "" {
				t.Errorf("one key for all tries, not %q", sent)
			}
		})
	}
	if left, _ := os.ReadDir(temporary); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWhatMayPassIsTriedAgainAndWhatMayNotIsNot(t *testing.T) {
	upload := func(c *Client, x context.Context) error {
		_, err := c.Upload(x, FromBytes("a", []byte("a")), UploadOptions{})
		return err
	}
	search := func(c *Client, x context.Context) error {
		_, err := c.Search(x, SearchRequest{Query: "nurse"})
		return err
	}
	reprocess := func(c *Client, x context.Context) error {
		_, err := c.Reprocess(x, "a", RedoFromRead)
		return err
	}
	problem := func(status int, code string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { refuse(w, status, code) }
	}
	plain := func(status int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { http.Error(w, "Internal Server Error", status) }
	}
	lost := func(w http.ResponseWriter) { cut(t, w) }
	broken := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `{"id":`)
	}
	for _, one := range []struct {
		name  string
		do    func(*Client, context.Context) error
		first func(http.ResponseWriter)
		tries int
	}{
		{"429", upload, problem(429, "rate-limited"), 2},
		{"503", upload, problem(503, "overloaded"), 2},
		{"500 of a proxy", upload, plain(500), 2},
		{"502 of a proxy", upload, plain(502), 2},
		{"a lost connection", upload, lost, 2},
		{"an answer that breaks off", upload, broken, 2},
		{"an earlier try under way", upload, problem(409, "in-progress"), 2},
		{"500 of the service", upload, problem(500, "internal"), 1},
		{"413", upload, problem(413, "too-large"), 1},
		{"422", upload, problem(422, "invalid"), 1},
		{"401 of a proxy", upload, plain(401), 1},
		{"a search's lost connection", search, lost, 2},
		{"reprocessing refused for now", reprocess, problem(503, "overloaded"), 2},
		{"reprocessing under way", reprocess, problem(409, "in-progress"), 1},
		{"reprocessing whose answer is lost", reprocess, lost, 1},
		{"reprocessing behind a dead ingress", reprocess, plain(500), 1},
	} {
		t.Run(one.name, func(t *testing.T) {
			var tries atomic.Int32 // a cut connection orders nothing
			client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
				tries.Store(int32(n))
				if n == 1 {
					io.Copy(io.Discard, r.Body)
					one.first(w)
				} else {
					answer(w, 200, `{"id":"a","status":"queued","items":[]}`)
				}
			})
			if err := one.do(client, ctx(t)); (err == nil) != (one.tries == 2) || int(tries.Load()) != one.tries {
				t.Errorf("%d tries, %v", tries.Load(), err)
			}
		})
	}
}

func TestWaitsDoubleUpToTheLongestAndEnd(t *testing.T) {
	client, fake := serve(t, func(n int, w http.ResponseWriter, r *http.Request) { refuse(w, 503, "overloaded") },
		WithRetry(Retry{Within: 20 * time.Second, First: time.Second, Longest: 5 * time.Second}))
	_, err := client.Get(ctx(t), "a")
	if !HasCode(err, ProblemOverloaded) {
		t.Fatal(err)
	}
	s := time.Second
	if want := []time.Duration{s, 2 * s, 4 * s, 5 * s, 5 * s}; !slices.Equal(fake.waits, want) {
		t.Errorf("waited %v, not %v", fake.waits, want)
	}
}

func TestHowOftenACallIsRefusedIsNoLimit(t *testing.T) {
	client, fake := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n <= 75 {
			w.Header().Set("Retry-After", "1")
			refuse(w, 409, "in-progress")
			return
		}
		answer(w, 200, accepted)
	})
	client.random = func() float64 { return 0 }
	if _, err := client.Upload(ctx(t), FromBytes("a", []byte("a")), UploadOptions{}); err != nil || len(fake.waits) != 75 {
		t.Error(err, len(fake.waits))
	}
}

func TestWithoutPatienceThereIsOneTry(t *testing.T) {
	client, fake := serve(t, func(n int, w http.ResponseWriter, r *http.Request) { refuse(w, 503, "overloaded") },
		WithRetry(Retry{Within: -1}))
	if _, err := client.Get(ctx(t), "a"); !HasCode(err, ProblemOverloaded) || len(fake.waits) > 0 {
		t.Error(err, fake.waits)
	}
}

func TestHalfOfAWaitIsLeftToChance(t *testing.T) {
	client, _ := serve(t, nil, WithRetry(Retry{First: 8 * time.Second, Longest: time.Minute}))
	client.random = func() float64 { return 0 }
	if got := client.pause(1, errors.New("x")); got != 4*time.Second {
		t.Error(got)
	}
	if got := client.pause(60, errors.New("x")); got != 30*time.Second {
		t.Error(got)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"7":                             7 * time.Second,
		"Sun, 01 Mar 2026 00:01:30 GMT": 90 * time.Second,
		"":                              250 * time.Millisecond,
		"soon":                          250 * time.Millisecond,
		"-3":                            250 * time.Millisecond,
	} {
		client, fake := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				w.Header().Set("Retry-After", value)
				refuse(w, 429, "rate-limited")
				return
			}
			answer(w, 200, `{"id":"a"}`)
		})
		if _, err := client.Get(ctx(t), "a"); err != nil {
			t.Fatal(err)
		}
		if len(fake.waits) != 1 || fake.waits[0] < want || fake.waits[0] > want+DefaultRetry.First {
			t.Errorf("Retry-After %q: waited %v", value, fake.waits)
		}
	}
}

func TestAProblemIsTyped(t *testing.T) {
	client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) { refuse(w, 422, "invalid") })
	_, err := client.Get(ctx(t), "a")
	var problem *ProblemError
	if !errors.As(fmt.Errorf("wrapped: %w", err), &problem) {
		t.Fatal(err)
	}
	if problem.Code() != ProblemInvalid || problem.Status != 422 || problem.Title != "T" || problem.Detail != "D" ||
		problem.RequestID != "r" || problem.Errors[0].Field != "f" || problem.Error() != "resumes: T (422): D" {
		t.Errorf("%+v", problem)
	}
	if HasCode(errors.New("x"), ProblemInvalid) {
		t.Error("any error is no problem")
	}
}

func TestACancelledContextEndsTheWaitBetweenTries(t *testing.T) {
	client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) { refuse(w, 503, "overloaded") })
	stopped, cancel := context.WithCancel(ctx(t))
	client.sleep = func(c context.Context, d time.Duration) error { cancel(); return sleep(c, time.Hour) }
	_, err := client.Get(stopped, "a")
	if !errors.Is(err, context.Canceled) || !HasCode(err, ProblemOverloaded) {
		t.Errorf("both why it ended and what went wrong before: %v", err)
	}
}

func TestACancelledContextEndsACallUnderWay(t *testing.T) {
	began := make(chan struct{})
	client, fake := serve(t, func(n int, w http.ResponseWriter, r *http.Request) { close(began); <-r.Context().Done() })
	stopped, cancel := context.WithCancel(ctx(t))
	go func() { <-began; cancel() }()
	if _, err := client.Get(stopped, "a"); !errors.Is(err, context.Canceled) || len(fake.waits) > 0 {
		t.Error(err, fake.waits)
	}
}

func TestATryThatHangsIsGivenUpAndMadeAgain(t *testing.T) {
	client, fake := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 1 {
			<-r.Context().Done()
			return
		}
		answer(w, 200, `{"id":"a"}`)
	}, WithAnswerTimeout(50*time.Millisecond))
	if _, err := client.Get(ctx(t), "a"); err != nil || len(fake.waits) != 1 {
		t.Error(err, fake.waits)
	}
}

func TestTheCallersOwnReaderIsNotTriedAgain(t *testing.T) {
	client, fake := serve(t, func(n int, w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	mine := errors.New("disk gone")
	_, err := client.Upload(ctx(t), FromOpener("a", func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("abc"), failing{mine})), nil
	}), UploadOptions{})
	if !errors.Is(err, mine) || len(fake.waits) > 0 {
		t.Error(err, fake.waits)
	}
	_, err = client.Upload(ctx(t), FromReader("a", failing{mine}), UploadOptions{})
	if !errors.Is(err, mine) {
		t.Error(err)
	}
	if _, err = client.Upload(ctx(t), FromFile("/nowhere"), UploadOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err = client.Upload(ctx(t), Source{}, UploadOptions{}); err == nil {
		t.Error("nothing was sent, and no error")
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestWaitPollsUntilTheEndAndNotTooOften(t *testing.T) {
	client, fake := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("wait") != "30" || r.URL.Query().Get("view") != "compact" {
			t.Error(r.URL)
		}
		answer(w, 200, fmt.Sprintf(`{"id":"a","status":%q}`, []string{"queued", "paused-by-a-later-version", "failed"}[n-1]))
	})
	got, err := client.Wait(ctx(t), "a")
	if err != nil || got.Status != StatusFailed || len(fake.waits) != 2 || fake.waits[0] != time.Second {
		t.Fatal(got, err, fake.waits)
	}
}

func TestUnknownFieldsAreIgnoredAndUnknownValuesSurvive(t *testing.T) {
	client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		answer(w, 200, `{"id":"a","status":"pondered","view":"full","more":{"x":[1]},"profile":{"person":{"name":
			{"full":{"value":"Ada","raw":"ADA","confidence":1,"status":"guessed","evidence":[{"line_ids":[3],"new":0}]}}}}}`)
	})
	got, err := client.GetFull(ctx(t), "a")
	if err != nil || got.Status != "pondered" || got.Profile.Person.Name.Full.Status != "guessed" {
		t.Fatal(got, err)
	}
	back, err := json.Marshal(got)
	if err != nil || !bytes.Contains(back, []byte(`"pondered"`)) || !bytes.Contains(back, []byte(`"guessed"`)) {
		t.Errorf("%s %v", back, err)
	}
}

func TestAListFollowsTheCursorsAsFarAsItIsRead(t *testing.T) {
	asked := 0
	client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		asked = n
		q := r.URL.Query()
		if !slices.Equal(q["status"], []string{"failed", "cancelled"}) || q.Get("external_id") != "x-1" || q.Get("limit") != "2" || q.Get("created_after") != "2026-03-01T00:00:00Z" || q.Has("email") {
			t.Error(r.URL)
		}
		if want := []string{"", "c1", "c2"}[n-1]; q.Get("cursor") != want {
			t.Errorf("page %d: cursor %q", n, q.Get("cursor"))
		}
		answer(w, 200, []string{
			`{"items":[{"id":"1"},{"id":"2"}],"next_cursor":"c1"}`,
			`{"items":[],"next_cursor":"c2"}`,
			`{"items":[{"id":"3"}],"next_cursor":null}`,
		}[n-1])
	})
	options := ListOptions{
		Status:       []Status{StatusFailed, StatusCancelled},
		ExternalID:   "x-1",
		PageSize:     2,
		CreatedAfter: time.Date(2026, 3, 1, 1, 0, 0, 0, time.FixedZone("", 3600)),
	}
	list := client.List(ctx(t), options)
	for one, err := range list {
		if err != nil || one.ID != "1" {
			t.Fatal(one, err)
		}
		break
	}
	if asked != 1 {
		t.Errorf("%d pages for one item", asked)
	}
}

func TestAListIsWholeAndCanBeReadTwice(t *testing.T) {
	client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") == "" {
			answer(w, 200, `{"items":[{"id":"1"}],"next_cursor":"c"}`)
		} else {
			answer(w, 200, `{"items":[{"id":"2"}],"next_cursor":null}`)
		}
	})
	list := client.List(ctx(t), ListOptions{})
	for range 2 {
		var ids []string
		for one, err := range list {
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, one.ID)
		}
		if !slices.Equal(ids, []string{"1", "2"}) {
			t.Error(ids)
		}
	}
}

func TestChangesAreFollowedFromCursorToCursor(t *testing.T) {
	since := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("updated_after") != "2026-03-01T00:00:00Z" {
			t.Error(r.URL)
		}
		answer(w, 200, map[string]string{
			"":   `{"items":[{"id":"1"}],"next_cursor":"c1"}`,
			"c1": `{"items":[{"id":"2"}],"next_cursor":"c2"}`,
			"c2": `{"items":[],"next_cursor":"c2"}`,
		}[r.URL.Query().Get("cursor")])
	})
	var ids []string
	for cursor, more := "", true; more; {
		page, err := client.Changes(ctx(t), ListOptions{UpdatedAfter: since}, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range page.Items {
			ids = append(ids, one.ID)
		}
		cursor, more = *page.NextCursor, len(page.Items) > 0
	}
	for one, err := range client.List(ctx(t), ListOptions{UpdatedAfter: since}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, one.ID)
	}
	if !slices.Equal(ids, []string{"1", "2", "1", "2"}) {
		t.Error(ids)
	}
}

func TestAnErrorEndsAList(t *testing.T) {
	client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 1 {
			answer(w, 200, `{"items":[{"member":1,"outcome":"failed"}],"next_cursor":"c"}`)
		} else {
			refuse(w, 403, "insufficient-scope")
		}
	})
	var seen, failed int
	for _, err := range client.IngestionErrors(ctx(t), "i") {
		if err == nil {
			seen++
		} else if failed++; !HasCode(err, ProblemInsufficientScope) {
			t.Error(err)
		}
	}
	if seen != 1 || failed != 1 {
		t.Error(seen, failed)
	}
}

func TestResultsAreTakenUpBehindTheLastWholeLine(t *testing.T) {
	client, fake := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if want := []string{"x", "2", "2", "3"}[n-1]; r.URL.Query().Get("cursor") != want {
			t.Errorf("call %d: %s", n, r.URL)
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		switch n {
		case 1:
			io.WriteString(w, "{\"id\":\"1\"}\n{\"id\":\"2\"}\n{\"id\":\"3")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case 2:
			refuse(w, 503, "overloaded")
		case 3:
			io.WriteString(w, "{\"id\":\"3\",\"profile\":null}\n{\"id\"")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		default:
			io.WriteString(w, "{\"id\":\"4\",\"status\":\"completed\"}\n")
		}
	})
	var ids []string
	for one, err := range client.IngestionResults(ctx(t), "i", "x") {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, one.ID)
	}
	if !slices.Equal(ids, []string{"1", "2", "3", "4"}) || len(fake.waits) != 3 {
		t.Error(ids, fake.waits)
	}
}

func TestResultsThatNeverComeEndWithAnError(t *testing.T) {
	client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "{\"id\"")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}, WithRetry(Retry{Within: 3 * time.Second, First: time.Second, Longest: time.Second}))
	var last error
	for _, err := range client.IngestionResults(ctx(t), "i", "") {
		last = err
	}
	if !errors.Is(last, io.ErrUnexpectedEOF) {
		t.Error(last)
	}
}

func TestResultsGoOnAfterAFullCall(t *testing.T) {
	client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		lines := map[int]int{1: linesAtOnce, 2: 3}[n]
		for i := range lines {
			fmt.Fprintf(w, "{\"id\":\"%d-%d\"}\n", n, i)
		}
	})
	count := 0
	for _, err := range client.IngestionResults(ctx(t), "i", "") {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	if count != linesAtOnce+3 {
		t.Error(count)
	}
}

func TestAFileOfTheObjectStoreIsFetchedWithoutTheKey(t *testing.T) {
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.URL.RawQuery != "X-Amz-Signature=s&a=%2F" {
			t.Error("the store was sent", r.URL, r.Header)
		}
		if r.URL.Path == "/bucket/key" { // as S3 does where a bucket is in another region
			http.Redirect(w, r, "/region"+r.URL.RequestURI(), http.StatusTemporaryRedirect)
			return
		}
		w.Header().Set("Content-Type", "application/pdf")
		io.WriteString(w, "%PDF")
	}))
	t.Cleanup(store.Close)
	client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, store.URL+"/bucket/key?X-Amz-Signature=s&a=%2F", http.StatusFound)
	})
	file, err := client.File(ctx(t), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil || string(content) != "%PDF" || file.ContentType != "application/pdf" || file.Size != 4 {
		t.Error(string(content), file, err)
	}
}

func TestTheOtherCallsAskForWhatTheyShould(t *testing.T) {
	var got []string
	client, _ := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
			body = nil
		}
		got = append(got, fmt.Sprintf("%s %s %s", r.Method, r.URL.RequestURI(), body))
		answer(w, 200, `{"id":"a","items":[],"pages":[]}`)
	})
	x := ctx(t)
	var failures []error
	note := func(_ any, err error) { failures = append(failures, err) }
	note(client.Search(x, SearchRequest{Query: "nurse", JobPostID: Ptr("j"), Limit: 5}))
	note(client.Reprocess(x, "a", ""))
	note(client.Reprocess(x, "a", RedoFromEmbed))
	note(client.Delete(x, "a"))
	note(client.Text(x, "a"))
	note(client.GetJSONResume(x, "a"))
	note(client.Ingest(x, IngestionRequest{Source: "s3://b/p/"}))
	note(client.IngestArchive(x, FromBytes("a.zip", []byte("PK")), "j"))
	note(client.Ingestion(x, "i/.."))
	note(client.CancelIngestion(x, "i"))
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`POST /search {"job_post_id":"j","limit":5,"query":"nurse"}`,
		`POST /resumes/a/reprocess {}`,
		`POST /resumes/a/reprocess {"from":"embed"}`,
		`DELETE /resumes/a `,
		`GET /resumes/a/text `,
		`GET /resumes/a?view=jsonresume `,
		`POST /ingestions {"source":"s3://b/p/"}`,
		`POST /ingestions `,
		`GET /ingestions/i%2F.. `,
		`POST /ingestions/i/cancel `,
	}
	if !slices.Equal(got, want) {
		t.Errorf("asked for\n%s", strings.Join(got, "\n"))
	}
}

func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	for _, base := range []string{"", "localhost:8000", "ftp://x", "http://", "://"} {
		if _, err := New(base, "k"); err == nil {
			t.Errorf("%q was taken", base)
		}
	}
}
