package postgres

import (
	"context"
	"fmt"
	"math/rand"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

func (b *testBundle) backtest(d promo.Draft, days int) *promo.Backtest {
	b.t.Helper()
	return must[*promo.Backtest](b)(b.BacktestVoucher(b.t.Context(), seller(d.Shop), d, days))
}

// takingOff sets what a draft takes off, from which minimum spend on, and of which products.
func takingOff(off promo.DiscountInput, minimum *promo.MoneyInput, products ...promo.ProductID) func(*promo.Draft) {
	return func(d *promo.Draft) {
		d.Settings.Discount, d.Settings.MinimumSpend, d.Settings.Products = off, minimum, products
	}
}

func amountOff(amount string) promo.DiscountInput {
	return promo.DiscountInput{AmountOff: dollars(amount)}
}

// inNumbers lays a backtest out: amounts are cents, and the share has four digits.
func inNumbers(t *promo.Backtest) string {
	share := "-"
	if s := t.ShareOfRevenue(); s != nil {
		share = fmt.Sprintf("%.4f", *s)
	}
	return fmt.Sprintf("%d of %d, %d, %s, %d near", t.DiscountedOrders, t.Orders, t.DiscountCost.Minor, share, t.NearMisses)
}

// Every order has used a voucher of 2.00; before it their items came to 60.00, 40.00, 36.00 and 35.98.
func TestBacktest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	day := 24 * time.Hour
	for _, value := range []int64{58_00, 38_00, 34_00, 33_98} {
		b.paidOrders(shop, value, 7*day)
	}
	b.paidOrders(shop, 500_00, 7*day+time.Microsecond, 0, -day) // too early, and not before now
	b.paidOrders(other, 500_00, day)
	b.exec(`
insert into orders (shop_id, order_number, buyer_id, status, channel, placed_at, paid_at)
select $1, 'no lines yet', id, 'PAID', 'STOREFRONT', $2, $2 from buyers`, shop, noon.Add(-day))
	first := promo.ProductID{Shop: shop, Serial: get[int64](b, `select min(id) from products where shop_id = $1`, shop)}
	for name, c := range map[string]struct {
		change func(*promo.Draft)
		want   string
	}{
		// 10.00 ÷ (60 + 40 − 10)
		"5.00 off from 40.00 on; 36.00 is nine tenths of it": {takingOff(amountOff("5"), dollars("40")), "2 of 4, 1000, 0.1111, 1 near"},
		"a cent more to spend":                               {takingOff(amountOff("5"), dollars("40.01")), "1 of 4, 500, 0.0909, 1 near"},
		"as much off as they had":                            {takingOff(amountOff("2"), nil), "0 of 4, 0, -, 0 near"},
		"a cent more off":                                    {takingOff(amountOff("2.01"), nil), "4 of 4, 804, 0.0490, 0 near"},
		// 6.00, 4.00, 3.60, 3.59 (3.598): 17.19 ÷ (171.98 − 17.19)
		"a tenth off, floored":               {takingOff(percentOff(10, nil), nil), "4 of 4, 1719, 0.1111, 0 near"},
		"a tenth off, 3.60 at the most":      {takingOff(percentOff(10, dollars("3.60")), nil), "4 of 4, 1439, 0.0913, 0 near"},
		"only what the first order bought":   {takingOff(amountOff("5"), nil, first), "1 of 4, 500, 0.0909, 0 near"},
		"of that, from more on than it cost": {takingOff(amountOff("5"), dollars("66.66"), first), "0 of 4, 0, -, 1 near"},
		"more off than anything costs":       {takingOff(amountOff("100"), nil), "4 of 4, 17198, -, 0 near"},
	} {
		if got := inNumbers(b.backtest(b.draft(shop, c.change), 7)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got, want := b.backtest(b.draft(shop), 7).Period, (promo.Period{From: noon.Add(-7 * day), To: noon}); got != want {
		t.Errorf("the period is %v", got)
	}
	if got := b.backtest(b.draft(b.shop("C")), 3_650); inNumbers(got) != "0 of 0, 0, -, 0 near" {
		t.Errorf("a shop without orders: %s", inNumbers(got))
	}
}

// Of orders that were imported the amounts are those of their source, whatever rules these break.
func TestBacktestOfImportedOrders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	b.paidOrders(shop, 40_00, time.Hour, time.Hour, time.Hour)
	b.exec(`update orders set imported = true`)
	b.exec(`update order_lines set list_minor = -100, quantity = 0 where order_id = (select min(id) from orders)`)            // it cost less than nothing
	b.exec(`update order_lines set voucher_share_minor = 3000 where order_id = (select max(id) from orders)`)                 // more than it cost
	if got := inNumbers(b.backtest(b.draft(shop, takingOff(amountOff("5"), nil)), 1)); got != "1 of 3, 500, 0.1351, 0 near" { // 5 ÷ (42 − 5)
		t.Errorf("got %s", got)
	}
}

func TestBacktestsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	theirs := b.product(other, "mug", 10_00)
	for _, days := range []int{-1, 0, 3_651, 1_000_000_000} {
		_, err := b.BacktestVoucher(t.Context(), seller(shop), b.draft(shop), days)
		wantCode(t, err, promo.InvalidInput)
	}
	_, err := b.BacktestVoucher(t.Context(), seller(other), b.draft(shop), 90)
	wantCode(t, err, promo.NotFound)
	for name, change := range map[string]func(*promo.Draft){
		"broken": func(d *promo.Draft) {
			d.Settings.Name, d.Settings.TotalQuantity, d.Settings.ClaimsPerCustomer = "", 0, 0
		},
		"theirs":    takingOff(amountOff("5"), nil, theirs),
		"warned of": takingOff(percentOff(20, dollars("0.01")), dollars("100")),
	} {
		d := b.draft(shop, change)
		_, err := b.BacktestVoucher(t.Context(), seller(shop), d, 90)
		_, asPreviewed := b.PreviewVoucher(t.Context(), seller(shop), d)
		if !slices.Equal(codes(t, err), codes(t, asPreviewed)) || (err == nil) != (name == "warned of") {
			t.Errorf("%s: refused by %v, in the preview by %v", name, err, asPreviewed)
		}
	}
}

