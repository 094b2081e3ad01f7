package postgres

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"voucherhouse/promo"
)

// basket is a pending order of two mugs at a deal and with a voucher of its own.
type basket struct {
	*till
	number  string
	request promo.OrderRequest
	voucher *promo.Voucher
	deal    promo.Key
	// ledgers are two servers: each act of a pair takes another.
	ledgers []*Ledger
}

// basket makes the n-th.
func (s *till) basket(n int, ledgers []*Ledger) *basket {
	s.t.Helper()
	week := promo.Period{From: s.clock.now(), To: s.clock.now().AddDate(0, 0, 7)}
	subject, mug := fmt.Sprint("pair ", n), s.product(s.shop, fmt.Sprint("mug ", n), 10_00)
	b := &basket{
		till: s, number: fmt.Sprint("pair ", n), ledgers: ledgers,
		voucher: s.testBundle.voucher(s.shop, copies(10, 2), claimableIn(week)),
		deal:    s.discount(s.shop, promo.ToolFlashDeal, week, promo.DiscountedItemDraft{Product: mug, Price: dollars("7"), QuantityLimit: new(3)}),
	}
	b.request = by(s.claim(b.voucher.ID, subject).Buyer, s.order(b.number, "9.00", promo.CartLineRequest{Product: mug, Quantity: 2}))
	s.place(b.request)
	return b
}

// acts are what may meet. Each gives the error that its caller is told.
var acts = map[string]func(*basket, *Ledger) error{
	"place again": func(b *basket, l *Ledger) error {
		_, _, err := l.PlaceOrder(b.t.Context(), b.platform, b.request)
		if err != nil {
			b.t.Errorf("the repeat of an order was refused: %v", err)
		}
		return err
	},
	"place another": func(b *basket, l *Ledger) error {
		r := b.request
		r.Number += " again"
		q, err := l.Quote(b.t.Context(), b.platform, r.Cart)
		if err != nil {
			return err
		}
		r.ExpectedPayable.Amount = q.Payable.Amount()
		o, _, err := l.PlaceOrder(b.t.Context(), b.platform, r)
		if err == nil {
			_, err = l.PayOrder(b.t.Context(), b.platform, b.shop, o.Number)
		}
		return err
	},
	"pay": func(b *basket, l *Ledger) error {
		_, err := l.PayOrder(b.t.Context(), b.platform, b.shop, b.number)
		return err
	},
	"cancel": func(b *basket, l *Ledger) error {
		_, err := l.CancelOrder(b.t.Context(), b.platform, b.shop, b.number)
		return err
	},
	"refund": func(b *basket, l *Ledger) error {
		_, err := l.RefundOrder(b.t.Context(), b.platform, promo.RefundRequest{Shop: b.shop, Order: b.number, Number: "r"})
		return err
	},
	"expire": func(b *basket, _ *Ledger) error {
		b.clock.set(b.clock.now().Add(promo.Reservation))
		return nil
	},
	"sweep": func(b *basket, l *Ledger) error { return l.SweepOrders(b.t.Context()) },
	"claim": func(b *basket, l *Ledger) error {
		_, _, err := l.Claim(b.t.Context(), promo.ClaimRequest{Voucher: b.voucher.ID, Subject: b.number})
		return err
	},
	"raise": func(b *basket, l *Ledger) error {
		_, err := l.IncreaseQuantity(b.t.Context(), seller(b.shop), b.voucher.ID, 1, 20)
		return err
	},
	"deactivate": func(b *basket, l *Ledger) error {
		if _, err := l.Deactivate(b.t.Context(), seller(b.shop), b.voucher.ID); err != nil {
			return err
		}
		_, err := l.DeactivateItemDiscount(b.t.Context(), seller(b.shop), b.deal)
		return err
	},
}

// What the ledger holds after every pair of acts at once, of a pending and of a paid order, is one of the outcomes of doing
// them in turn, and the one that their callers were told of. Nobody is told of a fault.
func TestK4EveryPairOfActsAtOnce(t *testing.T) {
	t.Parallel()
	s := openTill(t)
	ledgers := []*Ledger{s.Ledger, s.another()}
	names := slices.Sorted(maps.Keys(acts))
	n := 0
	for i, first := range names {
		for _, second := range names[i:] {
			if first == "expire" && second == "expire" {
				continue // there is one clock
			}
			for _, paid := range []bool{false, true} {
				n++
				b := s.basket(n, ledgers)
				if paid {
					s.pay(b.number)
				}
				b.race(paid, first, second)
			}
		}
	}
	s.audit()
}

