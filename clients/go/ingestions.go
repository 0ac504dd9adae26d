package resumes

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

const (
	linesAtOnce = 1000    // results a call: nothing on the way has to keep more for a slow reader
	longestLine = 8 << 20 // bytes of one result: a profile has some ten thousand
)

// IngestionResult is a member of an ingestion that became a resume which has ended.
type IngestionResult struct {
	ID         string          `json:"id"`
	Member     int             `json:"member"`
	Filename   *string         `json:"filename"`
	Status     Status          `json:"status"`
	JobPostID  *string         `json:"job_post_id"`
	Email      *string         `json:"email"`
	ExternalID *string         `json:"external_id"`
	Error      *ResumeError    `json:"error"`
	Profile    *CompactProfile `json:"profile"`
}

// Ingest begins the ingestion of an S3 prefix, archive or manifest (s3://bucket/…). A source that was ingested
// already is found when its members are counted: see Ingestion.SameAs.
func (c *Client) Ingest(ctx context.Context, request IngestionRequest) (*IngestionAccepted, error) {
	return send[IngestionAccepted](ctx, c, call{method: http.MethodPost, path: "/ingestions"}, request)
}

// IngestArchive uploads a .zip, .tar, .tar.gz or .tar.zst and begins its ingestion, or answers the one that these very
// bytes have with this job post. It may take long: bound it by the context.
func (c *Client) IngestArchive(ctx context.Context, from Source, jobPostID string) (*IngestionAccepted, error) {
	defer from.close()
	contentType, body, err := from.form([][2]string{{"job_post_id", jobPostID}})
	if err != nil {
		return nil, err
	}
	answer := new(IngestionAccepted)
	err = c.json(ctx, call{
		method:    http.MethodPost,
		path:      "/ingestions",
		header:    http.Header{"Content-Type": {contentType}},
		body:      body,
		unbounded: true,
	}, answer)
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// Ingestion tells how far an ingestion is.
func (c *Client) Ingestion(ctx context.Context, id string) (*Ingestion, error) {
	return get[Ingestion](ctx, c, ingestionPath(id), nil)
}

// Ingestions goes through all ingestions, newest first.
func (c *Client) Ingestions(ctx context.Context) iter.Seq2[IngestionSummary, error] {
	return pages(ctx, c, "/ingestions", nil, func(page *IngestionList) ([]IngestionSummary, *string) {
		return page.Items, page.NextCursor
	})
}

// IngestionErrors goes through the members that are no completed resumes, in the order of the source. All are there
// when the ingestion has ended.
func (c *Client) IngestionErrors(ctx context.Context, id string) iter.Seq2[MemberError, error] {
	return pages(ctx, c, ingestionPath(id)+"/errors", nil, func(page *MemberErrorList) ([]MemberError, *string) {
		return page.Items, page.NextCursor
	})
}

// IngestionResults streams the resumes that have ended, in the order of their ids; a stream that is cut is taken up
// behind the last whole line. After is the ID of a result to go on behind, or empty. While the ingestion runs, resumes
// that end later may lie before what was read: begin again when it has ended.
func (c *Client) IngestionResults(ctx context.Context, id, after string) iter.Seq2[IngestionResult, error] {
	return func(yield func(IngestionResult, error) bool) {
		cuts, whole := 0, c.now()
		read := func(one IngestionResult) bool {
			after, cuts, whole = one.ID, 0, c.now()
			return yield(one, nil)
		}
		for {
			lines, err := c.results(ctx, id, after, read)
			var cut *streamCut
			switch {
			case errors.Is(err, errStopped) || err == nil && lines < linesAtOnce:
				return
			case err == nil:
				continue
			case ctx.Err() == nil && errors.As(err, &cut):
				cuts++
				err = c.rest(ctx, whole, cuts, err)
			}
			if err != nil {
				yield(IngestionResult{}, err)
				return
			}
		}
	}
}

// errStopped says that whoever reads wants no more.
var errStopped = errors.New("stopped")

// streamCut is a stream that broke off within or between its lines.
type streamCut struct{ error }

func (e *streamCut) Unwrap() error { return e.error }

// results reads one call's lines.
func (c *Client) results(ctx context.Context, id, after string, read func(IngestionResult) bool) (int, error) {
	query := values("limit", strconv.Itoa(linesAtOnce), "cursor", after)
	response, err := c.open(ctx, call{method: http.MethodGet, path: ingestionPath(id) + "/results", query: query})
	if err != nil {
		return 0, err // tried often enough already
	}
	defer response.Body.Close()
	reader := bufio.NewReader(response.Body)
	for lines := 0; ; lines++ {
		line, err := readLine(reader)
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		var result IngestionResult
		if err := json.Unmarshal(line, &result); err != nil {
			return lines, fmt.Errorf("resumes: a result of ingestion %s cannot be read: %w", id, err)
		}
		if !read(result) {
			return lines, errStopped
		}
	}
}

// readLine answers a whole line; a stream that ends within one was cut off.
func readLine(reader *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := reader.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case err == bufio.ErrBufferFull && len(line) <= longestLine:
			continue
		case err == bufio.ErrBufferFull:
			return nil, errors.New("resumes: a line of results is longer than 8 MiB")
		case err == io.EOF && len(line) == 0:
			return nil, io.EOF
		case err == io.EOF:
			err = io.ErrUnexpectedEOF
		}
		return nil, &streamCut{fmt.Errorf("resumes: the results broke off: %w", err)}
	}
}

// CancelIngestion stops what has not started. One that has ended already is a problem with the code ended.
func (c *Client) CancelIngestion(ctx context.Context, id string) (*IngestionAccepted, error) {
	answer := new(IngestionAccepted)
	one := call{method: http.MethodPost, path: ingestionPath(id) + "/cancel", once: true}
	if err := c.json(ctx, one, answer); err != nil {
		return nil, err
	}
	return answer, nil
}

func ingestionPath(id string) string { return "/ingestions/" + url.PathEscape(id) }
