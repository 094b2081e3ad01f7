package auth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
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
	if _, err := again.Actor(token); err != nil {
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
	if one.Equal(other) {
		t.Error("two keys are the same")
	}
}

// ecdsaKey is a good key of another type.
func ecdsaKey(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func TestADamagedKeyIsNotReplacedButNamedWithTheRemedy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text []byte
		want string
	}{
		"empty":        {nil, "holds no key in PEM form"},
		"no PEM":       {[]byte("key"), "holds no key in PEM form"},
		"cut off":      {[]byte("-----BEGIN PRIVATE KEY-----\nMC4CAQAw"), "holds no key in PEM form"},
		"PEM of other": {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("key")}), "holds no Ed25519 key"},
		"another type": {ecdsaKey(t), "holds no Ed25519 key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "key.pem")
			if err := os.WriteFile(path, test.text, 0o600); err != nil {
				t.Fatal(err)
			}
			keys, err := auth.LoadKeys(path, clock)
			want := path + " " + test.want + ": restore it, or remove it to make a new one"
			if keys != nil || err == nil || err.Error() != want {
				t.Errorf("it says %v, want %s", err, want)
			}
			if text, err := os.ReadFile(path); err != nil || !bytes.Equal(text, test.text) {
				t.Errorf("the file became %q, %v", text, err)
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
