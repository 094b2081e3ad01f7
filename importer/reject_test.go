package importer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBadRowsAreRejectedWithTheReason(t *testing.T) {
	t.Parallel()
	const (
		plain  = "2017-03-01T00:00:00Z,2017-04-01T00:00:00Z"
		needs  = `a plain decimal, zero or more, with at most 2 digits after the point.`
		moment = `an instant of the years 1970 to 2199 like 2017-03-12T18:05:00-04:00.`
	)
	long := strings.Repeat("x", 1001)
	cases := []struct{ file, row, reason string }{
		{"products.csv", "a,A,Things", "The row has 3 cells, and the header has 4."},
		{"products.csv", "a,A,Things,1,", "The row has 5 cells, and the header has 4."},
		{"products.csv", `a,A "quoted" title,Things,1`, "The quotes of the row do not match."},
		{"products.csv", `"a,A,Things,1`, "The quotes of the row do not match."},
		{"products.csv", ",A,Things,1", "sku is empty."},
		{"products.csv", "a,,Things,1", "title is empty."},
		{"products.csv", "a,A,,1", "category is empty."},
		{"products.csv", "a,A,Things,", "price is empty."},
		{"products.csv", "a,A,Things,0.00", "price must be above zero."},
		{"products.csv", "a,A,Things,1.005", `price is "1.005"; it must be ` + needs},
		{"products.csv", "a,A,Things,-1", `price is "-1"; it must be ` + needs},
		{"products.csv", "a,A,Things,1e3", `price is "1e3"; it must be ` + needs},
		{"products.csv", "a,A,Things,$1", `price is "$1"; it must be ` + needs},
		{"products.csv", "a,A,Things,1.", `price is "1."; it must be ` + needs},
		{"products.csv", `a,A,Things,"1,000"`, `price is "1,000"; it must be ` + needs},
		{"products.csv", "a,A,Things,10000000000000.01", `price is "10000000000000.01"; it must be ` + needs},
		{"products.csv", "a,A\x00,Things,1", "title has the character U+0000."},
		{"products.csv", "a,A,\xff,1", "category is not UTF-8."},
		{"products.csv", long + ",A,Things,1", "sku is longer than 1000 bytes."},

		{"vouchers.csv", "v,COUPON,V," + plain + ",,,,1,,,,1,1,ENTIRE_SHOP", `tool is "COUPON"; it must be one of REGULAR_VOUCHER, LIVE_VOUCHER, CHAT_COUPON.`},
		{"vouchers.csv", "v,LIVE_VOUCHER," + long[:51] + "," + plain + ",,,,1,,,,1,1,ENTIRE_SHOP", "name has more than 50 characters."},
		{"vouchers.csv", "v,LIVE_VOUCHER,V,2017-03-01,2017-04-01,,,,1,,,,1,1,ENTIRE_SHOP", `starts_at is "2017-03-01"; it must be ` + moment},
		{"vouchers.csv", "v,LIVE_VOUCHER,V,1017-03-01T00:00:00Z,2017-04-01T00:00:00Z,,,,1,,,,1,1,ENTIRE_SHOP", `starts_at is "1017-03-01T00:00:00Z"; it must be ` + moment},
		{"vouchers.csv", "v,LIVE_VOUCHER,V,2017-03-01T00:00:00Z,2017-03-01T00:00:00Z,,,,1,,,,1,1,ENTIRE_SHOP", "ends_at is not after starts_at."},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + ",2017-03-01T00:00:00Z,,,1,,,,1,1,ENTIRE_SHOP", "valid_from and valid_to must be given together."},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + "," + plain + ",7,1,,,,1,1,ENTIRE_SHOP", "valid_from and valid_to cannot be given with days_after_claim."},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + ",2017-03-01T00:00:00Z,2017-03-01T00:00:00Z,,1,,,,1,1,ENTIRE_SHOP", "valid_to is not after valid_from."},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + ",,,0,1,,,,1,1,ENTIRE_SHOP", `days_after_claim is "0"; it must be a whole number from 1 to 3650.`},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + ",,,,,,,,1,1,ENTIRE_SHOP", "Either amount_off or percent_off must be given, and not both."},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + ",,,,1,5,,,1,1,ENTIRE_SHOP", "Either amount_off or percent_off must be given, and not both."},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + ",,,,0,,,,1,1,ENTIRE_SHOP", "amount_off must be above zero."},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + ",,,,,0,,,1,1,ENTIRE_SHOP", `percent_off is "0"; it must be above 0 and at most 100, with at most two digits after the point.`},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + ",,,,,100.01,,,1,1,ENTIRE_SHOP", `percent_off is "100.01"; it must be above 0 and at most 100, with at most two digits after the point.`},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + ",,,,1,,1,,1,1,ENTIRE_SHOP", "maximum_discount can only be given with percent_off."},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + ",,,,1,,,1,1,1,ENTIRE_SHOP", "minimum_spend is not above amount_off."},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + ",,,,1,,,,0,1,ENTIRE_SHOP", `total_quantity is "0"; it must be a whole number from 1 to 1000000000.`},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + ",,,,1,,,,1,2,ENTIRE_SHOP", "claims_per_customer is above total_quantity."},
		{"vouchers.csv", "v,LIVE_VOUCHER,V," + plain + ",,,,1,,,,1,1,SHOP", `scope is "SHOP"; it must be one of ENTIRE_SHOP, SPECIFIC_PRODUCTS.`},

		{"voucher_products.csv", "none,tea", `There is no voucher "none" in the shop.`},
		{"voucher_products.csv", "spring,none", `There is no product "none" in the shop.`},
		{"voucher_products.csv", "chat,tea", `The voucher "chat" covers the entire shop.`},
		{"voucher_products.csv", "v,tea", `There is no voucher "v" in the shop.`}, // it was rejected

		{"claims.csv", "c 8,spring,ann,2017-03-02T12:00:00Z,", `external_id is "c 8"; it must be without spaces.`},
		{"claims.csv", "c9,spring,ann,2018-02-01T00:00:00.000001Z,", "claimed_at is in the future."},
		{"claims.csv", "c9,spring,ann,2017-03-02T12:00:00Z,2018-03-02T12:00:00Z", "redeemed_at is in the future."},
		{"claims.csv", "c9,spring,ann,2017-03-02T12:00:00Z,2017-03-02T11:00:00Z", "redeemed_at is before claimed_at."},
		{"claims.csv", "c9,none,ann,2017-03-02T12:00:00Z,", `There is no voucher "none" in the shop.`},
		{"claims.csv", "c9,spring,ann,2017-02-28T23:59:59Z,", `claimed_at is outside of the claim period of the voucher "spring".`},
		{"claims.csv", "c9,spring,ann,2017-04-01T00:00:00Z,", `claimed_at is outside of the claim period of the voucher "spring".`},

		{"orders.csv", "o9,ann,SHOP,2017-03-05T09:00:00Z,", `channel is "SHOP"; it must be one of STOREFRONT, LIVE, CHAT.`},
		{"orders.csv", "o9,ann,LIVE,2018-03-05T09:00:00Z,", "paid_at is in the future."},
		{"orders.csv", "o9,ann,LIVE,2017-03-05T09:00:00Z,c1 c1", `claims has "c1" twice.`},
		{"orders.csv", "o9,ann,LIVE,2017-03-05T09:00:00Z,c1 c9", `There is no claim "c9" in the shop.`}, // it was rejected
		{"orders.csv", "o9,bob,LIVE,2017-03-05T09:00:00Z,c1", `The claim "c1" is another buyer's.`},
		{"orders.csv", "o9,ann,LIVE,2017-03-05T09:00:00Z,c1 c2", `The claim "c2" is redeemed already.`},
		{"orders.csv", "o9,ann,LIVE,2017-03-01T09:00:00Z,c1", `The claim "c1" was made after paid_at.`},

		{"order_lines.csv", "o1,0,tea,1,1,0,0,0", `line is "0"; it must be a whole number from 1 to 2147483647.`},
		{"order_lines.csv", "o1,1,tea,-1,1,0,0,0", `quantity is "-1"; it must be a whole number from 0 to 2147483647.`},
		{"order_lines.csv", "o1,1,tea,1,1,0,0,-0.01", `platform_subsidy is "-0.01"; it must be ` + needs},
		{"order_lines.csv", "o9,1,tea,1,1,0,0,0", `There is no order "o9" in the shop.`}, // it was rejected
		{"order_lines.csv", "o1,1,none,1,1,0,0,0", `There is no product "none" in the shop.`},
		{"order_lines.csv", "api,1,tea,1,1,0,0,0", `The order "api" is not an imported one.`},
	}

	b := setup(t)
	good := base(files{
		"claims.csv": "c1,spring,ann,2017-03-02T12:00:00Z,\nc2,spring,ann,2017-03-02T12:00:00Z,2017-03-02T13:00:00Z",
		"orders.csv": "o1,ann,LIVE,2017-03-05T09:00:00Z,",
	})
	b.imported(good)
	b.db.MustExec(`
insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, paid_at)
select shop_id, 'api', buyer_id, status, channel, placed_at, paid_at from orders`)
	facts := len(b.facts(0))

	bad := files{"shop.csv": good["shop.csv"]}
	lines := map[string]int{}
	want := map[string]string{}
	for _, c := range cases {
		if lines[c.file]++; lines[c.file] > 1 {
			bad[c.file] += "\n"
		}
		bad[c.file] += c.row
		want[c.file+" "+c.row] = c.reason
	}
	s, rejected := b.imported(bad)
	if n := s.Rows(); n.Rejected != len(cases) || n.Imported != 0 {
		t.Errorf("%d rows are rejected and %d imported, want %d and none", n.Rejected, n.Imported, len(cases))
	}
	for _, r := range rejected {
		if reason := want[r[0]+" "+r[3]]; r[2] != reason {
			t.Errorf("%s, line %s: %s\n%s\nwant: %s", r[0], r[1], r[3], r[2], reason)
		}
		delete(want, r[0]+" "+r[3])
	}
	for row := range want {
		t.Errorf("this is not among the rejects: %s", row)
	}
	wantLines(t, "facts of rejected rows", b.facts(facts))
	wantLines(t, "buyers", b.rows(`select external_id from buyers`), "ann")
}

