package postgres

import (
	"slices"
	"testing"

	"voucherhouse/promo"
)

// Pages follow each other without a gap, each of its own list, and what runs is told from what is over.
func TestPagesOfLivestreams(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	one, two := b.link(shop, "one"), b.link(shop, "two")
	var streams []promo.LivestreamID
	for i := range 5 {
		account := []promo.AccountID{one, two}[i%2]
		in := b.goLive(account)
		streams = append(streams, in)
		if i < 3 {
			must[*promo.Livestream](b)(b.EndLivestream(t.Context(), host(account), in))
		}
	}
	list := func(of promo.AccountID, now *bool) (serials []int64) {
		t.Helper()
		args := promo.PageArgs{First: 2}
		for {
			asked := promo.PageOf[promo.Running[promo.AccountID]]{Of: promo.Running[promo.AccountID]{Of: of, Now: now}, Args: args}
			pages := must[[]promo.Page[*promo.Livestream]](b)(b.LivestreamsOfAccounts(t.Context(), seller(shop), []promo.PageOf[promo.Running[promo.AccountID]]{
				{Of: promo.Running[promo.AccountID]{Of: promo.AccountID{Shop: shop, Serial: 99}}, Args: promo.PageArgs{First: 1}}, asked,
			}))
			if len(pages[0].Items) != 0 {
				t.Errorf("an unknown account has %d livestreams", len(pages[0].Items))
			}
			for _, l := range pages[1].Items {
				serials = append(serials, l.ID.Serial)
			}
			if !pages[1].HasNext {
				return serials
			}
			args.After = pages[1].Cursors[1]
		}
	}
	yes, no := true, false
	for _, c := range []struct {
		of   promo.AccountID
		now  *bool
		want []int
	}{{one, nil, []int{4, 2, 0}}, {two, nil, []int{3, 1}}, {one, &yes, []int{4}}, {one, &no, []int{2, 0}}} {
		var want []int64
		for _, i := range c.want {
			want = append(want, streams[i].Serial)
		}
		if got := list(c.of, c.now); !slices.Equal(got, want) {
			t.Errorf("of %v: %v, want %v", c.of, got, want)
		}
	}
	forged := promo.PageArgs{First: 2, After: promo.Cursor{Order: promo.LivestreamOrder, Value: "noon"}}
	_, err := b.LivestreamsOfShops(t.Context(), seller(shop), []promo.PageOf[promo.Running[promo.ShopID]]{{Of: promo.Running[promo.ShopID]{Of: shop}, Args: forged}})
	wantCode(t, err, promo.InvalidInput)
}
