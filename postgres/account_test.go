package postgres

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"voucherhouse/promo"
)

func TestL1AccountsOfAShop(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, other := b.shop("A"), b.shop("B")
	ctx := t.Context()
	refused := func(a promo.Actor, shop promo.ShopID, handle string, kind promo.AccountKind, want promo.Code) {
		t.Helper()
		_, err := b.LinkAccount(ctx, a, shop, handle, kind)
		wantCode(t, err, want)
	}
	official := must[*promo.Account](b)(b.LinkAccount(ctx, seller(shop), shop, "@Corner.Shop", promo.Official))
	for i := range 4 {
		b.link(shop, fmt.Sprint("m", i))
	}
	refused(seller(shop), shop, "m9", promo.Official, promo.LiveOfficialExists)
	refused(seller(shop), shop, "m9", promo.Marketing, promo.LiveTooManyMarketing)
	refused(seller(shop), shop, "m1", promo.Marketing, promo.LiveAlreadyLinked)
	refused(seller(other), other, "corner.shop", promo.Official, promo.LiveAlreadyLinked)
	refused(seller(other), shop, "x", promo.Official, promo.LiveUnknown)
	linked := must[map[promo.ShopID][]promo.Account](b)(b.AccountsOfShops(ctx, seller(shop), []promo.ShopID{shop, other}))
	if len(linked[shop]) != 5 || linked[shop][0].ID != official.ID || linked[shop][0].Handle != "corner.shop" || len(linked[other]) != 0 {
		t.Errorf("linked are %v", linked)
	}

	// Unlinked, it is free for another shop; linked here again, it is the same account.
	b.clock.set(noon.Add(time.Hour))
	_, err := b.UnlinkAccount(ctx, seller(other), official.ID)
	wantCode(t, err, promo.LiveUnknown)
	must[*promo.Account](b)(b.UnlinkAccount(ctx, seller(shop), official.ID))
	_, err = b.UnlinkAccount(ctx, seller(shop), official.ID)
	wantCode(t, err, promo.LiveAccountUnlinked)
	theirs := must[*promo.Account](b)(b.LinkAccount(ctx, seller(other), other, "corner.shop", promo.Official))
	refused(seller(shop), shop, "corner.shop", promo.Official, promo.LiveAlreadyLinked)
	must[*promo.Account](b)(b.UnlinkAccount(ctx, seller(other), theirs.ID))
	again := must[*promo.Account](b)(b.LinkAccount(ctx, seller(shop), shop, "corner.shop", promo.Official))
	if again.ID != official.ID || again.UnlinkedAt != nil || !again.LinkedAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("linked again as %+v", again)
	}
}

// However many link at once, on several servers, one official and four marketing accounts are linked; and the database
// alone holds it.
func TestL1AccountsLinkedAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	ledgers := []*Ledger{b.Ledger, b.another()}
	var calls sync.WaitGroup
	for i := range 12 {
		calls.Go(func() {
			kind := promo.Marketing
			if i < 4 {
				kind = promo.Official
			}
			_, err := ledgers[i%2].LinkAccount(context.Background(), seller(shop), shop, fmt.Sprint("a", i), kind)
			if got := codes(t, err); err != nil && got[0] != promo.LiveOfficialExists && got[0] != promo.LiveTooManyMarketing {
				t.Errorf("refused with %v", err)
			}
		})
	}
	calls.Wait()
	if got := get[string](b, `select string_agg(place::text, ' ' order by place) from accounts`); got != "0 1 2 3 4" {
		t.Errorf("taken are the places %s", got)
	}
	for _, place := range []int{0, 4} {
		_, err := b.db.Exec(`
insert into accounts (shop_id, handle, kind, place, linked_at)
values ($1, 'x', case $2::integer when 0 then 'OFFICIAL' else 'MARKETING' end::account_kind, $2, $3)`, shop, place, noon)
		if !violates(err, "accounts_linked_place") {
			t.Errorf("place %d is given twice: %v", place, err)
		}
	}
}

func TestL1UnlinkingStopsWhatTheAccountHandsOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop, withTool(promo.LiveVoucher), copies(2, 1))
	one, two := b.link(shop, "one"), b.link(shop, "two")
	inOne, inTwo := b.goLive(one), b.goLive(two)
	b.handOut(v, one, inOne, noTask)
	b.handOut(v, two, inTwo, noTask)
	for _, in := range []promo.LivestreamID{inOne, inTwo} {
		b.watch("bo", in)
		b.watch("cy", in)
		b.watch("di", in)
	}
	must[*promo.Account](b)(b.UnlinkAccount(t.Context(), seller(shop), one))
	b.wantClaim(v, "bo", inOne, promo.ClaimNotDistributed)
	_, _, err := b.Distribute(t.Context(), host(one), v.ID, inOne, noTask)
	wantCode(t, err, promo.LiveAccountUnlinked)
	_, err = b.FollowAccount(t.Context(), buyer("bo"), one)
	wantCode(t, err, promo.LiveAccountUnlinked)

	// L1: all accounts draw on the same quantity.
	b.link(shop, "one")
	b.handOut(v, one, inOne, noTask)
	b.wantClaim(v, "bo", inOne)
	b.wantClaim(v, "bo", inTwo, promo.ClaimCustomerLimit)
	b.wantClaim(v, "cy", inTwo)
	b.wantClaim(v, "di", inOne, promo.ClaimSoldOut)
	b.checkLedger(v.ID, 2)
}