func TestNoMoreClaimsThanAVoucherHas(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const at = ",2017-03-02T12:00:00Z,"
	one := base(files{"claims.csv": "c1,spring,ann" + at})
	b.imported(one)
	one["claims.csv"] = strings.Join([]string{
		"c1,spring,ann" + at, // present
		"c2,spring,ann" + at,
		"c3,spring,ann" + at, // one too many for ann
		"c4,spring,bob" + at,
		"c5,chat,bob" + at,
		"c6,chat,bob" + at, // one too many for bob
		"c7,spring,eve" + at,
		"c8,spring,dan" + at,
		"c9,spring,fay" + at, // one too many at all
		"c10,chat,eve" + at,
		"c11,chat,dan" + at, // one too many at all
	}, "\n")
	s, rejected := b.imported(one)
	wantLines(t, "rejected", reasons(rejected),
		`claims.csv:4 The voucher "spring" has 2 claims per customer, and the buyer has as many.`,
		`claims.csv:7 The voucher "chat" has 1 claims per customer, and the buyer has as many.`,
		`claims.csv:10 The voucher "spring" has a total quantity of 5, and as many claims.`,
		`claims.csv:12 The voucher "chat" has a total quantity of 2, and as many claims.`)
	wantLines(t, "claims", counts(s)[3:], "claims.csv 11 6 1 4")
	wantLines(t, "counters", b.rows(`
select claimed || ' ' || (select count(*) from claims where voucher_id = v.id) from vouchers v order by id`), "5 5", "2 2")
}

func TestAClaimIsRedeemedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, rejected := b.imported(base(files{
		"claims.csv": "c1,spring,ann,2017-03-02T12:00:00Z,\nc2,spring,ann,2017-03-02T12:00:00Z,\nc3,chat,ann,2017-03-02T12:00:00Z,",
		"orders.csv": "o1,ann,LIVE,2017-03-05T09:00:00Z,c1\n" +
			"o2,ann,LIVE,2017-03-05T09:00:00Z,c2 c1\n" + // c1 is o1's, so c2 stays free
			"o3,ann,LIVE,2017-03-05T09:00:00Z,c3 c2",
	}))
	wantLines(t, "rejected", reasons(rejected), `orders.csv:3 The claim "c1" is redeemed already.`)
	wantLines(t, "redemptions", b.rows(`
select c.external_id || ' ' || order_number from redemptions r join claims c on c.id = r.claim_id join orders o on o.id = r.order_id order by 1`),
		"c1 o1", "c2 o3", "c3 o3")
}

func TestRejectsOfAnEarlierImportAreReplaced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	bad, good := base(nil), base(nil)
	bad["products.csv"] = "tea,Tea,Drinks,free"
	dir := bad.write(t)
	path := filepath.Join(dir, "rejects")
	for _, want := range []int{1, 1} {
		if _, err := Import(t.Context(), b.ledger, Options{Dir: dir, Rejects: path}); err != nil {
			t.Fatal(err)
		}
		if got := len(readRejects(t, path)); got != want {
			t.Errorf("%d rejected rows, want %d", got, want)
		}
	}
	if _, err := Import(t.Context(), b.ledger, Options{Dir: good.write(t), Rejects: path}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the rejects of the earlier import are still there: %v", err)
	}

	valuable := filepath.Join(dir, "products.csv")
	_, err := Import(t.Context(), b.ledger, Options{Dir: dir, Rejects: valuable})
	if err == nil || !strings.Contains(err.Error(), valuable) {
		t.Errorf("rejects into another file: %v, want an error that names it", err)
	}
	if text, err := os.ReadFile(valuable); err != nil || !strings.Contains(string(text), "tea") {
		t.Errorf("the file was touched: %q, %v", text, err)
	}
}
