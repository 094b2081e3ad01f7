package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// MendClickHouse has a data directory opened in which a full disk left definitions empty: the engine makes and changes tables
// there as if nothing were wrong, and opens no directory that has an empty definition. Of "database/table" that matches a pattern
// of anew, which whoever opens the directory makes anew, the definition is removed. If any other one is empty, what was in the table
// cannot be read any more: the directory is set aside, and its new name is returned. It is empty if nothing had to be.
func MendClickHouse(dir string, anew ...string) (aside string, err error) {
	if err := checkUnused(dir); err != nil {
		return "", err
	}
	unwritten := unwrittenDefinitions(dir)
	for _, definition := range unwritten {
		if !isMadeAnew(definition, anew) {
			return setAside(dir)
		}
	}
	for _, definition := range unwritten {
		if err := os.Remove(filepath.Join(dir, definition)); err != nil {
			return "", fmt.Errorf("removing a definition that a full disk left empty: %w", err)
		}
	}
	return "", nil
}

// unwrittenDefinitions are the files of tables, views and databases that say nothing.
func unwrittenDefinitions(dir string) (empty []string) {
	files := os.DirFS(dir)
	ofDatabases, _ := fs.Glob(files, "metadata/*.sql")
	ofTables, _ := fs.Glob(files, "metadata/*/*.sql")
	for _, definition := range append(ofDatabases, ofTables...) {
		if about, err := fs.Stat(files, definition); err == nil && about.Size() == 0 {
			empty = append(empty, definition)
		}
	}
	return empty
}

func isMadeAnew(definition string, anew []string) bool {
	name := strings.TrimSuffix(strings.TrimPrefix(definition, "metadata/"), ".sql")
	for _, pattern := range anew {
		if matches, _ := path.Match(pattern, name); matches {
			return true
		}
	}
	return false
}

func setAside(dir string) (aside string, err error) {
	for n := 1; ; n++ {
		aside = fmt.Sprintf("%s-set-aside-%d", dir, n)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err := os.Rename(dir, aside); err != nil {
		return "", fmt.Errorf("setting aside a ClickHouse directory in which a full disk left definitions empty: %w", err)
	}
	return aside, nil
}
