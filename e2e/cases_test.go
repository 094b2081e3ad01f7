package e2e

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the answers into the cases; read them before you commit")

// reports are the fields that the warehouse answers.
var reports = regexp.MustCompile(`coreData|Funnel|erformance|tierComparison|diagnoseVoucher`)

// TestCases plays every case. A step is a file NN_caller_what.graphql, with its variables in .variables.json if it has
// any, and the whole answer in .json. The string "any" there stands for any value. A step with a file .after takes place
// that much later than the one before it; without one, time stands still.
func TestCases(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/*/seed.sql")
	must(t, err)
	if len(cases) == 0 {
		t.Fatal("there are no cases")
	}
	for _, seed := range cases {
		dir := filepath.Dir(seed)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			s := start(t, seed)
			steps, err := filepath.Glob(filepath.Join(dir, "*.graphql"))
			must(t, err)
			for _, step := range steps {
				play(t, s, step)
			}
		})
	}
}

// play sends a step and compares the answer.
func play(t *testing.T, s *server, step string) {
	t.Helper()
	base := strings.TrimSuffix(step, ".graphql")
	query, err := os.ReadFile(step)
	must(t, err)
	variables, err := os.ReadFile(base + ".variables.json")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(base + ".after"); err == nil {
		later, err := time.ParseDuration(strings.TrimSpace(string(after)))
		must(t, err)
		s.clock.Add(int64(later))
	} else if !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if reports.Match(query) {
		s.settle(t)
	}
	_, answer := s.ask(t, strings.Split(filepath.Base(step), "_")[1], string(query), variables)
	var got any
	must(t, json.Unmarshal(answer, &got))
	expected, err := os.ReadFile(base + ".json")
	if err != nil && !*update {
		t.Fatal(err)
	}
	var want any
	if len(expected) > 0 {
		must(t, json.Unmarshal(expected, &want))
	}
	switch {
	case matches(want, got):
	case *update:
		must(t, os.WriteFile(base+".json", indent(t, got), 0o644))
	default:
		t.Errorf("%s: got\n%s\nwant\n%s", step, indent(t, got), expected)
	}
}

func indent(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	must(t, err)
	return append(text, '\n')
}

// matches compares two JSON values. "any" matches every value that is there.
func matches(want, got any) bool {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok || len(got) != len(want) {
			return false
		}
		for name, value := range want {
			if have, there := got[name]; !there || !matches(value, have) {
				return false
			}
		}
		return true
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			return false
		}
		for i := range want {
			if !matches(want[i], got[i]) {
				return false
			}
		}
		return true
	case string:
		return want == "any" && got != nil || want == got
	default:
		return want == got
	}
}
