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
	f := promo.PromotionFilter{Tools: in.Tools, Statuses: in.Statuses, Name: in.Name}
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

func regularDraft(in model.CreateRegularVoucherInput) (promo.Draft, error) {
	key, err := relay.KeyOf(promo.KindShop, in.ShopID)
	if err != nil {
		key.Shop = 0 // nobody's: refused as unknown, with its field
	}
	settings, err := settings(*in.Settings)
	if err != nil {
		return promo.Draft{}, err
	}
	idempotencyKey, err := idempotencyKey(in.IdempotencyKey)
	return promo.Draft{
		Shop: key.Shop, Tool: promo.RegularVoucher, DisplayChannel: in.DisplayChannel, Settings: settings,
		Acknowledged: in.AcknowledgedWarnings, IdempotencyKey: idempotencyKey,
	}, err
}

func settings(in model.VoucherSettingsInput) (promo.Settings, error) {
	s := promo.Settings{
		Name: in.Name, Period: period(*in.ClaimPeriod), MinimumSpend: moneyInput(in.MinimumSpend), Products: productIDs(in.ProductIds),
		TotalQuantity: in.TotalQuantity, ClaimsPerCustomer: in.ClaimsPerCustomer,
	}
	// The executor checks @oneOf in literals, but not in variables.
	if (in.Discount.AmountOff == nil) == (in.Discount.PercentOff == nil) {
		return s, invalid("Give exactly one of amountOff and percentOff.", "input", "settings", "discount")
	}
	s.Discount.AmountOff = moneyInput(in.Discount.AmountOff)
	if off := in.Discount.PercentOff; off != nil {
		s.Discount.PercentOff = &promo.PercentOffInput{Percent: off.Percent, MaximumDiscount: moneyInput(off.MaximumDiscount)}
	}
	if v := in.Validity; v != nil {
		if (v.Period == nil) == (v.DaysAfterClaim == nil) {
			return s, invalid("Give exactly one of period and daysAfterClaim.", "input", "settings", "validity")
		}
		s.Validity = &promo.Validity{DaysAfterClaim: v.DaysAfterClaim}
		if v.Period != nil {
			p := period(*v.Period)
			s.Validity.Period = &p
		}
	}
	return s, nil
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
	return promo.ClaimRequest{Voucher: v, Subject: a.Subject, IdempotencyKey: key}, nil
}

func coreDataParams(in model.CoreDataInput, s promo.Shop) (warehouse.CoreDataParams, error) {
	p := warehouse.CoreDataParams{
		Shop: s, Period: period(*in.Period), Tools: in.Tools, Granularity: in.Granularity, GroupBy: in.GroupBy, Limit: in.Limit, OrderBy: in.OrderBy,
	}
	if in.TimeZone != nil {
		p.TimeZone = *in.TimeZone
	}
	if in.PromotionIds == nil {
		return p, nil
	}
	p.Promotions = make([]int64, len(in.PromotionIds))
	for i, id := range in.PromotionIds {
		v, err := voucherID(id)
		if err != nil || v.Shop != s.ID {
			return p, &promo.Error{Code: promo.NotFound, Message: promo.ErrNotFound.Message, Field: []string{"input", "promotionIds"}}
		}
		p.Promotions[i] = v.Serial
	}
	return p, nil
}

func invalid(message string, field ...string) error {
	return &promo.Error{Code: promo.InvalidInput, Message: message, Field: field}
}
