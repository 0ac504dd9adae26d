// Package typegen turns the schemas of the service's OpenAPI document into Go types.
//
// It knows what this service's document uses, no more, and refuses what it does not know: a schema that it
// cannot express is an error, never a silent `any`.
package typegen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"slices"
	"strings"
)

// Schema is the part of JSON Schema that the service's document uses.
type Schema struct {
	Ref                  string             `json:"$ref"`
	Type                 string             `json:"type"`
	Format               string             `json:"format"`
	Description          string             `json:"description"`
	Enum                 []string           `json:"enum"`
	Known                []string           `json:"x-extensible-enum"` // as Enum, where more may come
	Const                any                `json:"const"`
	AnyOf                []*Schema          `json:"anyOf"`
	OneOf                []*Schema          `json:"oneOf"`
	AllOf                []*Schema          `json:"allOf"`
	Items                *Schema            `json:"items"`
	PrefixItems          []*Schema          `json:"prefixItems"`
	Properties           map[string]*Schema `json:"properties"`
	Required             []string           `json:"required"`
	AdditionalProperties json.RawMessage    `json:"additionalProperties"`
	Default              json.RawMessage    `json:"default"`
}

// Enums without a name of their own in the document, by the field that has them; a "Type.field" goes before a field.
var enumNames = map[string]string{
	"level":                "DegreeLevel",
	"cefr":                 "CEFR",
	"waiting_for":          "WaitingFor",
	"text_source":          "TextSource",
	"severity":             "Severity",
	"Education.status":     "EducationStatus",
	"ProblemDocument.type": "ProblemType",
	"TextFact.status":      "FactStatus",
	"FlagFact.status":      "FactStatus",
}

// Parts of names that Go writes in capitals.
var initialisms = map[string]string{
	"id": "ID", "ids": "IDs", "url": "URL", "usd": "USD", "eta": "ETA", "sha256": "SHA256", "mime": "MIME",
	"cefr": "CEFR", "iso639": "ISO639", "bbox": "BBox",
}

// values of an enum, closed or not: a client keeps those that it does not know in either case.
func (s *Schema) values() []string { return append(slices.Clone(s.Enum), s.Known...) }

type generator struct {
	schemas map[string]*Schema
	enums   map[string][]string
	order   []string
}

