package importer

import (
	"testing"

	"voucherhouse/promo"
)

// history has everything: claims with and without an order, an order with two redemptions, lines with every amount.
func history() files {
	return base(files{
		"voucher_products.csv": "spring,tea",
		"claims.csv": "c1,spring,ann,2017-03-02T12:00:00Z,\n" +
			"c2,spring,ann,2017-03-02T12:00:00-05:00,\n" +
			"c3,chat,ann,2017-03-03T00:00:00Z,\n" +
			"c4,spring,bob,2017-03-04T00:00:00Z,2017-03-09T10:00:00Z",
		"orders.csv": "o1,ann,STOREFRONT,2017-03-05T09:00:00Z,c1 c2 c3\n" +
			"o2,ann,LIVE,2017-03-04T09:00:00Z,\n" +
			"o3,eve,CHAT,2017-03-06T09:00:00Z,",
		"order_lines.csv": "o1,1,tea,3,13.50,1.00,2.25,0.75\no1,2,mug,0,0,0,0,0.30\no3,7,mug,1,9.00,0.00,0.00,0.00",
	})
}

func TestImportFillsTheLedger(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, rejected := b.imported(history())
	wantLines(t, "rejected", reasons(rejected))
	wantLines(t, "summary", counts(s),
		"shop.csv 1 1 0 0", "products.csv 2 2 0 0", "vouchers.csv 2 2 0 0", "voucher_products.csv 1 1 0 0",
		"claims.csv 4 4 0 0", "orders.csv 3 3 0 0", "order_lines.csv 3 3 0 0")

	wantLines(t, "shops", b.rows(`select concat_ws(' ', external_id, name, currency, time_zone, created_at) from shops`),
		"corner Corner Shop USD America/New_York 2018-02-01 00:00:00+00")
	wantLines(t, "products", b.rows(`select concat_ws(' ', sku, title, category, price_minor) from products order by id`),
		"tea Green tea Drinks 450", "mug Mug Kitchen 900")
	wantLines(t, "promotions", b.rows(`
select concat_ws(' ', external_id, tool, name, starts_at::date, ends_at::date, created_at::date, created_by, version) from promotions order by id`),
		"spring REGULAR_VOUCHER Spring 2017-03-01 2017-04-01 2017-03-01 IMPORT 1",
		"chat CHAT_COUPON For you 2017-03-01 2017-06-01 2017-03-01 IMPORT 1")
	wantLines(t, "vouchers", b.rows(`
select format('%s %s..%s %s, %s or %s up to %s over %s, %s: %s of %s, %s each; policy %s', display_channel, valid_from::date, valid_to::date,
    days_after_claim, amount_off_minor, percent_off, maximum_discount_minor, minimum_spend_minor, scope, claimed, total_quantity,
    claims_per_customer, percent_policy_id) from vouchers order by id`),
		"SHOP_PAGE 2017-03-01..2017-04-01 , 150 or  up to  over 1000, SPECIFIC_PRODUCTS: 3 of 5, 2 each; policy ",
		"INBOX .. 7,  or 1250 up to 300 over , ENTIRE_SHOP: 1 of 2, 1 each; policy ")
	wantLines(t, "voucher products", b.rows(`
select p.external_id || ' ' || g.sku from voucher_products v join promotions p on p.id = v.voucher_id join products g on g.id = v.product_id`),
		"spring tea")
	wantLines(t, "buyers", b.rows(`select external_id || ' ' || name from buyers order by 1`), "ann ann", "bob bob", "eve eve")
	wantLines(t, "claims", b.rows(`
select concat_ws(' ', c.external_id, p.external_id, b.external_id, c.source, to_char(c.claimed_at, 'MM-DD"T"HH24:MI'),
    to_char(c.valid_from, 'MM-DD"T"HH24:MI'), to_char(c.valid_to, 'MM-DD"T"HH24:MI'))
from claims c join promotions p on p.id = c.voucher_id join buyers b on b.id = c.buyer_id order by c.id`),
		"c1 spring ann STOREFRONT 03-02T12:00 03-01T00:00 04-01T00:00",
		"c2 spring ann STOREFRONT 03-02T17:00 03-01T00:00 04-01T00:00",
		"c3 chat ann CHAT 03-03T00:00 03-03T00:00 03-10T00:00",
		"c4 spring bob STOREFRONT 03-04T00:00 03-01T00:00 04-01T00:00")
	wantLines(t, "orders", b.rows(`
select concat_ws(' ', order_number, b.external_id, status, channel, imported, placed_at = paid_at, to_char(paid_at, 'MM-DD"T"HH24:MI'))
from orders o join buyers b on b.id = o.buyer_id order by o.id`),
		"o1 ann PAID STOREFRONT t t 03-05T09:00", "o2 ann PAID LIVE t t 03-04T09:00", "o3 eve PAID CHAT t t 03-06T09:00")
	wantLines(t, "redemptions", b.rows(`
select concat_ws(' ', c.external_id, p.external_id, coalesce(o.order_number, '-'), to_char(r.redeemed_at, 'MM-DD"T"HH24:MI'))
from redemptions r join claims c on c.id = r.claim_id join promotions p on p.id = r.voucher_id left join orders o on o.id = r.order_id
order by r.id`),
		"c4 spring - 03-09T10:00", "c1 spring o1 03-05T09:00", "c2 spring o1 03-05T09:00", "c3 chat o1 03-05T09:00")
	wantLines(t, "lines", b.rows(`
select concat_ws(' ', o.order_number, line, sku, quantity, list_minor, item_discount_minor, voucher_share_minor, subsidy_minor)
from order_lines l join orders o on o.id = l.order_id join products p on p.id = l.product_id order by 1`),
		"o1 1 tea 3 1350 100 225 75", "o1 2 mug 0 0 0 0 30", "o3 7 mug 1 900 0 0 0")
	wantLines(t, "customers", b.rows(`
select concat_ws(' ', b.external_id, o.order_number, to_char(first_paid_at, 'MM-DD"T"HH24:MI'))
from customers c join buyers b on b.id = c.buyer_id join orders o on o.id = c.first_order_id order by 1`),
		"ann o2 03-04T09:00", "eve o3 03-06T09:00")
}

