// Command upload uses the client that openapi-generator makes: it uploads a file, reads the resume in two views, meets
// a problem, and reads an answer with a member that the document does not know.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"resumes.example/generated/resumes"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(service, path string) error {
	configuration := resumes.NewConfiguration()
	configuration.Servers = resumes.ServerConfigurations{{URL: service}}
	client := resumes.NewAPIClient(configuration)
	ctx := context.WithValue(context.Background(), resumes.ContextAccessToken, os.Getenv("API_KEY"))
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()

	accepted, _, err := client.ResumesAPI.UploadResume(ctx).File(file).ExternalId("42").IdempotencyKey("a-42").Execute()
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	compact, _, err := client.ResumesAPI.GetResume(ctx, accepted.Id).Execute()
	if err != nil {
		return fmt.Errorf("get: %w", err)
	}
	full, _, err := client.ResumesAPI.GetResume(ctx, accepted.Id).View("full").Execute()
	if err != nil {
		return fmt.Errorf("get the full view: %w", err)
	}
	_, _, err = client.ResumesAPI.GetResume(ctx, "0197a3c1-6f2e-7c3a-9d53-2f6f4f7f0a11").Execute()
	var refused *resumes.GenericOpenAPIError
	if !errors.As(err, &refused) {
		return fmt.Errorf("no problem: %w", err)
	}
	problem, ok := refused.Model().(resumes.ProblemDocument)
	if !ok {
		return fmt.Errorf("the problem was not read: %w", err)
	}
	later, err := json.Marshal(accepted)
	if err != nil {
		return err
	}
	later = append([]byte(`{"new_member":{"a":1},`), later[1:]...)
	if err := json.Unmarshal(later, new(resumes.UploadAccepted)); err != nil {
		return fmt.Errorf("a later service's answer: %w", err)
	}
	fmt.Println(accepted.Id, compact.CompactResume.Status == resumes.StatusQueued, full.FullResume.View, problem.Type)
	return nil
}