// Generate answers the formatted Go source of the types of an OpenAPI document.
func Generate(document []byte) ([]byte, error) {
	var parsed struct {
		Components struct {
			Schemas map[string]*Schema `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(document, &parsed); err != nil {
		return nil, fmt.Errorf("the OpenAPI document: %w", err)
	}
	g := &generator{schemas: parsed.Components.Schemas, enums: map[string][]string{}}
	var body bytes.Buffer
	for _, name := range sortedKeys(g.schemas) {
		if err := g.declare(&body, name, g.schemas[name]); err != nil {
			return nil, err
		}
	}
	for _, name := range g.order {
		declareEnum(&body, name, "", g.enums[name])
	}
	source := "// Code generated from serve_app/openapi.json by internal/typegen; DO NOT EDIT.\n\npackage resumes\n\n"
	if bytes.Contains(body.Bytes(), []byte("time.Time")) {
		source += "import \"time\"\n\n"
	}
	return format.Source(append([]byte(source), body.Bytes()...))
}

func (g *generator) declare(out *bytes.Buffer, name string, schema *Schema) error {
	if schema.Type == "string" && len(schema.values()) > 0 {
		declareEnum(out, name, schema.Description, schema.values())
		return nil
	}
	if schema.Type != "object" {
		return fmt.Errorf("schema %s: a %q is not known here", name, schema.Type)
	}
	comment(out, "", name, schema.Description)
	fmt.Fprintf(out, "type %s struct {\n", name)
	for _, field := range sortedKeys(schema.Properties) {
		property := schema.Properties[field]
		goType, err := g.fieldType(name, field, property, slices.Contains(schema.Required, field))
		if err != nil {
			return err
		}
		if property.Description != "" {
			comment(out, "\t", "", property.Description)
		}
		tag := field
		if !slices.Contains(schema.Required, field) {
			tag += ",omitempty"
		}
		fmt.Fprintf(out, "\t%s %s `json:%q`\n", camel(field), goType, tag)
	}
	out.WriteString("}\n\n")
	return nil
}

// fieldType is a pointer where the value may be null, or left out without a default: nothing is then mistaken for zero.
func (g *generator) fieldType(owner, field string, schema *Schema, required bool) (string, error) {
	inner, nullable, err := withoutNull(owner, field, schema)
	if err != nil {
		return "", err
	}
	goType, err := g.valueType(owner, field, inner)
	if err != nil {
		return "", err
	}
	hasDefault := len(schema.Default) > 0 && string(schema.Default) != "null"
	isStruct := inner.Ref != "" && len(g.schemas[refName(inner.Ref)].values()) == 0
	if strings.HasPrefix(goType, "[]") || strings.HasPrefix(goType, "map[") {
		return goType, nil
	}
	if nullable || !required && (!hasDefault || isStruct) {
		return "*" + goType, nil
	}
	return goType, nil
}

func withoutNull(owner, field string, schema *Schema) (*Schema, bool, error) {
	if len(schema.OneOf) > 0 {
		return nil, false, fmt.Errorf("%s.%s: a oneOf has no Go type", owner, field)
	}
	if len(schema.AllOf) == 1 {
		return schema.AllOf[0], false, nil
	}
	if len(schema.AnyOf) == 0 {
		return schema, false, nil
	}
	var rest []*Schema
	for _, one := range schema.AnyOf {
		if one.Type != "null" {
			rest = append(rest, one)
		}
	}
	if len(rest) != 1 {
		return nil, false, fmt.Errorf("%s.%s: a choice of %d types has no Go type", owner, field, len(rest))
	}
	return rest[0], len(rest) < len(schema.AnyOf), nil
}

func (g *generator) valueType(owner, field string, schema *Schema) (string, error) {
	switch {
	case schema.Ref != "":
		if g.schemas[refName(schema.Ref)] == nil {
			return "", fmt.Errorf("%s.%s: %s is not in the document", owner, field, schema.Ref)
		}
		return refName(schema.Ref), nil
	case len(schema.values()) > 0:
		return g.inlineEnum(owner, field, schema.values())
	case schema.Type == "string" && schema.Format == "date-time":
		return "time.Time", nil
	case schema.Type == "string" || schema.Const != nil:
		return "string", nil
	case schema.Type == "integer":
		return "int", nil
	case schema.Type == "number":
		return "float64", nil
	case schema.Type == "boolean":
		return "bool", nil
	case schema.Type == "array":
		items := schema.Items
		if items == nil && len(schema.PrefixItems) > 0 {
			items = schema.PrefixItems[0] // a box: four numbers
		}
		if items == nil {
			return "", fmt.Errorf("%s.%s: an array of what?", owner, field)
		}
		item, err := g.valueType(owner, field, items)
		return "[]" + item, err
	case schema.Type == "object" && len(schema.Properties) == 0:
		var values Schema
		if json.Unmarshal(schema.AdditionalProperties, &values) != nil || values.Type == "" && values.Ref == "" {
			return "map[string]any", nil
		}
		value, err := g.valueType(owner, field, &values)
		return "map[string]" + value, err
	}
	return "", fmt.Errorf("%s.%s: a %q is not known here", owner, field, schema.Type)
}

// inlineEnum names an enum by its field. Two of one name must have the same values: the document's names collide.
func (g *generator) inlineEnum(owner, field string, values []string) (string, error) {
	plain := strings.TrimPrefix(owner, "Compact")
	name := enumNames[plain+"."+field]
	if name == "" {
		name = enumNames[field]
	}
	if name == "" {
		name = plain + camel(field)
	}
	if g.schemas[name] != nil {
		return "", fmt.Errorf("%s.%s: %s is a schema already: name the enum in enumNames", owner, field, name)
	}
	if before, known := g.enums[name]; known && !slices.Equal(before, values) {
		return "", fmt.Errorf("%s.%s: two enums would be %s: name one of them in enumNames", owner, field, name)
	} else if !known {
		g.enums[name] = values
		g.order = append(g.order, name)
	}
	return name, nil
}

func declareEnum(out *bytes.Buffer, name, description string, values []string) {
	if description == "" {
		description = "Values that are not known yet are kept as they come."
	}
	comment(out, "", name, description)
	fmt.Fprintf(out, "type %s string\n\n// What %s can be; the service may come to know more.\nconst (\n", name, name)
	for _, value := range values {
		last := value[strings.LastIndex(value, "/")+1:] // of a problem's type, a path
		fmt.Fprintf(out, "\t%s%s %s = %q\n", name, camel(last), name, value)
	}
	out.WriteString(")\n\n")
}

func comment(out *bytes.Buffer, indent, name, text string) {
	if text == "" {
		text = "As the service's API describes it."
	}
	if name != "" {
		text = name + ": " + text
	}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		out.WriteString(strings.TrimRight(indent+"// "+strings.TrimSpace(line), " ") + "\n")
	}
}

func camel(name string) string {
	var made strings.Builder
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || r == '$' }) {
		if capitals, ok := initialisms[part]; ok {
			made.WriteString(capitals)
		} else {
			made.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return made.String()
}

func refName(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
