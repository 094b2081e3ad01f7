package embedded

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// dropUnwritten removes the empty definitions of tables and views that were being made while the disk was full. Nothing was ever in
// them, and the engine would open no directory that has one.
func dropUnwritten(dir string) error {
	ofTables, _ := fs.Glob(os.DirFS(dir), "store/*/*/*.sql")
	ofDatabases, _ := fs.Glob(os.DirFS(dir), "metadata/*.sql")
	for _, name := range append(ofTables, ofDatabases...) {
		definition := filepath.Join(dir, name)
		about, err := os.Stat(definition)
		if err != nil || about.Size() > 0 {
			continue // gone meanwhile, or whole
		}
		if err := os.Remove(definition); err != nil {
			return fmt.Errorf("removing a definition that a full disk left empty: %w", err)
		}
	}
	return nil
}
