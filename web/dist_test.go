package web

import (
	"compress/gzip"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"testing"
)

func TestCommittedPageIsWhatItsSourcesGive(t *testing.T) {
	t.Parallel()
	readSources(t)
	built := t.TempDir()
	build := exec.CommandContext(t.Context(), "npm", "run", "--silent", "build", "--", "--outDir", filepath.Join(built, "dist/explorer"))
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the page: %v: `make web` fetches what it takes\n%s", err, said)
	}
	committed, fresh := unpacked(t, dist), unpacked(t, os.DirFS(built))
	if !maps.Equal(committed, fresh) {
		t.Errorf("the page is not what its sources give: run `make web`\ncommitted: %q\nbuilt now: %q",
			slices.Sorted(maps.Keys(committed)), slices.Sorted(maps.Keys(fresh)))
	}
}

// readSources has `go test` repeat the test when a source has changed: it knows of those that the test itself has read.
func readSources(t *testing.T) {
	t.Helper()
	for _, pattern := range []string{"explorer/*", "*.ts", "*.json"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("no sources are %s: %v", pattern, err)
		}
		for _, name := range names {
			if _, err := os.ReadFile(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// unpacked are the files of a page by their names: how small they were packed is the business of who built it.
func unpacked(t *testing.T, site fs.FS) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(site, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		file, err := site.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		var text io.Reader = file
		if path.Ext(name) == ".gz" {
			if text, err = gzip.NewReader(file); err != nil {
				return err
			}
		}
		all, err := io.ReadAll(text)
		files[name] = string(all)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