// Looked at are the latest orders, and the period says from when on.
func TestBacktestLooksAtTheLatestOrders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	b.paidOrders(shop, 40_00, time.Hour, 2*time.Hour, 3*time.Hour)
	d, period := b.draft(shop), promo.Period{From: noon.Add(-24 * time.Hour), To: noon}
	got := must[*promo.Backtest](b)(view(t.Context(), b.Ledger, seller(shop), func(tx *sqlx.Tx) (*promo.Backtest, error) {
		known := must[promo.Context](b)(draftContext(t.Context(), tx, d, noon, noon))
		test := must[*promo.Backtester](b)(promo.NewBacktest(d, known, period))
		return &test.Backtest, backtest(t.Context(), tx, test, known.Shop, 2)
	}))
	if !got.Period.From.Equal(noon.Add(-2*time.Hour)) || got.Orders != 2 {
		t.Errorf("it looked at %d orders of %v", got.Orders, got.Period)
	}
}

// Buyers with claims of their own buy while product discounts and flash deals run. Beside each order the whole cart is priced
// once more with each draft among the claims: what that says of all orders is what the backtests say later.
func TestBacktestIsWhatCheckoutWouldHaveDone(t *testing.T) {
	t.Parallel()
	s, draw := openTill(t), rand.New(rand.NewSource(1))
	spoon := s.product(s.shop, "spoon", 3_33)
	days := promo.Period{From: noon, To: noon.AddDate(0, 0, 7)}
	s.discount(s.shop, promo.ToolProductDiscount, days, off(s.plate, "12.5"))
	s.flash(5)
	claimable := func(d *promo.Draft) { d.Settings.Period, d.Settings.ClaimsPerCustomer = days, 50 }
	var vouchers []*promo.Voucher
	for _, change := range []func(*promo.Draft){
		takingOff(amountOff("1"), nil), takingOff(amountOff("6"), dollars("20")), takingOff(percentOff(15, dollars("4")), nil), takingOff(percentOff(30, nil), dollars("8"), s.plate, spoon),
	} {
		vouchers = append(vouchers, s.voucher(s.shop, claimable, change))
	}
	drafts, wants := []promo.Draft{
		s.draft(s.shop, takingOff(amountOff("1"), nil)), s.draft(s.shop, takingOff(amountOff("6"), dollars("20"))), s.draft(s.shop, takingOff(percentOff(20, nil), dollars("15"))),
		s.draft(s.shop, takingOff(percentOff(40, dollars("5")), dollars("12"), s.mug)), s.draft(s.shop, takingOff(amountOff("3"), dollars("9"), spoon, s.plate)),
	}, make([]pastQuotes, 5)
	for i := range 40 {
		if draw.Intn(2) == 0 {
			s.claim(vouchers[draw.Intn(len(vouchers))].ID, "bo")
		}
		s.clock.set(s.clock.now().Add(time.Minute))
		var lines []promo.CartLineRequest
		for _, p := range []promo.ProductID{s.mug, s.plate, spoon}[:1+draw.Intn(3)] {
			lines = append(lines, promo.CartLineRequest{Product: p, Quantity: 1 + draw.Intn(3)})
		}
		r := s.order(fmt.Sprint(i), "0", lines...)
		q := must[*promo.Quote](s.testBundle)(s.Quote(t.Context(), s.platform, r.Cart))
		for j, d := range drafts {
			wants[j].look(s, d, r.Cart)
		}
		r.ExpectedPayable = promo.MoneyInput{Amount: q.Payable.Amount(), Currency: "USD"}
		s.place(r)
		s.pay(r.Number)
	}
	s.clock.set(s.clock.now().Add(time.Minute))
	if _, err := s.CancelOrder(t.Context(), s.platform, s.shop, "7"); err != nil { // it stays one that was paid
		t.Fatal(err)
	}
	for j, d := range drafts {
		if got := inNumbers(s.backtest(d, 1)); got != wants[j].String() || wants[j].discounted == 0 {
			t.Errorf("draft %d: %s, want %s", j, got, &wants[j])
		}
	}
}

