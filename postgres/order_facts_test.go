package postgres

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"voucherhouse/promo"
)

// told are the facts of orders that were written since the n-th of the shop, each as a line.
func (s *till) told(since int) []string {
	s.t.Helper()
	var lines []string
	for _, f := range s.facts(s.shop)[since:] {
		b := f.body
		line := fmt.Sprintf("%s %s %v %s %d/%d %s %d", f.kind, f.at.Format("15:04"), b.Promotions, b.Channel, b.Livestream, b.Account, b.Category, b.Quantity)
		if b.OrderedAt != 0 {
			line += " of " + time.UnixMicro(b.OrderedAt).UTC().Format("15:04")
		}
		if f.kind == promo.FactLine || f.kind == promo.FactReversal {
			line += fmt.Sprintf(": revenue %d item %d voucher %d subsidy %d", b.Revenue, b.ItemDiscount, b.VoucherDiscount, b.Subsidy)
		}
		lines = append(lines, line)
	}
	return lines
}

func wantLines(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("the facts are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// An order tells where it came from with everything that becomes of it. Its lines count under the category that they were
// sold in, and the cohort where the claim came from.
func TestK6TheFactsOfAnOrderAgree(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	deal := s.flash(5)
	account := get[int64](s.testBundle, `
insert into accounts (shop_id, handle, kind, place, linked_at) values ($1, 'shop', 'OFFICIAL', 0, $2) returning id`, s.shop, noon)
	live := promo.LivestreamID{Shop: s.shop, Serial: get[int64](s.testBundle, `
insert into livestreams (shop_id, account_id, title, started_at) values ($1, $2, 'Live', $3) returning id`, s.shop, account, noon)}
	before := len(s.facts(s.shop))
	r := s.order("1", "8.50", s.mugs(2))
	r.Channel, r.Livestream, r.Cart.Subsidy = promo.OrderLive, &live, dollars("0.50")
	s.place(r)
	if again := s.place(r); again.Livestream == nil || *again.Livestream != live {
		t.Errorf("the repeat came from %v", again.Livestream)
	}
	s.clock.set(noon.Add(5 * time.Minute))
	s.pay("1")
	s.exec(`update products set category = 'Renamed'`)
	s.clock.set(noon.Add(time.Hour))
	if _, err := s.RefundOrder(t.Context(), s.platform, promo.RefundRequest{Shop: s.shop, Order: "1", Number: "r", Lines: []promo.RefundLine{{Line: 1, Quantity: 1}}}); err != nil {
		t.Fatal(err)
	}
	v := s.bo.Voucher.Serial
	from := fmt.Sprintf("LIVE %d/%d", live.Serial, account)
	wantLines(t, s.told(before),
		fmt.Sprintf("order 12:05 [%d %d] %s  1", v, deal, from),
		fmt.Sprintf("first_order 12:05 [%d %d] %s  1", v, deal, from),
		fmt.Sprintf("line 12:05 [%d %d] %s Things 2: revenue 900 item 600 voucher 500 subsidy 50", v, deal, from),
		fmt.Sprintf("redemption 12:05 [%d] %s  1", v, from),
		fmt.Sprintf("cohort 12:00 [%d] STOREFRONT 0/0  1 of 12:05", v),
		fmt.Sprintf("reversal 13:00 [%d %d] %s Things -1 of 12:05: revenue -450 item -300 voucher -250 subsidy -25", v, deal, from),
		fmt.Sprintf("refunded 12:00 [%d] STOREFRONT 0/0  1 of 12:05", v),
	)
}

// A cancellation takes back what the order brought and the use of its claim. The order stays one that was paid, and the
// buyer's first.
func TestK4ACancelledOrderStaysThePaidAndTheFirstOneThatItWas(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.place(s.order("1", "15.00", s.mugs(2)))
	s.pay("1")
	before, v := len(s.facts(s.shop)), s.bo.Voucher.Serial
	s.clock.set(noon.Add(time.Hour))
	if _, err := s.CancelOrder(t.Context(), s.platform, s.shop, "1"); err != nil {
		t.Fatal(err)
	}
	s.place(s.order("2", "15.00", s.mugs(2)))
	s.pay("2")
	wantLines(t, s.told(before),
		fmt.Sprintf("reversal 13:00 [%d] STOREFRONT 0/0 Things -2 of 12:00: revenue -1500 item 0 voucher -500 subsidy 0", v),
		fmt.Sprintf("cohort 12:00 [%d] STOREFRONT 0/0  -1 of 12:00", v),
		fmt.Sprintf("order 13:00 [%d] STOREFRONT 0/0  1", v), // and no first_order
		fmt.Sprintf("line 13:00 [%d] STOREFRONT 0/0 Things 2: revenue 1500 item 0 voucher 500 subsidy 0", v),
		fmt.Sprintf("redemption 13:00 [%d] STOREFRONT 0/0  1", v),
		fmt.Sprintf("cohort 12:00 [%d] STOREFRONT 0/0  1 of 13:00", v),
	)
}

// imported wants rows to come in whole.
func imported(t testing.TB, outcome ImportOutcome, err error) {
	t.Helper()
	if err != nil || len(outcome.Rejected) > 0 {
		t.Fatalf("%+v, %v", outcome, err)
	}
}

// history brings in an order of ann's with a claim of each of two vouchers: that of the first is over by tomorrow.
func (s *till) history(number string, paidAt time.Time) (short, long int64) {
	s.t.Helper()
	voucher := func(name string, until time.Time) int64 {
		v := s.testBundle.voucher(s.shop, called(name), claimableIn(promo.Period{From: noon, To: until}))
		s.exec(`update promotions set external_id = name, version = version + 1 where id = $1`, v.ID.Serial)
		out, err := s.ImportClaims(s.t.Context(), s.shop, []ImportedClaim{{ExternalID: name, Voucher: name, Buyer: "ann", ClaimedAt: noon}})
		imported(s.t, out, err)
		return v.ID.Serial
	}
	short, long = voucher("short", noon.AddDate(0, 0, 1)), voucher("long", noon.AddDate(0, 1, 0))
	out, err := s.ImportOrders(s.t.Context(), s.shop, []ImportedOrder{{Number: number, Buyer: "ann", Channel: "CHAT", PaidAt: paidAt, Claims: []string{"short", "long"}}})
	imported(s.t, out, err)
	out, err = s.ImportLines(s.t.Context(), s.shop, []ImportedLine{{Order: number, Line: 1, SKU: "mug", Quantity: 2, ListMinor: 20_00, VoucherDiscountMinor: 6_00}})
	imported(s.t, out, err)
	return short, long
}

// An imported order that is cancelled gives back the claims that are still valid, and tells of all its vouchers.
func TestK4CancellingAnImportedOrderReversesItsRedemptions(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	short, long := s.history("old", noon.Add(time.Hour))
	before := len(s.facts(s.shop))
	s.clock.set(noon.AddDate(0, 0, 2))
	if _, err := s.CancelOrder(t.Context(), s.platform, s.shop, "old"); err != nil {
		t.Fatal(err)
	}
	wantLines(t, s.told(before),
		fmt.Sprintf("reversal 12:00 [%d %d] CHAT 0/0 Things -2 of 13:00: revenue -1400 item 0 voucher -600 subsidy 0", short, long),
		fmt.Sprintf("cohort 12:00 [%d] STOREFRONT 0/0  -1 of 13:00", long),
		fmt.Sprintf("refunded 12:00 [%d] STOREFRONT 0/0  1 of 13:00", short),
	)
	if got := get[string](s.testBundle, `select string_agg(voucher_id::text, ' ') from redemptions where reversed_at is not null`); got != fmt.Sprint(long) {
		t.Errorf("given back are claims of %s, want %d", got, long)
	}
}

func TestK6RefundsOfAnImportedOrderCountForItsVouchers(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.history("old", noon.Add(time.Hour))
	before := len(s.facts(s.shop))
	if _, err := s.RefundOrder(t.Context(), s.platform, promo.RefundRequest{Shop: s.shop, Order: "old", Number: "r"}); err != nil {
		t.Fatal(err)
	}
	facts := s.facts(s.shop)[before:]
	if len(facts) != 3 || facts[1].kind != promo.FactRefunded || len(facts[0].body.Promotions) != 2 || facts[0].body.Revenue != -14_00 {
		t.Errorf("the facts are %v", s.told(before))
	}
}

// An order of history that turns out to be the buyer's first takes that back from the one placed here, under everything that
// it counted for.
func TestTheFirstOrderIsTakenBackAsItWasTold(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	s.flash(5)
	s.place(s.order("1", "9.00", s.mugs(2)))
	s.clock.set(noon.Add(time.Minute))
	s.pay("1")
	out, err := s.ImportOrders(t.Context(), s.shop, []ImportedOrder{{Number: "old", Buyer: "bo", Channel: "CHAT", PaidAt: noon.AddDate(0, 0, -1)}})
	imported(t, out, err)
	counted := map[string]int64{}
	for _, f := range s.facts(s.shop) {
		if f.kind == promo.FactFirstOrder {
			slices.Sort(f.body.Promotions)
			counted[fmt.Sprint(f.at, f.body.Order, f.body.Promotions, f.body.Channel)] += f.body.Quantity
		}
	}
	if len(counted) != 2 {
		t.Fatalf("first orders are told as %v", counted)
	}
	for what, n := range counted {
		if want := strings.Contains(what, "[]"); (n == 1) != want || n != 0 && n != 1 {
			t.Errorf("%s counts %d", what, n)
		}
	}
}
