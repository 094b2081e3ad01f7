package sample

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

// The expected totals are those that the pack's own README states; the others
// were counted from the source.

func TestOrdersKeepTheTotalsOfTheSource(t *testing.T) {
	t.Parallel()
	f := written(t, 0)

	buyers := map[string]bool{}
	for _, o := range f.read(t, "orders.csv") {
		buyers[o.cell("buyer")] = true
	}
	var list, item, voucher, subsidy decimal.Decimal
	for _, l := range f.read(t, "order_lines.csv") {
		list = list.Add(amount(t, l.cell("list_amount")))
		item = item.Add(amount(t, l.cell("item_discount")))
		voucher = voucher.Add(amount(t, l.cell("voucher_discount")))
		subsidy = subsidy.Add(amount(t, l.cell("platform_subsidy")))
	}
	revenue := list.Sub(item).Sub(voucher)

	equal(t, "orders", len(f.read(t, "orders.csv")), 47_243)
	equal(t, "lines", len(f.read(t, "order_lines.csv")), 75_000)
	equal(t, "buyers", len(buyers), 2_377)
	equal(t, "list value", list.String(), "274358.25")
	equal(t, "shelf discounts", item.String(), "40180.91")
	equal(t, "coupon match", voucher.StringFixed(2), "242.10")
	equal(t, "manufacturers' coupons", subsidy.String(), "1356.71")
	equal(t, "revenue", revenue.String(), "233935.24")
	equal(t, "paid", revenue.Sub(subsidy).String(), "232578.53")
}

func TestClaimsKeepTheCountsOfTheSource(t *testing.T) {
	t.Parallel()
	f := written(t, 0)

	withOrder := map[string]bool{}
	for _, o := range f.read(t, "orders.csv") {
		for _, id := range strings.Fields(o.cell("claims")) {
			withOrder[id] = true
		}
	}
	issues, households := map[issue]bool{}, map[string]bool{}
	redeemed := map[string]int{}
	total := 0
	for _, c := range f.read(t, "claims.csv") {
		issues[issue{c.cell("voucher"), c.cell("buyer")}] = true
		if withOrder[c.cell("external_id")] || c.cell("redeemed_at") != "" {
			households[c.cell("buyer")] = true
			redeemed[c.cell("voucher")]++
			total++
		}
	}

	equal(t, "campaigns", len(f.read(t, "vouchers.csv")), 27)
	equal(t, "claims", len(f.read(t, "claims.csv")), 7_899)
	equal(t, "issues", len(issues), 6_589)
	equal(t, "redemptions", total, 2_102)
	equal(t, "redemptions with an order", len(withOrder), 1_552)
	equal(t, "redeeming households", len(households), 410)
	most := slices.SortedFunc(maps.Keys(redeemed), func(a, b string) int { return redeemed[b] - redeemed[a] })
	equal(t, "most redeemed", strings.Join(most[:4], " "), "18 13 8 27")
	for campaign, n := range map[string]int{"18": 653, "13": 629, "8": 372, "27": 64} {
		equal(t, "redemptions of campaign "+campaign, redeemed[campaign], n)
	}
}

func TestCouponsOfTheSource(t *testing.T) {
	t.Parallel()
	p, err := unpack(archive)
	if err != nil {
		t.Fatal(err)
	}
	coupons, scopes := map[string]bool{}, map[scope]bool{}
	err = p.each("coupons.csv", "coupon_upc,product_id,campaign_id", func(row []string) error {
		coupons[row[0]] = true
		scopes[scope{row[2], row[1]}] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "coupons", len(coupons), 981)
	equal(t, "products of campaigns", len(written(t, 0).read(t, "voucher_products.csv")), len(scopes))
}

func TestWriteSaysWhatItCouldNotDo(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "not-a-folder")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := Write(file, 0)
	var cause *fs.PathError
	if !errors.As(err, &cause) || cause.Path != file {
		t.Errorf("Write into a file: %v, want an error that names it", err)
	}
}
