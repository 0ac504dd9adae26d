package typegen

import (
	"strings"
	"testing"
)

const document = `{"components":{"schemas":{"A":{"type":"object","required":["id"],"properties":{
	"id":{"type":"string"},
	"at":{"anyOf":[{"type":"string","format":"date-time"},{"type":"null"}]},
	"type":{"type":"string","x-extensible-enum":["/problems/too-large"]},
	"level":{"type":"string","enum":["low","very_high"],"default":"low"}}}}}}`

func TestAFieldItsTagAndWhetherItIsRequiredAreInTheType(t *testing.T) {
	source, err := Generate([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.Join(strings.Fields(string(source)), " ")
	for _, want := range []string{
		"ID string `json:\"id\"`",
		"At *time.Time `json:\"at,omitempty\"`",
		"Level DegreeLevel `json:\"level,omitempty\"`",
		"DegreeLevelVeryHigh DegreeLevel = \"very_high\"",
		"ATypeTooLarge AType = \"/problems/too-large\"",
	} {
		if !strings.Contains(plain, want) {
			t.Errorf("%s is not in\n%s", want, source)
		}
	}
	for _, change := range [][2]string{{`"id":{`, `"uid":{`}, {`["id"]`, `[]`}, {`"low",`, `"lower",`}} {
		other, err := Generate([]byte(strings.Replace(document, change[0], change[1], 1)))
		if err != nil || string(other) == string(source) {
			t.Errorf("%s for %s is the same: %v", change[1], change[0], err)
		}
	}
}

func TestWhatHasNoGoTypeIsAnErrorThatNamesIt(t *testing.T) {
	for _, schema := range []string{
		`{"oneOf":[{"type":"string"},{"type":"integer"}]}`,
		`{"anyOf":[{"type":"string"},{"type":"integer"}]}`,
		`{"$ref":"#/components/schemas/Gone"}`,
		`{"type":"array"}`,
		`{}`,
	} {
		_, err := Generate([]byte(`{"components":{"schemas":{"A":{"type":"object","properties":{"x":` + schema + `}}}}}`))
		if err == nil || !strings.Contains(err.Error(), "A.x") {
			t.Errorf("%s: %v", schema, err)
		}
	}
}