// race has acts meet, and holds what became of the order against what their callers were told.
func (b *basket) race(paid bool, names ...string) {
	b.t.Helper()
	var calls sync.WaitGroup
	errs := make([]error, len(names))
	for i, name := range names {
		calls.Go(func() {
			if errs[i] = acts[name](b, b.ledgers[i]); errs[i] != nil {
				codes(b.t, errs[i])
			}
		})
	}
	calls.Wait()
	told := func(act string) bool {
		for i, name := range names {
			if name == act && errs[i] == nil {
				return true
			}
		}
		return false
	}
	want := []promo.OrderStatus{promo.OrderPending, promo.OrderExpired}
	switch {
	case told("cancel"):
		want = []promo.OrderStatus{promo.OrderCancelled}
	case told("refund"):
		want = []promo.OrderStatus{promo.OrderRefunded}
	case paid || told("pay"):
		want = []promo.OrderStatus{promo.OrderPaid}
	}
	o := must[*promo.Order](b.testBundle)(b.Order(b.t.Context(), b.platform, b.shop, b.number))
	if got := o.Status(b.clock.now()); !slices.Contains(want, got) {
		b.t.Errorf("after %v of an order (paid: %t), of which the callers were told %v, it is %s", names, paid, errs, got)
	}
	if told("cancel") && told("refund") {
		b.t.Errorf("an order was cancelled and refunded")
	}
}

// audit holds orders, claims, units and facts against each other.
func (s *till) audit() {
	s.t.Helper()
	for what, query := range map[string]string{
		"claims held by orders that do not wait": `
select count(*) from claims c join orders o on o.shop_id = c.shop_id and o.id = c.reserved_order_id where o.status <> 'PENDING'`,
		"units held by orders that do not wait": `
select count(*) from flash_reservations f join orders o on o.shop_id = f.shop_id and o.id = f.order_id where o.status <> 'PENDING'`,
		"deals with more units sold and held than there are": `
select count(*) from discounted_items d
where sold + (select coalesce(sum(quantity), 0) from flash_reservations f
    where f.promotion_id = d.promotion_id and f.product_id = d.product_id and reserved_until > '` + s.clock.now().Format(time.RFC3339Nano) + `') > quantity_limit`,
		"deals whose units are not those of paid orders": `
select count(*) from discounted_items d
where sold <> (select coalesce(sum(l.quantity), 0) from order_lines l join orders o on o.shop_id = l.shop_id and o.id = l.order_id
    where l.promotion_id = d.promotion_id and l.product_id = d.product_id and o.status in ('PAID', 'PARTIALLY_REFUNDED', 'REFUNDED'))`,
		"orders whose claim is not redeemed as their status says": `
select count(*) from orders o
where o.claim_id is not null and (o.status in ('PAID', 'PARTIALLY_REFUNDED', 'REFUNDED'))::int <> (
    select count(*) from redemptions r where r.shop_id = o.shop_id and r.order_id = o.id and r.claim_id = o.claim_id and r.reversed_at is null)`,
		"vouchers whose counter is wrong": `
select count(*) from vouchers v where claimed <> (select count(*) from claims c where c.shop_id = v.shop_id and c.voucher_id = v.id)`,
		"refunded orders with something left": `
select count(*) from orders o join order_lines l on l.shop_id = o.shop_id and l.order_id = o.id where o.status = 'REFUNDED' and l.refunded < l.quantity`,
		"facts of revenue that do not add up": `
select abs(coalesce(sum((payload ->> 'revenue')::bigint), 0) - (
    select coalesce(sum(list_minor - item_discount_minor - voucher_share_minor), 0)
    from order_lines l join orders o on o.shop_id = l.shop_id and o.id = l.order_id where o.status = 'PAID'))
from outbox where kind in ('line', 'reversal')`,
		"redemptions that facts do not tell of": `
select abs(coalesce(sum((payload ->> 'quantity')::bigint) filter (where kind = 'redemption'), 0) - (select count(*) from redemptions))
    + abs(coalesce(sum((payload ->> 'quantity')::bigint) filter (where kind = 'cohort'), 0) - (select count(*) from redemptions where reversed_at is null))
from outbox`,
		"payments that facts do not tell of": `
select abs(count(*) - (select count(*) from orders where paid_at is not null)) from outbox where kind = 'order'`,
		"first orders that facts do not tell of": `
select abs(count(*) - (select count(distinct buyer_id) from orders where paid_at is not null)) from outbox where kind = 'first_order'`,
	} {
		if n := get[int](s.testBundle, query); n != 0 {
			s.t.Errorf("%s: %d", what, n)
		}
	}
}
