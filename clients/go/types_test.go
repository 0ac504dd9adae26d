package resumes

import (
	"bytes"
	"os"
	"testing"

	"resumes.example/resumes/internal/typegen"
)

// A field, a tag, or what is required that differs from the document of the service fails here.
func TestTypesAreThoseOfTheOpenAPIDocument(t *testing.T) {
	document, err := os.ReadFile("../../serve_app/openapi.json")
	if os.IsNotExist(err) {
		t.Skip("only in a checkout of the service is its OpenAPI document beside this module")
	}
	if err != nil {
		t.Fatal(err)
	}
	want, err := typegen.Generate(document)
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("types_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Error("types_gen.go is not what serve_app/openapi.json says: run `go generate` in clients/go")
	}
}
