package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// linkLibraries makes the links between the server's libraries that the
// package's install script would have made: npm packages hold no links, and npm
// is often told to run no scripts.
func linkLibraries(native string) error {
	content, err := os.ReadFile(filepath.Join(native, "pg-symlinks.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the links of Postgres's libraries: %w", err)
	}
	var links []struct{ Source, Target string } // from the package's directory
	if err := json.Unmarshal(content, &links); err != nil {
		return fmt.Errorf("read %s/pg-symlinks.json: %w", native, err)
	}
	for _, link := range links {
		name := filepath.Join(filepath.Dir(native), link.Target)
		// The error tells nothing when there is such a link already.
		if _, err := os.Lstat(name); err == nil {
			continue
		}
		if err := os.Symlink(filepath.Base(link.Source), name); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("link Postgres's libraries: %w: run `npm rebuild` as a user who may write there", err)
		}
	}
	return nil
}