func TestImportTellsTheWarehouse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.imported(history())
	wantLines(t, "facts", b.facts(0),
		"promotion 03-01T00:00 vouchers=spring tools=REGULAR_VOUCHER name=Spring version=1 actor=IMPORT",
		"promotion 03-01T00:00 vouchers=chat tools=CHAT_COUPON name=For you version=1 actor=IMPORT",
		"quantity 03-01T00:00 vouchers=spring tools=REGULAR_VOUCHER quantity=5 actor=IMPORT",
		"quantity 03-01T00:00 vouchers=chat tools=CHAT_COUPON quantity=2 actor=IMPORT",
		"claim 03-02T12:00 vouchers=spring tools=REGULAR_VOUCHER buyer=ann channel=STOREFRONT quantity=1 until=04-01T00:00",
		"claim 03-02T17:00 vouchers=spring tools=REGULAR_VOUCHER buyer=ann channel=STOREFRONT quantity=1 until=04-01T00:00",
		"claim 03-03T00:00 vouchers=chat tools=CHAT_COUPON buyer=ann channel=CHAT quantity=1 until=03-10T00:00",
		"claim 03-04T00:00 vouchers=spring tools=REGULAR_VOUCHER buyer=bob channel=STOREFRONT quantity=1 until=04-01T00:00",
		"redemption 03-09T10:00 vouchers=spring tools=REGULAR_VOUCHER buyer=bob quantity=1",
		"cohort 03-04T00:00 vouchers=spring tools=REGULAR_VOUCHER buyer=bob channel=STOREFRONT quantity=1",
		"redemption 03-05T09:00 vouchers=spring tools=REGULAR_VOUCHER buyer=ann order=o1 channel=STOREFRONT quantity=1",
		"cohort 03-02T12:00 vouchers=spring tools=REGULAR_VOUCHER buyer=ann order=o1 channel=STOREFRONT quantity=1",
		"redemption 03-05T09:00 vouchers=spring tools=REGULAR_VOUCHER buyer=ann order=o1 channel=STOREFRONT quantity=1",
		"cohort 03-02T17:00 vouchers=spring tools=REGULAR_VOUCHER buyer=ann order=o1 channel=STOREFRONT quantity=1",
		"redemption 03-05T09:00 vouchers=chat tools=CHAT_COUPON buyer=ann order=o1 channel=STOREFRONT quantity=1",
		"cohort 03-03T00:00 vouchers=chat tools=CHAT_COUPON buyer=ann order=o1 channel=CHAT quantity=1",
		"order 03-05T09:00 vouchers=spring+chat tools=REGULAR_VOUCHER+CHAT_COUPON buyer=ann order=o1 channel=STOREFRONT quantity=1",
		"order 03-04T09:00 buyer=ann order=o2 channel=LIVE quantity=1",
		"order 03-06T09:00 buyer=eve order=o3 channel=CHAT quantity=1",
		"first_order 03-04T09:00 buyer=ann order=o2 channel=LIVE quantity=1",
		"first_order 03-06T09:00 buyer=eve order=o3 channel=CHAT quantity=1",
		"line 03-05T09:00 vouchers=spring+chat tools=REGULAR_VOUCHER+CHAT_COUPON buyer=ann order=o1 channel=STOREFRONT product=tea category=Drinks quantity=3 revenue=1025 item=100 voucher=225 subsidy=75",
		"line 03-05T09:00 vouchers=spring+chat tools=REGULAR_VOUCHER+CHAT_COUPON buyer=ann order=o1 channel=STOREFRONT product=mug category=Kitchen subsidy=30",
		"line 03-06T09:00 buyer=eve order=o3 channel=CHAT product=mug category=Kitchen quantity=1 revenue=900")
}

func TestImportAgainChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.imported(history())
	before := b.facts(0)
	again := history()
	again["products.csv"] = "tea,Another title,Another category,99\nmug,Mug,Kitchen,9"
	s, rejected := b.imported(again)
	wantLines(t, "rejected", reasons(rejected))
	wantLines(t, "summary", counts(s),
		"shop.csv 1 0 1 0", "products.csv 2 0 2 0", "vouchers.csv 2 0 2 0", "voucher_products.csv 1 0 1 0",
		"claims.csv 4 0 4 0", "orders.csv 3 0 3 0", "order_lines.csv 3 0 3 0")
	wantLines(t, "facts", b.facts(0), before...)
	wantLines(t, "products", b.rows(`select title from products order by id`), "Green tea", "Mug")
	wantLines(t, "claims counted", b.rows(`select claimed from vouchers order by id`), "3", "1")
}

func TestRowsThatAreTwiceInAFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s, rejected := b.imported(base(files{
		"products.csv": "tea,Green tea,Drinks,4.50\ntea,Black tea,Drinks,4.50\ntea,White tea,Drinks,4.50",
		"claims.csv":   "c1,none,ann,2017-03-02T12:00:00Z,\nc1,spring,ann,2017-03-02T12:00:00Z,\nc1,spring,ann,2017-03-02T12:00:00Z,",
	}))
	wantLines(t, "rejected", reasons(rejected), `claims.csv:2 There is no voucher "none" in the shop.`)
	wantLines(t, "summary", counts(s),
		"shop.csv 1 1 0 0", "products.csv 3 1 2 0", "vouchers.csv 2 2 0 0", "claims.csv 3 1 1 1")
	wantLines(t, "the first is kept", b.rows(`select title from products`), "Green tea")
}

