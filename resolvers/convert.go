package resolvers

import (
	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

func voucherID(id string) (promo.VoucherID, error) {
	key, err := relay.KeyOf(promo.KindVoucher, id)
	return promo.VoucherID{Shop: key.Shop, Serial: key.Serial}, err
}

// idOf reads an id of a kind. One that is malformed or of another kind is nobody's, and refused as unknown.
func idOf[T any](kind promo.Kind, id string) promo.ID[T] {
	key, err := relay.KeyOf(kind, id)
	if err != nil {
		return promo.ID[T]{}
	}
	return promo.ID[T]{Shop: key.Shop, Serial: key.Serial}
}

func accountID(id string) promo.AccountID { return idOf[promo.Account](promo.KindAccount, id) }

func livestreamID(id string) promo.LivestreamID {
	return idOf[promo.Livestream](promo.KindLivestream, id)
}

func distributionID(id string) promo.DistributionID {
	return idOf[promo.Distribution](promo.KindDistribution, id)
}

// idIn reads an optional id of a kind that must be of the shop.
func idIn[T any](shop promo.ShopID, kind promo.Kind, id *string) (*promo.ID[T], error) {
	if id == nil {
		return nil, nil
	}
	key, err := relay.KeyOf(kind, *id)
	if err != nil || key.Shop != shop {
		return nil, promo.ErrNotFound
	}
	return &promo.ID[T]{Shop: key.Shop, Serial: key.Serial}, nil
}

// shopID reads the id of a shop. One that is malformed is nobody's: refused as unknown, with its field.
func shopID(id string) promo.ShopID {
	key, err := relay.KeyOf(promo.KindShop, id)
	if err != nil {
		return 0
	}
	return key.Shop
}

// productIDs reads ids of products. One that is malformed stands for a product that does not exist, so that rules can
// name its place.
func productIDs(ids []string) []promo.ProductID {
	if ids == nil {
		return nil
	}
	products := make([]promo.ProductID, len(ids))
	for i, id := range ids {
		if key, err := relay.KeyOf(promo.KindProduct, id); err == nil {
			products[i] = promo.ProductID{Shop: key.Shop, Serial: key.Serial}
		}
	}
	return products
}

func productFilter(in *model.ProductFilter) promo.ProductFilter {
	if in == nil {
		return promo.ProductFilter{}
	}
	return promo.ProductFilter{IDs: productIDs(in.Ids), Category: in.Category, Title: in.Title, SKU: in.Sku}
}

func promotionFilter(in *model.PromotionFilter, shop promo.ShopID) (promo.PromotionFilter, error) {
	if in == nil {
		return promo.PromotionFilter{}, nil
	}
	f := promo.PromotionFilter{Tools: in.Tools, Statuses: in.Statuses, Name: in.Name, TierGroup: in.TierGroup}
	if in.ProductID != nil {
		key, err := relay.KeyOf(promo.KindProduct, *in.ProductID)
		if err != nil || key.Shop != shop {
			return f, &promo.Error{Code: promo.NotFound, Message: promo.ErrNotFound.Message, Field: []string{"filter", "productId"}}
		}
		f.Product = &promo.ProductID{Shop: key.Shop, Serial: key.Serial}
	}
	return f, nil
}

// promotionOrder is latest made first unless something else is asked for.
func promotionOrder(in *model.PromotionOrder) promo.PromotionOrder {
	if in == nil {
		return promo.PromotionOrder{Field: promo.ByCreatedAt, Descending: true}
	}
	return promo.PromotionOrder{Field: in.Field, Descending: in.Direction == model.OrderDirectionDesc}
}

// draft fills in what the inputs of the kinds of voucher have in common.
func draft(d promo.Draft, shop string, in *model.VoucherSettingsInput, key *string) (promo.Draft, error) {
	d.Shop = shopID(shop)
	var err error
	if d.Settings, err = settings(in, "settings"); err != nil {
		return d, err
	}
	d.IdempotencyKey, err = idempotencyKey(key)
	return d, err
}

// itemDiscountDraft reads what is asked of a product discount, and in the same form of a flash deal.
func itemDiscountDraft(tool promo.Tool, in model.CreateProductDiscountInput) (promo.ItemDiscountDraft, error) {
	key, err := idempotencyKey(in.IdempotencyKey)
	draft := promo.ItemDiscountDraft{
		Shop: shopID(in.ShopID), Tool: tool, Name: in.Name, Period: period(*in.Period), Items: make([]promo.DiscountedItemDraft, len(in.Items)), IdempotencyKey: key,
	}
	for i, item := range in.Items {
		draft.Items[i] = promo.DiscountedItemDraft{
			Product: productIDs([]string{item.ProductID})[0], Price: moneyInput(item.Price), Percent: item.Percent, QuantityLimit: item.QuantityLimit,
		}
	}
	return draft, err
}

// settings reads the terms of a voucher; parent is the input that they stand in.
func settings(in *model.VoucherSettingsInput, parent string) (promo.Settings, error) {
	s := promo.Settings{
		Name: in.Name, Period: period(*in.ClaimPeriod), MinimumSpend: moneyInput(in.MinimumSpend), Products: productIDs(in.ProductIds),
		TotalQuantity: in.TotalQuantity, ClaimsPerCustomer: in.ClaimsPerCustomer,
	}
	var err error
	if s.Discount, err = discountInput(*in.Discount, parent); err != nil || in.Validity == nil {
		return s, err
	}
	s.Validity, err = validity(*in.Validity, parent)
	return s, err
}

// Of a key whose value is a variable of its own that is null, only discountInput and validity can tell. parent is the input
// that they stand in.

func discountInput(in model.DiscountInput, parent string) (promo.DiscountInput, error) {
	d := promo.DiscountInput{AmountOff: moneyInput(in.AmountOff)}
	if off := in.PercentOff; off != nil {
		d.PercentOff = &promo.PercentOffInput{Percent: off.Percent, MaximumDiscount: moneyInput(off.MaximumDiscount)}
	}
	if (d.AmountOff == nil) == (d.PercentOff == nil) {
		return d, invalid("Give exactly one of amountOff and percentOff.", "input", parent, "discount")
	}
	return d, nil
}

func validity(in model.ValidityInput, parent string) (*promo.Validity, error) {
	v := &promo.Validity{DaysAfterClaim: in.DaysAfterClaim}
	if in.Period != nil {
		v.Period = new(period(*in.Period))
	}
	if (v.Period == nil) == (v.DaysAfterClaim == nil) {
		return nil, invalid("Give exactly one of period and daysAfterClaim.", "input", parent, "validity")
	}
	return v, nil
}

func period(in model.PeriodInput) promo.Period { return promo.Period{From: in.From, To: in.To} }

func moneyInput(in *model.MoneyInput) *promo.MoneyInput {
	if in == nil {
		return nil
	}
	return &promo.MoneyInput{Amount: in.Amount, Currency: in.Currency}
}

// longestKey bounds idempotency keys, in bytes.
const longestKey = 100

func idempotencyKey(in *string) (string, error) {
	if in == nil {
		return "", nil
	}
	if len(*in) < 1 || len(*in) > longestKey {
		return "", invalid("An idempotency key has 1 to 100 characters.", "input", "idempotencyKey")
	}
	return *in, nil
}

func claimRequest(a promo.Actor, in model.ClaimVoucherInput) (promo.ClaimRequest, error) {
	key, err := idempotencyKey(in.IdempotencyKey)
	if err != nil {
		return promo.ClaimRequest{}, err
	}
	v, _ := voucherID(in.VoucherID) // a malformed id is refused as that of a voucher that does not exist
	r := promo.ClaimRequest{Voucher: v, Subject: a.Subject, IdempotencyKey: key}
	if in.LivestreamID != nil {
		r.Livestream = livestreamID(*in.LivestreamID)
	}
	return r, nil
}

func coreDataParams(in model.CoreDataInput, s promo.Shop) warehouse.CoreDataParams {
	p := warehouse.CoreDataParams{
		Shop: s, Period: period(*in.Period), Tools: in.Tools, Channels: in.Channels, TierGroup: in.TierGroup, Tiers: in.Tiers,
		Granularity: in.Granularity, GroupBy: in.GroupBy, CompareTo: in.CompareTo, RefundsBy: in.RefundsBy, Limit: in.Limit, OrderBy: in.OrderBy,
	}
	if in.TimeZone != nil {
		p.TimeZone = *in.TimeZone
	}
	return p
}

func invalid(message string, field ...string) error {
	return &promo.Error{Code: promo.InvalidInput, Message: message, Field: field}
}
