package warehouse

import (
	"fmt"
	"testing"

	"voucherhouse/promo"
)

// takeForLarge has the shop's days asked for as those of a large one, or not.
func (w *Warehouse) takeForLarge(shop promo.Shop, large bool) {
	if large {
		w.large.Add(shop.ID, w.clock().Add(largeFor))
	} else {
		w.large.Remove(shop.ID)
	}
}

// Whole days of all lengths, with and without what they are compared with; the long periods have facts before and after them, which no
// condition leaves out.
func TestALargeShopsReportIsThatOfASmallOne(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	six := sixDays(t)
	since := promo.Period{From: six.From.AddDate(0, 0, 2), To: six.To.AddDate(0, 0, 300)}
	until := promo.Period{From: six.From.AddDate(0, 0, -300), To: six.From.AddDate(0, 0, 2)}
	for _, period := range []promo.Period{six, since, until} {
		for _, g := range []Granularity{None, Day, Week, Month} {
			for _, compared := range []*Comparison{nil, new(PreviousPeriod), new(SamePeriodLastYear)} {
				for _, tools := range [][]promo.Tool{nil, {promo.LiveVoucher}, {}} {
					b.wantSameOfLarge(t, func(p *CoreDataParams) {
						p.Period, p.Granularity, p.CompareTo, p.Tools = period, g, compared, tools
					})
				}
			}
		}
	}
}

func (b *bundle) wantSameOfLarge(t *testing.T, change func(*CoreDataParams)) {
	t.Helper()
	b.takeForLarge(b.shop, false)
	of := b.ask(t, change)
	if b.large.Contains(b.shop.ID) {
		t.Fatal("the shop is not small")
	}
	b.takeForLarge(b.shop, true)
	equal(t, b.ask(t, change), of)
}

// The one statement is refused of a shop with many facts, and then not asked of it again; nobody sees anything of it.
func TestAShopIsFoundOutToBeLarge(t *testing.T) {
	t.Parallel()
	b := withHistory(t)
	before := b.ask(t, nil)
	b.exec(t, fmt.Sprintf(`insert into facts (shop_id, kind, at, local_day, ordered_day, promotions, tools, buyer_id, order_id, quantity, id)
		select %d, 'order', toDateTime64('2020-01-01', 6, 'UTC'), '2020-01-01', '2020-01-01', [1], ['LIVE_VOUCHER'], 1, number, 1, number from numbers(%d)`,
		b.shop.ID, mostOfSmall))
	for range 2 {
		equal(t, b.ask(t, nil), before)
		equal(t, b.large.Contains(b.shop.ID), true)
	}
	other := b.ask(t, func(p *CoreDataParams) { p.Shop = b.other })
	equal(t, *other.Totals.Orders > 0, true)
	equal(t, b.large.Contains(b.other.ID), false)
}
