package warehouse

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"voucherhouse/internal/testdb"
	"voucherhouse/promo"
)

// deed is something that somebody tries to do; much of it is refused.
type deed struct {
	what string
	// who, which and many choose among what there is.
	who, which, many int
	after            time.Duration
}

const (
	toClaim  = "claim"
	toOrder  = "order"
	toPay    = "pay"
	toCancel = "cancel"
	toRefund = "refund"
	toRaise  = "raise"
)

// deeds are some of three weeks.
var deeds = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) deed {
	any := func(what string) int { return rapid.IntRange(0, 1<<20).Draw(t, what) }
	return deed{
		what: rapid.SampledFrom([]string{toClaim, toOrder, toPay, toClaim, toOrder, toPay, toOrder, toPay, toCancel, toRefund, toRefund, toRaise}).Draw(t, "what"),
		who:  any("who"), which: any("which"), many: any("many"),
		// Some follow at once: what is reserved is held for a quarter of an hour.
		after: rapid.SampledFrom([]time.Duration{0, 0, time.Minute, 5 * time.Minute, 15 * time.Minute, 2 * time.Hour, 11*time.Hour + 29*time.Minute}).Draw(t, "after"),
	}
}), 300, 300)

// story is a shop in which deeds are done through the ledger, in March 2024, in which New York's clocks go forward.
type story struct {
	*studio
	clock    time.Time
	subjects []string
	buyers   []promo.BuyerID
	products []promo.ProductID
	vouchers []*promo.Voucher
	streams  []promo.LivestreamID
	// orders and refunds are how many were placed, and asked for.
	orders, refunds int
	// done counts what was not refused.
	done map[string]int
}

func (s *story) pass(d time.Duration) {
	s.clock = s.clock.Add(d)
	s.micro.Store(s.clock.UnixMicro())
	testdb.SetClock(s.t, s.owner, s.clock)
}

// playOut makes a shop with all kinds of promotions and does deeds in it.
func playOut(t *testing.T, all []deed) *story {
	s := &story{studio: openStudio(t), clock: instant(t, "2024-03-02T12:00Z"), done: map[string]int{}}
	_, err := s.owner.Exec(keepTakingBack)
	must(t, err)
	s.pass(0)
	s.open()
	for _, d := range all {
		s.pass(d.after)
		if s.do(d) {
			s.done[d.what]++
		}
	}
	return s
}

// open fills the shop. Promotions have the numbers 1 to 9.
func (s *story) open() {
	s.stock()
	s.offerVouchers()
	s.discountItems()
	s.offerTiers()
	for _, handle := range []string{"one", "two"} {
		account, stream := s.goLive(handle)
		s.streams = append(s.streams, stream)
		s.handOut(s.vouchers[2], account, stream, promo.NoTask)
	}
}

// stock brings what there is to buy, and who buys.
func (s *story) stock() {
	ctx := s.t.Context()
	made, err := s.acts.UpsertProducts(ctx, s.seller(), s.shop.ID, []promo.ProductDraft{
		{SKU: "pot", Title: "Pot", Category: "Kitchen", Price: *dollars("33.33")}, {SKU: "tea", Title: "Tea", Category: "It's \\ tea", Price: *dollars("3.07")},
	})
	must(s.t, err)
	s.products = []promo.ProductID{s.mug, made[0].ID, made[1].ID}
	var drafts []promo.BuyerDraft
	for i := range 7 {
		s.subjects = append(s.subjects, fmt.Sprint("buyer ", i))
		drafts = append(drafts, promo.BuyerDraft{ExternalID: s.subjects[i], Name: s.subjects[i]})
	}
	buyers, err := s.acts.UpsertBuyers(ctx, s.market(), drafts)
	must(s.t, err)
	for _, b := range buyers {
		s.buyers = append(s.buyers, b.ID)
	}
}

func (s *story) offerVouchers() {
	s.offer(promo.RegularVoucher, promo.ShopPage, promo.Settings{Discount: promo.DiscountInput{AmountOff: dollars("3")}})
	s.offer(promo.RegularVoucher, promo.ProductPage, promo.Settings{
		Discount:     promo.DiscountInput{PercentOff: &promo.PercentOffInput{Percent: decimal.NewFromInt(33), MaximumDiscount: dollars("9.99")}},
		MinimumSpend: dollars("20"), Products: s.products[:2], Validity: &promo.Validity{DaysAfterClaim: new(1)},
	})
	s.offer(promo.LiveVoucher, promo.Live, promo.Settings{Discount: promo.DiscountInput{AmountOff: dollars("2.50")}})
	s.offer(promo.ChatCoupon, promo.Inbox, promo.Settings{Discount: promo.DiscountInput{AmountOff: dollars("4.01")}, Validity: &promo.Validity{DaysAfterClaim: new(3)}})
}

func (s *story) discountItems() {
	for _, d := range []promo.ItemDiscountDraft{
		{Tool: promo.ToolProductDiscount, Items: []promo.DiscountedItemDraft{{Product: s.products[1], Percent: new(decimal.RequireFromString("12.5"))}}},
		{Tool: promo.ToolFlashDeal, Items: []promo.DiscountedItemDraft{{Product: s.products[2], Price: dollars("1.99"), QuantityLimit: new(40)}}},
	} {
		d.Shop, d.Name, d.Period = s.shop.ID, string(d.Tool), promo.Period{From: s.clock, To: s.clock.AddDate(0, 0, 30)}
		_, err := s.acts.CreateItemDiscount(s.t.Context(), s.seller(), d)
		must(s.t, err)
	}
}

