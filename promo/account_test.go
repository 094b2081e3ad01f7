package promo_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

func TestAHandleIsReadInAnyCaseAndWithOrWithoutItsSign(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"corner.shop": "corner.shop", " @Corner_Shop9 ": "corner_shop9", "A": "a", "abcdefghijklmnopqrstuvwxyz0123": "abcdefghijklmnopqrstuvwxyz0123",
	} {
		if got, err := promo.Handle(text); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", " ", "@", "@@a", "a b", "a-b", "ä", "a\x00", "ſ", "abcdefghijklmnopqrstuvwxyz01234"} {
		if _, err := promo.Handle(text); !slices.Equal(broken(t, err), []string{"HANDLE_INVALID handle"}) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// However accounts come and go, one official and four marketing accounts are the most, and none is refused below that.
func TestL1AShopHasOneOfficialAndFourMarketingAccounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var linked []promo.Account
		count := map[promo.AccountKind]int{}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			handle := rapid.StringMatching(`[a-l]`).Draw(t, "handle")
			at := slices.IndexFunc(linked, func(a promo.Account) bool { return a.Handle == handle })
			if at >= 0 && rapid.Bool().Draw(t, "unlink") {
				count[linked[at].Kind]--
				linked = slices.Delete(linked, at, at+1)
				continue
			}
			kind := rapid.SampledFrom([]promo.AccountKind{promo.Official, promo.Marketing}).Draw(t, "kind")
			place, err := promo.FreePlace(linked, handle, kind)
			if full := count[promo.Official] == 1 && kind == promo.Official || count[promo.Marketing] == 4 && kind == promo.Marketing; (err != nil) != (full || at >= 0) {
				t.Fatalf("with %v linked, %s as %s: %v", count, handle, kind, err)
			}
			if err != nil {
				continue
			}
			if slices.ContainsFunc(linked, func(a promo.Account) bool { return a.Place == place }) || (place == 0) != (kind == promo.Official) || place > 4 {
				t.Fatalf("place %d for %s", place, kind)
			}
			count[kind]++
			linked = append(linked, promo.Account{Handle: handle, Kind: kind, Place: place})
		}
	})
}

func TestL1WhatALinkIsRefusedFor(t *testing.T) {
	t.Parallel()
	full := []promo.Account{{Handle: "a", Kind: promo.Official}}
	for place := 1; place <= 4; place++ {
		full = append(full, promo.Account{Handle: "m" + string(rune('0'+place)), Kind: promo.Marketing, Place: place})
	}
	for want, link := range map[string]struct {
		handle string
		kind   promo.AccountKind
	}{
		"ALREADY_LINKED handle":            {"m2", promo.Marketing},
		"OFFICIAL_ACCOUNT_EXISTS kind":     {"b", promo.Official},
		"TOO_MANY_MARKETING_ACCOUNTS kind": {"b", promo.Marketing},
	} {
		if _, err := promo.FreePlace(full, link.handle, link.kind); !slices.Equal(broken(t, err), []string{want}) {
			t.Errorf("%+v: %v, want %s", link, err, want)
		}
	}
	a := &full[0]
	if err := a.Unlink(now); err != nil || !a.UnlinkedAt.Equal(now) {
		t.Errorf("unlinked %v, %v", a.UnlinkedAt, err)
	}
	if err := a.Unlink(now.Add(time.Hour)); !slices.Equal(broken(t, err), []string{"ACCOUNT_UNLINKED accountId"}) || !a.UnlinkedAt.Equal(now) {
		t.Errorf("again: %v", err)
	}
}
