package sample

import (
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// keys returns the values of a natural key and fails if one occurs twice.
func keys(t *testing.T, f *folder, file string, columns ...string) map[string]*row {
	t.Helper()
	rows := map[string]*row{}
	for _, row := range f.read(t, file) {
		var cells []string
		for _, column := range columns {
			cells = append(cells, row.cell(column))
		}
		key := strings.Join(cells, " ")
		if key == "" || rows[key] != nil {
			t.Fatalf("%s: %v %q is empty or occurs twice", file, columns, key)
		}
		rows[key] = &row
	}
	return rows
}

func TestEveryReferenceExists(t *testing.T) {
	t.Parallel()
	f := written(t, 0)
	products := keys(t, f, "products.csv", "sku")
	vouchers := keys(t, f, "vouchers.csv", "external_id")
	orders := keys(t, f, "orders.csv", "order_number")
	keys(t, f, "claims.csv", "external_id")
	keys(t, f, "voucher_products.csv", "voucher", "sku")
	keys(t, f, "order_lines.csv", "order_number", "line")

	for _, row := range f.read(t, "voucher_products.csv") {
		if vouchers[row.cell("voucher")] == nil || products[row.cell("sku")] == nil {
			t.Fatalf("voucher_products.csv: %v", row)
		}
	}
	for _, row := range f.read(t, "claims.csv") {
		if vouchers[row.cell("voucher")] == nil {
			t.Fatalf("claims.csv: %v", row)
		}
	}
	filled := map[string]bool{}
	for _, row := range f.read(t, "order_lines.csv") {
		if n, err := strconv.Atoi(row.cell("line")); err != nil || n < 1 || orders[row.cell("order_number")] == nil || products[row.cell("sku")] == nil {
			t.Fatalf("order_lines.csv: %v", row)
		}
		filled[row.cell("order_number")] = true
	}
	equal(t, "orders with lines", len(filled), len(orders))
}

func TestClaimsAreRedeemedOnceByTheirBuyerInThePeriod(t *testing.T) {
	t.Parallel()
	for weeks := range folders {
		f := written(t, weeks)
		vouchers := keys(t, f, "vouchers.csv", "external_id")
		claims := keys(t, f, "claims.csv", "external_id")
		redeemed := map[string]time.Time{}
		for id, c := range claims {
			if c.cell("redeemed_at") != "" {
				redeemed[id] = at(t, c.cell("redeemed_at"))
				equal(t, "local time of a redemption without an order", redeemed[id].In(zone).Format(time.TimeOnly), "12:00:00")
			}
		}
		for _, o := range f.read(t, "orders.csv") {
			for _, id := range strings.Fields(o.cell("claims")) {
				if _, twice := redeemed[id]; twice || claims[id] == nil || claims[id].cell("buyer") != o.cell("buyer") {
					t.Fatalf("order %s redeems %s of %v", o.cell("order_number"), id, claims[id])
				}
				redeemed[id] = at(t, o.cell("paid_at"))
			}
		}
		for id, instant := range redeemed {
			v := vouchers[claims[id].cell("voucher")]
			if instant.Before(at(t, claims[id].cell("claimed_at"))) || instant.Before(at(t, v.cell("starts_at"))) || !instant.Before(at(t, v.cell("ends_at"))) {
				t.Errorf("claim %s is redeemed at %s, outside of %v", id, instant, v)
			}
		}
	}
}

func TestVouchersAllowTheClaimsMade(t *testing.T) {
	t.Parallel()
	f := written(t, 0)
	made, byBuyer, most := map[string]int{}, map[issue]int{}, map[string]int{}
	for _, c := range f.read(t, "claims.csv") {
		of := issue{c.cell("voucher"), c.cell("buyer")}
		made[of.campaign]++
		byBuyer[of]++
		most[of.campaign] = max(most[of.campaign], byBuyer[of])
	}
	kinds := map[string]int{}
	for _, v := range f.read(t, "vouchers.csv") {
		id := v.cell("external_id")
		quantity, err := strconv.Atoi(v.cell("total_quantity"))
		if left := quantity - made[id]; err != nil || left < 1 || left > 100 || quantity%100 != 0 {
			t.Errorf("voucher %s: quantity %s for %d claims", id, v.cell("total_quantity"), made[id])
		}
		equal(t, "claims per customer of "+id, v.cell("claims_per_customer"), strconv.Itoa(most[id]))
		equal(t, "scope of "+id, v.cell("scope"), "SPECIFIC_PRODUCTS")
		if n := utf8.RuneCountInString(v.cell("name")); n < 1 || n > 50 {
			t.Errorf("voucher %s: a name of %d code points", id, n)
		}
		kinds[v.cell("tool")]++
	}
	equal(t, "type A", kinds["CHAT_COUPON"], 4)
	equal(t, "type B", kinds["REGULAR_VOUCHER"], 17)
	equal(t, "type C", kinds["LIVE_VOUCHER"], 6)
}

func TestAmountsHaveTheCurrencysDigits(t *testing.T) {
	t.Parallel()
	f := written(t, 0)
	for _, p := range f.read(t, "products.csv") {
		if !amount(t, p.cell("price")).IsPositive() {
			t.Fatalf("product %s costs %s", p.cell("sku"), p.cell("price"))
		}
	}
	for _, l := range f.read(t, "order_lines.csv") {
		received := amount(t, l.cell("list_amount")).Sub(amount(t, l.cell("item_discount"))).Sub(amount(t, l.cell("voucher_discount")))
		if received.IsNegative() || amount(t, l.cell("platform_subsidy")).IsNegative() {
			t.Fatalf("the shop would pay for line %s of %s", l.cell("line"), l.cell("order_number"))
		}
	}
}

func TestProductsCanBeRead(t *testing.T) {
	t.Parallel()
	products := keys(t, written(t, 0), "products.csv", "sku")
	equal(t, "products: the catalogue and ten that only lines and coupons name", len(products), 92_331+10)
	for sku, want := range map[string]string{
		"25671":   "Ice - crushed/cubed, 22 LB in FRZN ICE",
		"26081":   "Miscellaneous in MISCELLANEOUS",
		"26093":   "Bread: italian/french in BREAD",
		"5978656": "Product 5978656 (not in the catalogue) in UNKNOWN",
	} {
		equal(t, sku, products[sku].cell("title")+" in "+products[sku].cell("category"), want)
	}
	for sku, p := range products {
		if p.cell("title") == "" || p.cell("category") == "" || strings.Contains(p.cell("title"), "  ") {
			t.Errorf("product %s: %v", sku, p)
		}
	}
}
