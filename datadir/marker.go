package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// layout counts up when a program that knows only the previous arrangement of
// the directory would damage it.
const layout = 1

// Files whose names begin with program are the only ones that can be in a
// directory before its marker: a crash between the two must not make it foreign.
const (
	program    = "voucherhouse"
	markerName = program + ".json"
	lockName   = program + ".lock"
)

type marker struct {
	Program string `json:"program"`
	Layout  int    `json:"layout"`
}

// inspect reports whether the directory is marked. It refuses one that neither
// is nor can be; one that is missing can.
func inspect(path string) (marked bool, err error) {
	switch content, err := os.ReadFile(filepath.Join(path, markerName)); {
	case err == nil:
		return true, check(path, content)
	case !errors.Is(err, fs.ErrNotExist):
		return false, unreadable(path, err)
	}
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, unreadable(path, err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), program+".") {
			return false, foreign(path, entry.Name())
		}
	}
	return false, nil
}

func check(path string, content []byte) error {
	var found marker
	if err := json.Unmarshal(content, &found); err != nil || found.Program != program {
		return foreign(path, markerName)
	}
	if found.Layout > layout {
		return fmt.Errorf("data directory %s is %w (layout %d, this one knows %d): use that, or choose another with --data-dir", path, ErrNewer, found.Layout, layout)
	}
	return nil
}

func foreign(path, entry string) error {
	return fmt.Errorf("data directory %s is %w (it holds %s): choose an empty or a new one with --data-dir", path, ErrForeign, entry)
}

func unreadable(path string, err error) error {
	return fmt.Errorf("read data directory %s: %w: choose another with --data-dir", path, err)
}

// mark makes an empty directory ours: at once or, when the program or the
// machine dies before the end, not at all.
func mark(path string) error {
	// A directory made by hand may be open to others, and the warehouse's files are.
	if err := os.Chmod(path, 0o700); err != nil {
		return err
	}
	content, err := json.Marshal(marker{Program: program, Layout: layout})
	if err != nil {
		return err
	}
	draft := filepath.Join(path, markerName+".new")
	if err := os.WriteFile(draft, append(content, '\n'), 0o600); err != nil {
		return err
	}
	if err := sync(draft); err != nil {
		return err
	}
	if err := os.Rename(draft, filepath.Join(path, markerName)); err != nil {
		return err
	}
	return sync(path)
}

func sync(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Sync()
}
