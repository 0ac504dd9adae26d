// Command cmd writes types_gen.go again after the service's API has changed: run `go generate` in clients/go.
package main

import (
	"fmt"
	"os"

	"resumes.example/resumes/internal/typegen"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: cmd OPENAPI_JSON OUTPUT")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(from, to string) error {
	document, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	source, err := typegen.Generate(document)
	if err != nil {
		return err
	}
	return os.WriteFile(to, source, 0o644)
}