func TestK8AnImportedOrderWithoutLinesHasNoQuote(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.imported(history())
	var shop, id int64
	if err := b.db.QueryRow(`select shop_id, id from orders where order_number = 'o2'`).Scan(&shop, &id); err != nil {
		t.Fatal(err)
	}
	of := promo.OrderID{Shop: promo.ShopID(shop), Serial: id}
	seller := promo.Actor{Role: promo.Seller, Client: promo.SellerCenter, Shops: []promo.ShopID{of.Shop}, Subject: "sam"}
	if orders, err := b.ledger.OrdersByID(t.Context(), seller, []promo.OrderID{of}); err != nil || orders[of] == nil {
		t.Fatalf("the order is %v, %v", orders[of], err)
	}
	if quotes, err := b.ledger.OrderQuotes(t.Context(), seller, []promo.OrderID{of}); err != nil || quotes[of] != nil {
		t.Errorf("its quote is %v, %v", quotes[of], err)
	}
}

func TestLinesThatArriveLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.imported(history())
	before := len(b.facts(0))
	b.imported(files{
		"shop.csv":        history()["shop.csv"],
		"order_lines.csv": "o1,2,mug,0,0,0,0,0.30\no1,3,mug,2,18,8.00,0,0",
	})
	wantLines(t, "facts", b.facts(before),
		"line 03-05T09:00 vouchers=spring+chat tools=REGULAR_VOUCHER+CHAT_COUPON buyer=ann order=o1 channel=STOREFRONT product=mug category=Kitchen quantity=2 revenue=1000 item=800")
	wantLines(t, "lines of the order", b.rows(`
select line from order_lines l join orders o on o.id = l.order_id where order_number = 'o1' order by 1`), "1", "2", "3")
}

func TestAnEarlierOrderThatArrivesLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.imported(base(files{
		"claims.csv": "c1,spring,ann,2017-03-02T12:00:00Z,",
		"orders.csv": "b,ann,STOREFRONT,2017-03-05T09:00:00Z,c1",
	}))
	before := len(b.facts(0))
	orders := func(rows string) files { return files{"shop.csv": base(nil)["shop.csv"], "orders.csv": rows} }
	b.imported(orders("z,ann,LIVE,2017-03-05T09:00:00Z,\nc,ann,LIVE,2017-03-06T09:00:00Z,"))
	wantLines(t, "facts of later orders", b.facts(before),
		"order 03-05T09:00 buyer=ann order=z channel=LIVE quantity=1",
		"order 03-06T09:00 buyer=ann order=c channel=LIVE quantity=1")
	b.imported(orders("e,ann,CHAT,2017-03-03T09:00:00Z,\nd,ann,CHAT,2017-03-03T09:00:00Z,"))
	wantLines(t, "facts of earlier orders", b.facts(before+2),
		"order 03-03T09:00 buyer=ann order=e channel=CHAT quantity=1",
		"order 03-03T09:00 buyer=ann order=d channel=CHAT quantity=1",
		"first_order 03-05T09:00 vouchers=spring tools=REGULAR_VOUCHER buyer=ann order=b channel=STOREFRONT quantity=-1",
		"first_order 03-03T09:00 buyer=ann order=d channel=CHAT quantity=1")
	wantLines(t, "first order", b.rows(`select order_number from customers c join orders o on o.id = c.first_order_id`), "d")
}

func TestShopsStayApart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.imported(base(files{"claims.csv": "c1,spring,ann,2017-03-02T12:00:00Z,", "orders.csv": "o1,ann,LIVE,2017-03-04T09:00:00Z,"}))
	_, rejected := b.imported(files{
		"shop.csv":             "other,Other Shop,JPY,Asia/Tokyo",
		"products.csv":         "tea,Tea,Drinks,450",
		"voucher_products.csv": "spring,tea",
		"orders.csv":           "o9,ann,LIVE,2017-03-04T09:00:00Z,c1",
		"order_lines.csv":      "o1,1,tea,1,450,0,0,0",
	})
	wantLines(t, "rejected", reasons(rejected),
		`voucher_products.csv:2 There is no voucher "spring" in the shop.`,
		`orders.csv:2 There is no claim "c1" in the shop.`,
		`order_lines.csv:2 There is no order "o1" in the shop.`)
	wantLines(t, "products", b.rows(`select s.external_id || ' ' || sku || ' ' || price_minor from products p join shops s on s.id = p.shop_id order by 1`),
		"corner mug 900", "corner tea 450", "other tea 450")
}
