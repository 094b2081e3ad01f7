package resolvers

import (
	"slices"
	"testing"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

func claimNo(n int64) *promo.Claim {
	distribution := promo.DistributionID{Shop: 1, Serial: n / 10}
	return &promo.Claim{ID: promo.ClaimID{Shop: 1, Serial: n}, Voucher: promo.VoucherID{Shop: 1, Serial: 7}, Buyer: promo.BuyerID(n % 2), Distribution: &distribution}
}

// What a list's items are, and what they refer to, stand beside each other: each id once, and only those of one type.
func TestKinOfAList(t *testing.T) {
	t.Parallel()
	k := newKin()
	k.note(relay.Connect(promo.Page[*promo.Claim]{Items: []*promo.Claim{claimNo(10), claimNo(11), claimNo(20)}, Cursors: make([]promo.Cursor, 3)}))
	is(t, beside(k, promo.ClaimID{Shop: 1, Serial: 11}), promo.ClaimID{Shop: 1, Serial: 10}, promo.ClaimID{Shop: 1, Serial: 11}, promo.ClaimID{Shop: 1, Serial: 20})
	is(t, beside(k, promo.DistributionID{Shop: 1, Serial: 2}), promo.DistributionID{Shop: 1, Serial: 1}, promo.DistributionID{Shop: 1, Serial: 2})
	is(t, beside(k, promo.BuyerID(1)), 0, 1)
	is(t, beside(k, promo.VoucherID{Shop: 1, Serial: 7}), promo.VoucherID{Shop: 1, Serial: 7})
	is(t, beside(k, promo.ProductID{Shop: 1, Serial: 1}), promo.ProductID{Shop: 1, Serial: 1})
}

// Promotions of all kinds stand beside each other by what they have in common.
func TestKinOfPromotions(t *testing.T) {
	t.Parallel()
	k := newKin()
	k.note([]promo.Promotion{
		&promo.Voucher{ID: promo.VoucherID{Shop: 1, Serial: 1}},
		&promo.FlashDeal{ItemDiscount: promo.ItemDiscount{ID: promo.PromotionID{Shop: 1, Serial: 2}}}, nil,
	})
	is(t, beside(k, promo.PromotionID{Shop: 1, Serial: 2}), promo.PromotionID{Shop: 1, Serial: 1}, promo.PromotionID{Shop: 1, Serial: 2})
}

// The groups of a report stand beside each other by what they are groups of.
func TestKinOfGroups(t *testing.T) {
	t.Parallel()
	k := newKin()
	k.note([]warehouse.GroupKey{
		{Key: &promo.Key{Kind: promo.KindProduct, Shop: 1, Serial: 1}}, {Key: &promo.Key{Kind: promo.KindProduct, Shop: 1, Serial: 2}},
		{Key: &promo.Key{Kind: promo.KindAccount, Shop: 1, Serial: 3}}, {},
	})
	is(t, beside(k, promo.ProductID{Shop: 1, Serial: 2}), promo.ProductID{Shop: 1, Serial: 1}, promo.ProductID{Shop: 1, Serial: 2})
	is(t, beside(k, promo.AccountID{Shop: 1, Serial: 3}), promo.AccountID{Shop: 1, Serial: 3})
}

// Ids stay in the group that they came with first: lists of one level are looked up together, and then come one by one.
func TestKinStaysTogether(t *testing.T) {
	t.Parallel()
	k := newKin()
	k.note([]promo.BuyerID{1, 2, 3})
	k.note([]promo.BuyerID{2, 4})
	is(t, beside(k, promo.BuyerID(2)), 1, 2, 3)
	is(t, beside(k, promo.BuyerID(4)), 2, 4)
}

func is[ID comparable](t *testing.T, got []ID, want ...ID) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("beside each other stand %v, not %v", got, want)
	}
}