func (s *story) offerTiers() {
	tiers := promo.TiersDraft{Shop: s.shop.ID, Tool: promo.RegularVoucher, Group: "Even"}
	for i, minimum := range []string{"10", "40", "90"} {
		off := promo.Settings{Discount: promo.DiscountInput{AmountOff: dollars([]string{"1", "5", "15"}[i])}, MinimumSpend: dollars(minimum)}
		tiers.Settings[i] = s.settings(off)
	}
	tiered, warnings, err := s.acts.CreateTiers(s.t.Context(), s.seller(), tiers)
	if must(s.t, err); tiered == nil {
		s.t.Fatal(warnings)
	}
	s.vouchers = append(s.vouchers, tiered...)
}

// settings are terms of a voucher that runs all the time.
func (s *story) settings(terms promo.Settings) promo.Settings {
	terms.Name, terms.Period = fmt.Sprint("Voucher ", len(s.vouchers)), promo.Period{From: s.clock, To: s.clock.AddDate(0, 0, 21)}
	terms.TotalQuantity, terms.ClaimsPerCustomer = 10, 3
	return terms
}

func (s *story) offer(tool promo.Tool, shown promo.DisplayChannel, terms promo.Settings) {
	s.t.Helper()
	v, warnings, err := s.acts.CreateVoucher(s.t.Context(), s.seller(), promo.Draft{Shop: s.shop.ID, Tool: tool, DisplayChannel: shown, Settings: s.settings(terms)})
	if must(s.t, err); v == nil {
		s.t.Fatal(warnings)
	}
	s.vouchers = append(s.vouchers, v)
}

// do does a deed, and tells whether it was not refused.
func (s *story) do(d deed) bool {
	var err error
	ctx, number := s.t.Context(), fmt.Sprint("order ", d.which%(s.orders+1))
	switch d.what {
	case toClaim:
		err = s.take(d)
	case toOrder:
		err = s.place(d)
	case toPay:
		_, err = s.acts.PayOrder(ctx, s.market(), s.shop.ID, fmt.Sprint("order ", s.orders-1-d.which%2)) // one of the latest two
	case toCancel:
		_, err = s.acts.CancelOrder(ctx, s.market(), s.shop.ID, number)
	case toRefund:
		s.refunds++
		r := promo.RefundRequest{Shop: s.shop.ID, Order: number, Number: fmt.Sprint("refund ", s.refunds)}
		if d.many%3 > 0 {
			r.Lines = []promo.RefundLine{{Line: 1 + d.who%2, Quantity: 1 + d.many%2}}
		}
		_, err = s.acts.RefundOrder(ctx, s.market(), r)
	case toRaise:
		v, e := s.acts.Voucher(ctx, s.seller(), s.vouchers[d.which%len(s.vouchers)].ID)
		must(s.t, e)
		_, err = s.acts.IncreaseQuantity(ctx, s.seller(), v.ID, v.Version, v.TotalQuantity+1+d.many%5)
	}
	_, refused := errors.AsType[*promo.Error](err)
	_, refusedTogether := errors.AsType[promo.Refusals](err)
	if err != nil && !refused && !refusedTogether {
		s.t.Fatalf("%v: %v", d, err)
	}
	return err == nil
}

// take claims a voucher, on the shop's pages, in a livestream, or by being sent it.
func (s *story) take(d deed) error {
	v, who := s.vouchers[d.which%len(s.vouchers)], d.who%len(s.buyers)
	if v.Tool == promo.ChatCoupon || d.many%5 == 0 {
		_, _, err := s.acts.SendCoupon(s.t.Context(), s.people(promo.Agent, "amy"), s.chat(s.subjects[who]).ID, v.ID, "")
		return err
	}
	r := promo.ClaimRequest{Voucher: v.ID, Subject: s.subjects[who]}
	if v.Tool == promo.LiveVoucher {
		r.Livestream = s.streams[d.many%2]
		s.watch(r.Livestream, r.Subject)
	}
	_, _, err := s.acts.Claim(s.t.Context(), r)
	return err
}

// place places an order of one to three lines at what it costs now.
func (s *story) place(d deed) error {
	r := promo.OrderRequest{
		Number: fmt.Sprint("order ", s.orders), Channel: channels[d.which%3],
		Cart: promo.CartRequest{Shop: s.shop.ID, Buyer: s.buyers[d.who%len(s.buyers)]},
	}
	for i := range 1 + d.many%3 {
		r.Cart.Lines = append(r.Cart.Lines, promo.CartLineRequest{Product: s.products[(d.which+i)%3], Quantity: 1 + (d.many>>i)%4})
	}
	if d.many%7 == 0 {
		r.Cart.Subsidy = dollars("0.77")
	}
	if r.Channel == promo.OrderLive && d.many%4 > 0 {
		r.Livestream = &s.streams[d.many%2]
	}
	q, err := s.acts.Quote(s.t.Context(), s.market(), r.Cart)
	if err != nil {
		return err
	}
	r.ExpectedPayable = promo.MoneyInput{Amount: q.Payable.Amount(), Currency: string(q.Payable.Currency)}
	if _, _, err = s.acts.PlaceOrder(s.t.Context(), s.market(), r); err == nil {
		s.orders++
	}
	return err
}
