package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	superuser = "voucherhouse"
	port      = 5432 // of the socket's name: nothing listens on it
)

// prepareCluster makes dir a data directory of the server in native, or finds
// that it is one, and returns its absolute path without symbolic links.
func prepareCluster(ctx context.Context, native, dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	version, err := clusterVersion(dir)
	if err != nil {
		return "", err
	}
	if version == "" {
		if err := initialise(ctx, native, dir); err != nil {
			return "", fmt.Errorf("initialise Postgres in %s: %w", dir, err)
		}
	} else if err := checkVersion(ctx, native, dir, version); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}

// clusterVersion is the major version of the data in dir, empty if there is none.
func clusterVersion(dir string) (string, error) {
	version, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if err == nil {
		return strings.TrimSpace(string(version)), nil
	}
	entries, errDir := os.ReadDir(dir)
	switch {
	case errors.Is(errDir, fs.ErrNotExist):
		return "", nil
	case errDir != nil:
		return "", fmt.Errorf("read Postgres data directory: %w", errDir)
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("read Postgres data directory: %w", err)
	case len(entries) > 0:
		return "", fmt.Errorf("%s is %w (it holds %s): choose another --data-dir", dir, ErrNotPostgres, entries[0].Name())
	}
	return "", nil
}

func checkVersion(ctx context.Context, native, dir, found string) error {
	out, err := tool(ctx, native, "postgres", "--version").CombinedOutput()
	if err != nil {
		return fmt.Errorf("ask the version of Postgres: %w: %s", err, bytes.TrimSpace(out))
	}
	words := strings.Fields(string(out)) // postgres (PostgreSQL) 18.4
	ours, _, _ := strings.Cut(words[len(words)-1], ".")
	if found != ours {
		return fmt.Errorf("%s has %w: it is %s, this server is %s: dump it with Postgres %s and restore it here, or choose another --data-dir",
			dir, ErrPostgresVersion, found, ours, found)
	}
	return nil
}

// initialise makes a new cluster beside dir and moves it there when it is
// complete and on disk, so a crash leaves no directory that only looks like one.
func initialise(ctx context.Context, native, dir string) error {
	draft := dir + ".init"
	if err := os.MkdirAll(draft, 0o700); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(draft, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	// Of another start, or of what is still running of one that was killed.
	if err := awaitLock(ctx, lock); err != nil {
		return err
	}
	if version, err := clusterVersion(dir); version != "" || err != nil {
		return err
	}
	defer os.RemoveAll(draft)
	cluster := filepath.Join(draft, "cluster")
	if err := os.RemoveAll(cluster); err != nil {
		return err
	}
	if err := initdb(ctx, native, cluster, lock); err != nil {
		return err
	}
	return moveInto(cluster, dir)
}

// moveInto puts the directory from in the place of the directory to, which is
// missing or empty.
func moveInto(from, to string) error {
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer parent.Close()
	return parent.Sync()
}

func initdb(ctx context.Context, native, dir string, lock *os.File) error {
	cmd := tool(ctx, native, "initdb", "--pgdata="+dir, "--username="+superuser, "--no-instructions",
		"--data-checksums", "--encoding=UTF8",
		// The order of code points and Unicode's cases, the same on every machine
		// and for ever: an index never breaks because a C library was updated.
		"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
		// The socket is in the data directory, which Postgres insists that only its
		// owner may enter. Who can connect can read the files anyway, so a password
		// would protect nothing.
		"--auth-local=trust", "--auth-host=reject")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.ExtraFiles = []*os.File{lock}
	release, err := startTied(cmd)
	if err != nil {
		return err
	}
	defer release()
	err = cmd.Wait()
	if ctx.Err() != nil {
		return ctx.Err() // Wait only knows that it was killed
	}
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, lastLine(out.String()))
	}
	return nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
