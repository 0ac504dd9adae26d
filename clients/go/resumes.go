package resumes

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// What an upload does about a resume of the same bytes, job post and external id.
const (
	OnDuplicateNew    = "new"    // makes another; the default
	OnDuplicateReturn = "return" // answers the one that is there, unless it has failed
)

// UploadOptions says more about a resume. Empty fields are not sent.
type UploadOptions struct {
	JobPostID   string    // Groups resumes; a filter of lists and searches.
	Email       string    // The candidate's address. Default: the first one in the resume.
	ExternalID  string    // Your own id of this resume.
	AsOfDate    time.Time // The day that "present" means in the resume. Default: today.
	OnDuplicate string    // OnDuplicateNew or OnDuplicateReturn.

	// IdempotencyKey makes the upload safe to repeat for 24 hours, also by another process: derive it from your own
	// id of the application. One is made where none is given; it covers the tries of this call.
	IdempotencyKey string
}

// Accepted is what an upload answers.
type Accepted struct {
	UploadAccepted
	Existed bool // It was there already: the same Idempotency-Key and file, or OnDuplicateReturn.
}

// Upload sends a resume. When it answers, the resume is stored safely and will be processed: see [Client.Wait].
func (c *Client) Upload(ctx context.Context, from Source, options UploadOptions) (*Accepted, error) {
	defer from.close()
	asOf := ""
	if !options.AsOfDate.IsZero() {
		asOf = options.AsOfDate.Format(time.DateOnly)
	}
	contentType, body, err := from.form([][2]string{
		{"job_post_id", options.JobPostID},
		{"email", options.Email},
		{"external_id", options.ExternalID},
		{"as_of_date", asOf},
		{"on_duplicate", options.OnDuplicate},
	})
	if err != nil {
		return nil, err
	}
	key := options.IdempotencyKey
	if key == "" {
		key = "go-" + rand.Text()
	}
	answer := &Accepted{}
	err = c.try(ctx, call{
		method:   http.MethodPost,
		path:     "/resumes/upload",
		header:   http.Header{"Content-Type": {contentType}, "Idempotency-Key": {key}},
		body:     body,
		underWay: true,
	}, func(response *http.Response) error {
		answer.Existed = response.StatusCode == http.StatusOK
		return decode(response, &answer.UploadAccepted)
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// Get answers a resume; its profile, where it has one, as values. An erased one is a problem with the code erased.
func (c *Client) Get(ctx context.Context, id string) (*CompactResume, error) {
	return view[CompactResume](ctx, c, id, "compact", 0)
}

// GetFull answers a resume whose profile is facts, each with the page, the box and the text that show it.
func (c *Client) GetFull(ctx context.Context, id string) (*FullResume, error) {
	return view[FullResume](ctx, c, id, "full", 0)
}

// GetJSONResume answers a resume whose profile is in the schema JSON Resume 1.0.0.
func (c *Client) GetJSONResume(ctx context.Context, id string) (*JsonResumeResume, error) {
	return view[JsonResumeResume](ctx, c, id, "jsonresume", 0)
}

// Wait polls until the resume has ended, well or not (look at Status and Error), or the context has. Bound it with
// context.WithTimeout: a resume may wait long behind others.
func (c *Client) Wait(ctx context.Context, id string) (*CompactResume, error) {
	for {
		began := c.now()
		resume, err := view[CompactResume](ctx, c, id, "compact", longestPoll)
		if err != nil || resume.Status.Ended() {
			return resume, err
		}
		// Too many wait already: the service answered at once.
		if left := time.Second - c.now().Sub(began); left > 0 {
			if err := c.sleep(ctx, left); err != nil {
				return nil, err
			}
		}
	}
}

// Ended tells whether nothing more happens to the resume by itself. A status that is not known here has not ended.
func (s Status) Ended() bool {
	return s == StatusCompleted || s == StatusFailed || s == StatusCancelled || s == StatusErased
}

func view[T any](ctx context.Context, c *Client, id, name string, wait time.Duration) (*T, error) {
	query := url.Values{"view": {name}}
	if wait > 0 {
		query.Set("wait", strconv.Itoa(int(wait.Seconds())))
	}
	return get[T](ctx, c, resumePath(id), query)
}

// Text answers what was read: pages of lines with their boxes, and the sections.
func (c *Client) Text(ctx context.Context, id string) (*ResumeText, error) {
	return get[ResumeText](ctx, c, resumePath(id)+"/text", nil)
}

// File is an original as it was uploaded. Close it.
type File struct {
	io.ReadCloser
	ContentType string
	Size        int64 // -1 where it is not told
}

// File opens the original. It may come from the object store, which gets no API key.
func (c *Client) File(ctx context.Context, id string) (*File, error) {
	response, err := c.open(ctx, call{method: http.MethodGet, path: resumePath(id) + "/file"})
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		if response, err = c.follow(ctx, response); err != nil {
			return nil, err
		}
	}
	return &File{response.Body, response.Header.Get("Content-Type"), response.ContentLength}, nil
}

// follow goes where the service redirects to, without the key.
func (c *Client) follow(ctx context.Context, redirect *http.Response) (*http.Response, error) {
	defer redirect.Body.Close()
	where, err := redirect.Location()
	if err != nil {
		return nil, fmt.Errorf("resumes: a redirect to nowhere: %w", err)
	}
	store, keyless := *c, *c.http
	keyless.CheckRedirect = nil // without a key it may lead on
	store.base, store.key, store.http = where.String(), "", &keyless
	return store.open(ctx, call{method: http.MethodGet})
}

// ListOptions filters a list. Empty fields do not.
type ListOptions struct {
	Status        []Status // Any of them.
	JobPostID     string
	Email         string // The whole address, in any case.
	ExternalID    string
	IngestionID   string
	CreatedAfter  time.Time
	CreatedBefore time.Time
	UpdatedAfter  time.Time // What changed from then on, the oldest change first: see also [Client.Changes].
	PageSize      int       // 1 to 200 resumes a call, 50 by default.
}

func (options ListOptions) query() url.Values {
	query := values(
		"job_post_id", options.JobPostID, "email", options.Email, "external_id", options.ExternalID,
		"ingestion_id", options.IngestionID, "created_after", timestamp(options.CreatedAfter),
		"created_before", timestamp(options.CreatedBefore), "updated_after", timestamp(options.UpdatedAfter),
		"limit", number(options.PageSize),
	)
	for _, status := range options.Status {
		query.Add("status", string(status))
	}
	return query
}

// List goes through the resumes, newest first, page by page as it is read on. An error ends it.
func (c *Client) List(ctx context.Context, options ListOptions) iter.Seq2[ResumeSummary, error] {
	return pages(ctx, c, "/resumes", options.query(), func(page *ResumeList) ([]ResumeSummary, *string) {
		return page.Items, page.NextCursor
	})
}

// Changes answers a page of what changed from options.UpdatedAfter on, the oldest change first, each resume where it
// changed last. Begin with the cursor "", keep NextCursor (where it is not nil) with what you made of the page, and go
// on there: an empty page says that nothing has changed since. None is missed, and none comes twice unless it changed
// twice.
func (c *Client) Changes(ctx context.Context, options ListOptions, cursor string) (*ResumeList, error) {
	if options.UpdatedAfter.IsZero() {
		options.UpdatedAfter = time.Unix(0, 0)
	}
	query := options.query()
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	return get[ResumeList](ctx, c, "/resumes", query)
}

// Search answers the best hits first. Of the request only Query is needed.
func (c *Client) Search(ctx context.Context, request SearchRequest) (*SearchAnswer, error) {
	return send[SearchAnswer](ctx, c, call{method: http.MethodPost, path: "/search"}, request)
}

// Reprocess runs an ended resume through today's versions. From drops what is stored from that stage on; the empty
// one drops nothing. A call whose answer is lost is not repeated: look at the resume, then decide.
func (c *Client) Reprocess(ctx context.Context, id string, from RedoFrom) (*UploadAccepted, error) {
	request := ReprocessRequest{}
	if from != "" {
		request.From = &from
	}
	return send[UploadAccepted](ctx, c, call{method: http.MethodPost, path: resumePath(id) + "/reprocess", once: true}, request)
}

// Delete erases everything of a resume, and answers a receipt: the same for every repetition.
func (c *Client) Delete(ctx context.Context, id string) (*Receipt, error) {
	answer := new(Receipt)
	if err := c.json(ctx, call{method: http.MethodDelete, path: resumePath(id)}, answer); err != nil {
		return nil, err
	}
	return answer, nil
}

func resumePath(id string) string { return "/resumes/" + url.PathEscape(id) }
