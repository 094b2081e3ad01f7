package auth_test

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"voucherhouse/auth"
	"voucherhouse/promo"
)

func TestTheKeyIsMadeOnceAndForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "key.pem")
	first, err := auth.LoadKeys(path, clock)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("the file's mode is %v", info.Mode())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := auth.LoadKeys(path, clock)
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, text) {
		t.Errorf("the second start changed the file: %v", err)
	}
	token, err := first.Issue(promo.Actor{Role: promo.Admin, Client: promo.Service, Subject: "root"}, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Session(token); err != nil {
		t.Errorf("a token from before the restart: %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("left beside the key: %v, %v", files, err)
	}
}

func TestEveryInstallationHasAKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	_, one := newKeys(t)
	_, other := newKeys(t)
	if bytes.Equal(one, other) {
		t.Error("two keys are the same")
	}
}

func TestADamagedKeyIsNotReplacedButNamedWithTheRemedy(t *testing.T) {
	t.Parallel()
	for name, text := range map[string][]byte{
		"empty":        nil,
		"no PEM":       []byte("key"),
		"cut off":      []byte("-----BEGIN VOUCHERHOUSE TOKEN KEY-----\nMC4CAQAw"),
		"PEM of other": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: make([]byte, 32)}),
		"too short":    pem.EncodeToMemory(&pem.Block{Type: "VOUCHERHOUSE TOKEN KEY", Bytes: make([]byte, 31)}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "key.pem")
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			keys, err := auth.LoadKeys(path, clock)
			want := path + " holds no key for tokens: restore it, or remove it to make a new one"
			if keys != nil || err == nil || err.Error() != want {
				t.Errorf("it says %v, want %s", err, want)
			}
			if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, text) {
				t.Errorf("the file became %q, %v", kept, err)
			}
		})
	}
}

func TestAKeyThatCannotBeReadOrWrittenIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir:                                      "reading the key of tokens: ",
		filepath.Join(dir, "nowhere", "key.pem"): "writing the key of tokens: ",
	} {
		if keys, err := auth.LoadKeys(path, clock); keys != nil || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