// pastQuotes counts what quotes say.
type pastQuotes struct{ orders, discounted, cost, revenue, near int64 }

// look prices a cart as it is now with a claim of the draft beside the others.
func (o *pastQuotes) look(s *till, d promo.Draft, r promo.CartRequest) {
	s.t.Helper()
	now := s.now()
	quote := must[*promo.Quote](s.testBundle)(view(s.t.Context(), s.Ledger, seller(s.shop), func(tx *sqlx.Tx) (*promo.Quote, error) {
		known := must[promo.Context](s.testBundle)(draftContext(s.t.Context(), tx, d, noon, now))
		v, _, err := promo.NewVoucher(d, known)
		if err != nil {
			return nil, err
		}
		cart, err := readCart(s.t.Context(), tx, r, holdings{}, now)
		held := promo.HeldClaim{Claim: &promo.Claim{Validity: promo.Period{From: now, To: now.AddDate(9, 0, 0)}}, Voucher: v, Products: map[promo.ProductID]bool{}}
		for _, p := range d.Settings.Products {
			held.Products[p] = true
		}
		cart.Claims = append(cart.Claims, held)
		return cart.Price(now), err
	}))
	o.orders++
	if quote.Voucher != nil && quote.Voucher.ID == (promo.ClaimID{}) {
		o.discounted++
		o.cost += quote.VoucherDiscount.Minor
		o.revenue += quote.Payable.Minor
	}
	for _, c := range quote.Candidates {
		if c.Claim.ID != (promo.ClaimID{}) || c.Reason != promo.BelowMinimumSpend {
			continue
		}
		var inScope int64
		for _, l := range quote.Lines {
			if d.Settings.Products == nil || slices.Contains(d.Settings.Products, l.Product.ID) {
				inScope += l.ListPrice.Minor - l.ItemDiscount.Minor
			}
		}
		if decimal.New(inScope, -2).GreaterThanOrEqual(d.Settings.MinimumSpend.Amount.Mul(decimal.RequireFromString("0.9"))) {
			o.near++
		}
	}
}

func (o *pastQuotes) String() string {
	share := "-"
	if o.revenue > 0 {
		share = fmt.Sprintf("%.4f", float64(o.cost)/float64(o.revenue))
	}
	return fmt.Sprintf("%d of %d, %d, %s, %d near", o.discounted, o.orders, o.cost, share, o.near)
}

// So many backtests go on at once, and who waits for one of them to end holds no connection, and waits no longer than it wants.
func TestBacktestsLeaveConnectionsToOthers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	elsewhere := &testBundle{t: t, Ledger: b.another()}
	busy := elsewhere.begin()
	busy.MustExec(`lock table orders in access exclusive mode`)
	b.db.SetMaxOpenConns(mostBacktests) // another one that wanted a connection would be counted as waiting for it
	var calls sync.WaitGroup
	for range mostBacktests {
		calls.Go(func() {
			if _, err := b.BacktestVoucher(t.Context(), seller(shop), b.draft(shop), 30); err != nil {
				t.Error(err)
			}
		})
	}
	elsewhere.waiting(mostBacktests)
	before := b.db.Stats().WaitCount
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err := b.BacktestVoucher(ctx, seller(shop), b.draft(shop), 30)
		wantCode(t, err, promo.Timeout)
	}
	if n := b.db.Stats().WaitCount - before; n != 0 {
		t.Errorf("%d backtests too many wanted a connection", n)
	}
	if err := busy.Commit(); err != nil {
		t.Fatal(err)
	}
	calls.Wait()
	if _, err := b.BacktestVoucher(t.Context(), seller(shop), b.draft(shop), 30); err != nil {
		t.Errorf("when the others have ended: %v", err)
	}
}
