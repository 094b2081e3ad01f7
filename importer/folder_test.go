package importer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refused imports a folder that nothing of may be imported, and checks what the error says.
func (b *testBundle) refused(dir string, words ...string) {
	b.t.Helper()
	_, err := Import(b.t.Context(), b.ledger, Options{Dir: dir, Rejects: filepath.Join(b.t.TempDir(), "rejects")})
	if err == nil {
		b.t.Errorf("the folder is imported, want an error with %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			b.t.Errorf("the error is %q, want %q in it", err, w)
		}
	}
}

func TestAFolderThatCannotBeImported(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.refused(filepath.Join(t.TempDir(), "missing"), "missing", "has no file shop.csv")
	b.refused(files{"products.csv": "tea,Tea,Drinks,1"}.write(t), "has no file shop.csv")
	b.refused(base(files{"shop.csv": ""}).write(t), "shop.csv has no row")
	b.refused(base(files{"shop.csv": "a,A,USD,UTC\nb,B,USD,UTC"}).write(t), "shop.csv, line 3: there must be one row")
	b.refused(base(files{"shop.csv": "a,A,usd,UTC"}).write(t), "shop.csv, line 2: currency", "ISO 4217")
	b.refused(base(files{"shop.csv": "a,A,USD,Mars/Olympus"}).write(t), "shop.csv, line 2: time_zone", "America/New_York")
	for _, zone := range []string{"Local", "localtime"} { // the machine's own
		b.refused(base(files{"shop.csv": "a,A,USD," + zone}).write(t), "shop.csv, line 2: time_zone")
	}
	b.refused(base(files{"shop.csv": "a,,USD,UTC"}).write(t), "shop.csv, line 2: name is empty")

	for _, header := range []string{"sku,title,category", "sku,title,category,price,colour", "sku,title,category,prize", "sku;title;category;price", "sku,title,category,price,price", ""} {
		dir := base(nil).write(t)
		if err := os.WriteFile(filepath.Join(dir, "products.csv"), []byte(header+"\ntea,Tea,Drinks,1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		b.refused(dir, "products.csv", "header", "sku,title,category,price")
	}
	dir := base(nil).write(t)
	if err := os.Truncate(filepath.Join(dir, "vouchers.csv"), 0); err != nil {
		t.Fatal(err)
	}
	b.refused(dir, "vouchers.csv", "there is no header")
	wantLines(t, "shops", b.rows(`select name from shops`))
}

func TestAFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dir := base(nil).write(t)
	if err := os.Mkdir(filepath.Join(dir, "claims.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Import(t.Context(), b.ledger, Options{Dir: dir})
	if _, ok := errors.AsType[*fs.PathError](err); !ok || !strings.Contains(err.Error(), "claims.csv") {
		t.Errorf("the error is %v, want one that wraps the cause and names the file", err)
	}
}

func TestAShopKeepsItsCurrencyAndTimeZone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.imported(base(nil))
	b.refused(base(files{"shop.csv": "corner,Corner Shop,EUR,America/New_York"}).write(t), `"corner"`, "USD", "EUR")
	b.refused(base(files{"shop.csv": "corner,Corner Shop,USD,UTC"}).write(t), `"corner"`, "America/New_York", "UTC")
	s, _ := b.imported(files{"shop.csv": "corner,Another name,USD,America/New_York"})
	wantLines(t, "summary", counts(s), "shop.csv 1 0 1 0")
	wantLines(t, "shops", b.rows(`select name from shops`), "Corner Shop")
}

func TestColumnsInAnyOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dir := base(nil).write(t)
	if err := os.WriteFile(filepath.Join(dir, "products.csv"), []byte("price,sku,category,title\n4.5,tea,Drinks,Tea\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Import(t.Context(), b.ledger, Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	wantLines(t, "products", b.rows(`select concat_ws(' ', sku, title, category, price_minor) from products`), "tea Tea Drinks 450")
}
