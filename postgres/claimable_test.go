package postgres

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"voucherhouse/promo"
)

// claimable lists what a buyer could claim, by the vouchers' names, with the reasons.
func (b *testBundle) claimable(subject string, shop promo.ShopID, product *promo.ProductID, in *promo.LivestreamID) string {
	b.t.Helper()
	found := must[[]promo.ClaimableVoucher](b)(b.ClaimableVouchers(b.t.Context(), buyer(subject), shop, product, in))
	texts := make([]string, len(found))
	for i, c := range found {
		texts[i] = c.Voucher.Name
		if c.Reason != nil {
			texts[i] += ":" + string(*c.Reason)
		}
		if (c.Distribution != nil) != (c.Voucher.Tool == promo.LiveVoucher) {
			b.t.Errorf("%s comes with the distribution %v", c.Voucher.Name, c.Distribution)
		}
	}
	return strings.Join(texts, " ")
}

func TestQ3WhatABuyerCouldClaim(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	mug, tea := b.product(shop, "mug", 10_00), b.product(shop, "tea", 5_00)
	ending := func(name string, hours int) func(*promo.Draft) {
		return func(d *promo.Draft) {
			d.Settings.Name, d.Settings.Period.To = name, noon.Add(time.Duration(hours)*time.Hour)
		}
	}
	forMug := func(d *promo.Draft) { d.Settings.Products = []promo.ProductID{mug} }
	b.voucher(shop, ending("late", 9))
	b.voucher(shop, ending("mug", 2), forMug)
	gone := b.voucher(shop, ending("gone", 3), copies(1, 1))
	had := b.voucher(shop, ending("had", 4))
	ended := b.voucher(shop, ending("ended", 4))
	b.voucher(shop, called("upcoming"), claimableIn(promo.Period{From: noon.Add(time.Hour), To: noon.Add(9 * time.Hour)}))
	b.voucher(shop, ending("chat", 4), withTool(promo.ChatCoupon))
	b.voucher(other, ending("theirs", 4))
	live, liveMug := b.voucher(shop, ending("live", 5), withTool(promo.LiveVoucher)), b.voucher(shop, ending("livemug", 1), withTool(promo.LiveVoucher), forMug)
	b.voucher(shop, ending("silent", 5), withTool(promo.LiveVoucher))
	b.claim(gone.ID, "cy")
	b.claim(had.ID, "bo")
	must[*promo.Voucher](b)(b.Deactivate(t.Context(), seller(shop), ended.ID))

	account := b.link(shop, "one")
	in, empty := b.goLive(account), b.goLive(b.link(shop, "two"))
	b.handOut(live, account, in, watchTask(30))
	b.handOut(liveMug, account, in, noTask)
	b.watch("bo", in)

	const regular = "mug gone:SOLD_OUT had:CUSTOMER_LIMIT_REACHED late"
	for i, c := range []struct {
		subject string
		product *promo.ProductID
		in      *promo.LivestreamID
		want    string
	}{
		{"bo", nil, nil, regular},
		{"bo", &mug, nil, regular},
		{"bo", &tea, nil, strings.TrimPrefix(regular, "mug ")},
		{"bo", nil, &in, "livemug live:WATCH_TIME_SHORT " + regular},
		{"bo", &tea, &in, "live:WATCH_TIME_SHORT gone:SOLD_OUT had:CUSTOMER_LIMIT_REACHED late"},
		{"bo", nil, &empty, regular},
		{"new", nil, &in, "livemug:NOT_IN_AUDIENCE live:NOT_IN_AUDIENCE mug gone:SOLD_OUT had late"},
		{"cy", nil, nil, "mug gone:CUSTOMER_LIMIT_REACHED had late"},
	} {
		if got := b.claimable(c.subject, shop, c.product, c.in); got != c.want {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
	}
	if got := b.claimable("bo", other, nil, nil); got != "theirs" {
		t.Errorf("in the other shop %q", got)
	}
	theirTea := b.product(other, "tea", 1_00)
	for want, ask := range map[string]struct {
		shop promo.ShopID
		p    *promo.ProductID
		in   *promo.LivestreamID
	}{"shopId": {99, nil, nil}, "productId": {shop, &theirTea, nil}, "livestreamId": {shop, nil, &promo.LivestreamID{Shop: shop, Serial: 99}}} {
		_, err := b.ClaimableVouchers(t.Context(), buyer("bo"), ask.shop, ask.p, ask.in)
		var told *promo.Error
		if !errors.As(err, &told) || told.Code != promo.NotFound || strings.Join(told.Field, ".") != want {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// What is told is what a claim is then answered with, in any moment of a livestream.
func TestQ3ClaimsAreAnsweredAsTheyWereForetold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	account := b.link(shop, "one")
	in := b.goLive(account)
	tasks := []promo.LiveTask{noTask, followTask, watchTask(30)}
	var vouchers []*promo.Voucher
	for i, task := range tasks {
		v := b.voucher(shop, withTool(promo.LiveVoucher), copies(2, 1), called(fmt.Sprint("v", i)))
		b.handOut(v, account, in, task)
		vouchers = append(vouchers, v)
	}
	for minute, subject := range []string{"bo", "cy", "bo", "di"} {
		b.clock.set(noon.Add(time.Duration(minute) * time.Minute))
		if minute%2 == 0 {
			b.watch(subject, in)
			b.clock.set(b.clock.now().Add(31 * time.Second))
			b.watch(subject, in)
			must[*promo.Account](b)(b.FollowAccount(t.Context(), buyer(subject), account))
		}
		foretold := must[[]promo.ClaimableVoucher](b)(b.ClaimableVouchers(t.Context(), buyer(subject), shop, nil, &in))
		if len(foretold) != len(vouchers) {
			t.Fatalf("foretold are %d", len(foretold))
		}
		for _, c := range foretold {
			var want []promo.Code
			if c.Reason != nil {
				want = append(want, *c.Reason)
			}
			b.wantClaim(c.Voucher, subject, in, want...)
		}
	}
}
