// Package resumes is a client of the resumes service: it uploads resumes, waits for their profiles, lists,
// searches and erases them, and follows bulk ingestions. It needs the standard library alone.
//
// Every call takes a context. A 429, a 503, an answer of something between client and service, and a lost connection
// are tried again with exponential backoff, never sooner than Retry-After says. An upload carries an Idempotency-Key,
// so that trying again never makes two resumes; [Client.Reprocess] and [Client.CancelIngestion] are not repeated when
// their answer was lost. What the service refuses is a [*ProblemError].
//
// Answers may come to have more fields and more values than this version knows: fields are ignored, values of
// enums are kept as they come.
package resumes

//go:generate go run ./internal/typegen/cmd ../../serve_app/openapi.json types_gen.go
