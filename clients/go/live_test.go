package resumes

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	liveUploads    = 1000
	liveGoroutines = 50
)

// tinyPDF is a resume of one page, told from every other by its number.
func tinyPDF(number int) []byte {
	text := fmt.Sprintf("BT /F1 12 Tf 72 720 Td (Ada Example Number%d) Tj 0 -20 Td (Skills: Go, PostgreSQL) Tj ET", number)
	var made bytes.Buffer
	made.WriteString("%PDF-1.4\n")
	var offsets []int
	for i, object := range []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(text), text),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	} {
		offsets = append(offsets, made.Len())
		fmt.Fprintf(&made, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	xref := made.Len()
	fmt.Fprintf(&made, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&made, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&made, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, xref)
	return made.Bytes()
}

func live(t *testing.T) *Client {
	t.Helper()
	address, key := os.Getenv("RESUMES_URL"), os.Getenv("RESUMES_KEY")
	if address == "" || key == "" {
		t.Skip("RESUMES_URL and RESUMES_KEY name no running service")
	}
	client, err := New(address, key, WithRetry(Retry{Within: 5 * time.Minute, First: 100 * time.Millisecond, Longest: 3 * time.Second}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestLiveJourney goes through every call but ingestions from S3 against a running service.
func TestLiveJourney(t *testing.T) {
	client := live(t)
	x, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	options := UploadOptions{JobPostID: "go-journey", Email: "Ada@example.com", ExternalID: "1", IdempotencyKey: "go-journey"}
	content := tinyPDF(-1)
	first, err := client.Upload(x, FromBytes("ada.pdf", content), options)
	if err != nil {
		t.Fatal(err)
	}
	again, err := client.Upload(x, FromReader("ada.pdf", bytes.NewBuffer(content)), options)
	if err != nil || again.ID != first.ID || !again.Existed || first.Existed {
		t.Fatal(first, again, err)
	}
	resume, err := client.Wait(x, first.ID)
	if err != nil || resume.Status != StatusCompleted || resume.Profile == nil || *resume.Email != "ada@example.com" {
		t.Fatal(resume, err)
	}
	full, err := client.GetFull(x, first.ID)
	if err != nil || full.View != "full" || full.Profile == nil {
		t.Fatal(full, err)
	}
	asJSON, err := client.GetJSONResume(x, first.ID)
	if err != nil || asJSON.View != "jsonresume" || asJSON.Profile == nil {
		t.Fatal(asJSON, err)
	}
	if text, err := client.Text(x, first.ID); err != nil || !strings.Contains(text.Pages[0].Lines[0].Text, "Ada Example") {
		t.Fatal(text, err)
	}
	file, err := client.File(x, first.ID)
	if err != nil {
		t.Fatal(err)
	}
	var original bytes.Buffer
	if _, err := original.ReadFrom(file); err != nil || !bytes.Equal(original.Bytes(), content) {
		t.Error("the original came back otherwise", err)
	}
	file.Close()
	listed := 0
	for one, err := range client.List(x, ListOptions{JobPostID: "go-journey", PageSize: 1, CreatedAfter: time.Now().Add(-time.Hour)}) {
		if err != nil || one.ID != first.ID {
			t.Fatal(one, err)
		}
		listed++
	}
	if found, err := client.Search(x, SearchRequest{Query: "PostgreSQL", JobPostID: Ptr("go-journey")}); err != nil || listed != 1 || len(found.Items) != 1 {
		t.Fatal(listed, found, err)
	}
	if _, err := client.Reprocess(x, first.ID, RedoFromNormalise); err != nil {
		t.Fatal(err)
	}
	if resume, err = client.Wait(x, first.ID); err != nil || resume.Status != StatusCompleted {
		t.Fatal(resume, err)
	}
	if receipt, err := client.Delete(x, first.ID); err != nil || !receipt.ObjectDeleted {
		t.Fatal(receipt, err)
	}
	if _, err := client.Get(x, first.ID); !HasCode(err, ProblemErased) {
		t.Error(err)
	}
	if _, err := client.Upload(x, FromBytes("x.exe", []byte("MZ")), UploadOptions{}); !HasCode(err, ProblemUnsupportedType) {
		t.Error(err)
	}
}

// TestLiveArchive ingests an archive, which RESUMES_ARCHIVE names, and goes through what came of it.
func TestLiveArchive(t *testing.T) {
	client := live(t)
	x, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	accepted, err := client.IngestArchive(x, FromFile(os.Getenv("RESUMES_ARCHIVE")), "go-archive")
	if err != nil {
		t.Fatal(err)
	}
	for {
		ingestion, err := client.Ingestion(x, accepted.ID)
		if err != nil {
			t.Fatal(err)
		}
		if ingestion.State == IngestionStateCompleted {
			break
		}
		if err := sleep(x, 500*time.Millisecond); err != nil {
			t.Fatal(ingestion, err)
		}
	}
	results, failures := 0, 0
	for one, err := range client.IngestionResults(x, accepted.ID, "") {
		if err != nil || one.Status != StatusCompleted || one.Profile == nil {
			t.Fatal(one, err)
		}
		results++
	}
	for one, err := range client.IngestionErrors(x, accepted.ID) {
		if err != nil || one.Outcome != OutcomeSkipped {
			t.Fatal(one, err)
		}
		failures++
	}
	if results != 2 || failures != 1 {
		t.Errorf("%d results and %d errors of two resumes and one note", results, failures)
	}
	if _, err := client.CancelIngestion(x, accepted.ID); !HasCode(err, ProblemEnded) {
		t.Error(err)
	}
}

// TestLiveStorm uploads from many goroutines while somebody else kills the service's processes. It writes a line
// "external id, id" for each upload that was answered into the file that RESUMES_ANSWERS names, as they come.
func TestLiveStorm(t *testing.T) {
	client := live(t)
	x, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	answers, err := os.Create(os.Getenv("RESUMES_ANSWERS"))
	if err != nil {
		t.Fatal(err)
	}
	defer answers.Close()
	numbers := make(chan int)
	var running sync.WaitGroup
	var writing sync.Mutex
	var slowest time.Duration
	for range liveGoroutines {
		running.Add(1)
		go func() {
			defer running.Done()
			for number := range numbers {
				mine, began := fmt.Sprintf("storm-%d", number), time.Now()
				answer, err := client.Upload(x, FromBytes(mine+".pdf", tinyPDF(number)), UploadOptions{JobPostID: "go-storm", ExternalID: mine})
				if err != nil {
					t.Errorf("%s: %v", mine, err)
					continue
				}
				writing.Lock()
				slowest = max(slowest, time.Since(began))
				fmt.Fprintln(answers, mine, answer.ID)
				writing.Unlock()
			}
		}()
	}
	for number := range liveUploads {
		numbers <- number
	}
	close(numbers)
	running.Wait()
	t.Logf("the slowest of %d uploads took %.1f s", liveUploads, slowest.Seconds())
}
