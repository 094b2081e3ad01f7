package importer

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// columns are those of each file that a folder may hold; docs/importing.md describes them.
var columns = map[string][]string{
	"shop.csv":     {"external_id", "name", "currency", "time_zone"},
	"products.csv": {"sku", "title", "category", "price"},
	"vouchers.csv": {"external_id", "tool", "name", "starts_at", "ends_at", "valid_from", "valid_to", "days_after_claim", "amount_off",
		"percent_off", "maximum_discount", "minimum_spend", "total_quantity", "claims_per_customer", "scope"},
	"voucher_products.csv": {"voucher", "sku"},
	"claims.csv":           {"external_id", "voucher", "buyer", "claimed_at", "redeemed_at"},
	"orders.csv":           {"order_number", "buyer", "channel", "paid_at", "claims"},
	"order_lines.csv": {"order_number", "line", "sku", "quantity", "list_amount", "item_discount", "voucher_discount",
		"platform_subsidy"},
}

// folder holds the files that are there, by name.
type folder map[string]*reader

// openFolder opens every file that is there and checks its header: a folder with a wrong one is not begun at all.
func openFolder(dir string) (folder, error) {
	f := folder{}
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		r, err := openFile(dir, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			f.close()
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		f[name] = r
	}
	if f["shop.csv"] == nil {
		f.close()
		return nil, fmt.Errorf("the folder %s has no file shop.csv, which must name the shop", dir)
	}
	return f, nil
}

func openFile(dir, name string) (*reader, error) {
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	r, err := newReader(file, name)
	if err == nil {
		err = checkHeader(r.header, columns[name])
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return r, nil
}

func (f folder) close() {
	for _, r := range f {
		r.file.Close()
	}
}

// checkHeader takes the columns in any order.
func checkHeader(header, want []string) error {
	got := slices.Sorted(slices.Values(header))
	if !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		return fmt.Errorf("the header is %q; it must have the columns %s", strings.Join(header, ","), strings.Join(want, ","))
	}
	return nil
}
