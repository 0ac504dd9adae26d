package resumes_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"resumes.example/resumes"
)

// service stands in for a running service, so that these examples run anywhere: its address is usually
// http://127.0.0.1:8000, its key made by `resumes keys create`.
func service() (address, key string, stop func()) {
	mux := http.NewServeMux()
	reply := func(pattern string, status int, contentType, body string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			io.WriteString(w, body)
		})
	}
	const asJSON = "application/json"
	reply("POST /resumes/upload", 202, asJSON, `{"id":"019c","status":"queued"}`)
	reply("GET /resumes/019c", 200, asJSON, `{"id":"019c","status":"completed","profile":{"person":{"name":{"full":"Ada Example"}}}}`)
	reply("GET /resumes/gone", 410, "application/problem+json",
		`{"type":"/problems/erased","title":"The resume was erased","status":410,"detail":"Only its receipt remains."}`)
	reply("GET /resumes", 200, asJSON, `{"items":[{"id":"019c","status":"completed"},{"id":"019b","status":"completed"}],"next_cursor":null}`)
	reply("POST /search", 200, asJSON, `{"model":"m","items":[{"id":"019c","section":"work","name":"Ada Example","text":"palliative care"}]}`)
	reply("POST /ingestions", 202, asJSON, `{"id":"i1","state":"listing"}`)
	reply("GET /ingestions/i1/results", 200, "application/x-ndjson", `{"id":"019c","member":0,"status":"completed"}`+"\n")
	server := httptest.NewServer(mux)
	return server.URL, "rk_example", server.Close
}

func Example() {
	address, key, stop := service()
	defer stop()
	client, err := resumes.New(address, key)
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()

	accepted, err := client.Upload(ctx, resumes.FromBytes("ada.pdf", []byte("%PDF…")), resumes.UploadOptions{
		JobPostID:      "nurse-2026",
		ExternalID:     "application-17",
		IdempotencyKey: "application-17", // safe to repeat even by another process
	})
	if err != nil {
		log.Fatal(err)
	}
	resume, err := client.Wait(ctx, accepted.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resume.Status, *resume.Profile.Person.Name.Full)
	// Output: completed Ada Example
}

func ExampleClient_List() {
	address, key, stop := service()
	defer stop()
	client, _ := resumes.New(address, key)
	for resume, err := range client.List(context.Background(), resumes.ListOptions{Status: []resumes.Status{resumes.StatusCompleted}}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(resume.ID)
	}
	// Output:
	// 019c
	// 019b
}

func ExampleClient_Search() {
	address, key, stop := service()
	defer stop()
	client, _ := resumes.New(address, key)
	answer, err := client.Search(context.Background(), resumes.SearchRequest{Query: "palliative care nurse", Limit: 5})
	if err != nil {
		log.Fatal(err)
	}
	for _, hit := range answer.Items {
		fmt.Println(*hit.Name, "·", hit.Section, "·", hit.Text)
	}
	// Output: Ada Example · work · palliative care
}

func ExampleProblemError() {
	address, key, stop := service()
	defer stop()
	client, _ := resumes.New(address, key)
	_, err := client.Get(context.Background(), "gone")
	var problem *resumes.ProblemError
	if errors.As(err, &problem) && problem.Code() == resumes.ProblemErased {
		fmt.Println(problem.Status, problem.Detail)
	}
	// Output: 410 Only its receipt remains.
}

func ExampleClient_IngestionResults() {
	address, key, stop := service()
	defer stop()
	client, _ := resumes.New(address, key)
	ctx := context.Background()
	ingestion, err := client.Ingest(ctx, resumes.IngestionRequest{
		Source:    "s3://applications/2026-03/",
		JobPostID: resumes.Ptr("nurse-2026"),
	})
	if err != nil {
		log.Fatal(err)
	}
	for result, err := range client.IngestionResults(ctx, ingestion.ID, "") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(result.ID, result.Status)
	}
	// Output: 019c completed
}

// apply hands a candidate's file on as it arrives, and answers what the service says of it. A form's file can be read
// again, so that nothing is kept on disk for a retry but what net/http keeps by itself.
//
// In Gin it is mounted as
//
//	router.POST("/jobs/:job/apply", func(c *gin.Context) {
//		c.Request.SetPathValue("job", c.Param("job"))
//		apply(client).ServeHTTP(c.Writer, c.Request)
//	})
func apply(client *resumes.Client) http.Handler {
	const longest = 11 << 20 // the service takes files of 10 MiB unless it is told otherwise
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, longest)
		file, about, err := r.FormFile("file")
		if err != nil {
			http.Error(w, "Send the resume as the form's file, of 10 MiB at most.", http.StatusBadRequest)
			return
		}
		defer file.Close()
		accepted, err := client.Upload(r.Context(), resumes.FromReader(about.Filename, file), resumes.UploadOptions{
			JobPostID:      r.PathValue("job"),
			Email:          r.FormValue("email"),
			IdempotencyKey: r.Header.Get("Idempotency-Key"), // the browser's, if it has one
		})
		var problem *resumes.ProblemError
		switch {
		case errors.As(err, &problem) && problem.Status < 500 && problem.Status != http.StatusUnauthorized &&
			problem.Status != http.StatusForbidden && problem.Status != http.StatusTooManyRequests:
			http.Error(w, problem.Detail, problem.Status) // the file's fault: the sentence is made to be shown
		case err != nil:
			log.Print(err)
			http.Error(w, "Please try again in a minute.", http.StatusServiceUnavailable)
		default:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusAccepted)
			json.NewEncoder(w).Encode(map[string]string{"id": accepted.ID})
		}
	})
}

// A handler of an Applicant Tracking System that takes applications.
func ExampleClient_Upload_handler() {
	address, key, stop := service()
	defer stop()
	client, _ := resumes.New(address, key)
	mux := http.NewServeMux()
	mux.Handle("POST /jobs/{job}/apply", apply(client))

	form := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"ada.pdf\"\r\n\r\n%PDF\r\n--b--\r\n"
	request := httptest.NewRequest("POST", "/jobs/nurse-2026/apply", strings.NewReader(form))
	request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, request)
	fmt.Print(answer.Code, " ", answer.Body)
	// Output: 202 {"id":"019c"}
}
