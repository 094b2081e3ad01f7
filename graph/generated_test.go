package graph_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// generatedFrom is what gqlgen reads: its configuration, the schema, and the packages that the schema is bound to.
var generatedFrom = []string{"go.mod", "go.sum", "gqlgen.yml", "schema.graphqls", "graph", "promo", "warehouse"}

func TestGeneratedCodeIsFresh(t *testing.T) {
	t.Parallel()
	module := t.TempDir()
	for _, path := range generatedFrom {
		for name, text := range read(t, filepath.Join("..", path), written) {
			write(t, filepath.Join(module, path, name), text)
		}
	}
	generate := exec.CommandContext(t.Context(), "go", "tool", "gqlgen", "generate")
	generate.Dir = module
	if said, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("gqlgen generate: %v\n%s", err, said)
	}
	committed, fresh := read(t, ".", generated), read(t, filepath.Join(module, "graph"), generated)
	if len(fresh) == 0 {
		t.Fatal("gqlgen generated nothing")
	}
	for name := range fresh {
		if committed[name] != fresh[name] {
			t.Errorf("graph/%s is not what the schema gives: run `make generate`", name)
		}
	}
	for name := range committed {
		if _, ok := fresh[name]; !ok {
			t.Errorf("graph/%s is generated no more: remove it", name)
		}
	}
}

func generated(name string) bool { return strings.HasSuffix(name, ".generated.go") }

func written(name string) bool { return !generated(name) && !strings.HasSuffix(name, "_test.go") }

// read gives the texts of a file or of a folder's files of one sort, by their paths below it.
func read(t *testing.T, root string, sort func(name string) bool) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !sort(path) {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		texts[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
