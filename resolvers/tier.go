package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// Tiers is the store of tier groups.
type Tiers interface {
	CreateTiers(ctx context.Context, a promo.Actor, d promo.TiersDraft) ([]*promo.Voucher, []promo.Warning, error)
	AssignTiers(ctx context.Context, a promo.Actor, d promo.TierAssignment) ([]*promo.Voucher, error)
	VouchersOfTiers(ctx context.Context, a promo.Actor, shop promo.ShopID, group string) ([]promo.ScopedVoucher, error)
}

// TierGroup and Tier are the seller's business.
func (voucher) TierGroup(ctx context.Context, v *promo.Voucher) (*string, error) {
	if v.TierPlace == nil || actor(ctx).Role == promo.RoleBuyer {
		return nil, nil
	}
	return &v.TierPlace.Group, nil
}

func (voucher) Tier(ctx context.Context, v *promo.Voucher) (*promo.SpendTier, error) {
	if v.TierPlace == nil || actor(ctx).Role == promo.RoleBuyer {
		return nil, nil
	}
	return &v.TierPlace.Tier, nil
}

func (r mutation) CreateVoucherTiers(ctx context.Context, input model.CreateVoucherTiersInput) (*model.CreateVoucherTiersPayload, error) {
	draft, err := tiersDraft(input)
	if err != nil {
		return nil, err
	}
	vouchers, warnings, err := r.Tiers.CreateTiers(ctx, actor(ctx), draft)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.CreateVoucherTiersPayload{Vouchers: values(vouchers), Warnings: warnings, UserErrors: refused}, nil
}

func (r mutation) AssignVoucherTiers(ctx context.Context, input model.AssignVoucherTiersInput) (*model.AssignVoucherTiersPayload, error) {
	assignment, err := tierAssignment(input)
	if err != nil {
		return nil, err
	}
	vouchers, err := r.Tiers.AssignTiers(ctx, actor(ctx), assignment)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.AssignVoucherTiersPayload{Vouchers: values(vouchers), UserErrors: refused}, nil
}

func (r query) TierComparison(ctx context.Context, shopID, tierGroup string, in model.PeriodInput) (*warehouse.TierComparison, error) {
	s, err := r.shop(ctx, shopID)
	if err != nil {
		return nil, atField(err, "shopId")
	}
	vouchers, err := r.Tiers.VouchersOfTiers(ctx, actor(ctx), s.ID, tierGroup)
	if err != nil {
		return nil, atField(err, "tierGroup")
	}
	params := warehouse.TierComparisonParams{Shop: *s, Period: period(in), Group: tierGroup, Vouchers: vouchers}
	comparison, err := r.Reports.TierComparison(ctx, params)
	keep(ctx, keptTiers{params, comparison})
	return comparison, err
}

func tiersDraft(in model.CreateVoucherTiersInput) (promo.TiersDraft, error) {
	d := promo.TiersDraft{Shop: shopID(in.ShopID), Tool: in.Tool, Group: in.TierGroup, Acknowledged: in.AcknowledgedWarnings}
	if err := checkVoucherTool(in.Tool); err != nil {
		return d, err
	}
	for i, tier := range []struct {
		field    string
		settings *model.VoucherSettingsInput
	}{{"low", in.Low}, {"medium", in.Medium}, {"high", in.High}} {
		terms, err := settings(tier.settings, tier.field)
		if err != nil {
			return d, err
		}
		d.Settings[i] = terms
	}
	var err error
	d.IdempotencyKey, err = idempotencyKey(in.IdempotencyKey)
	return d, err
}

// mostAssigned bounds the vouchers of an assignment: they come back in one list.
const mostAssigned = 100

func tierAssignment(in model.AssignVoucherTiersInput) (promo.TierAssignment, error) {
	d := promo.TierAssignment{Shop: shopID(in.ShopID), Group: in.TierGroup}
	if len(in.Low)+len(in.Medium)+len(in.High) > mostAssigned {
		return d, invalid("A hundred vouchers can be assigned at a time.", "input")
	}
	for i, ids := range [][]string{in.Low, in.Medium, in.High} {
		for _, id := range ids {
			v, _ := voucherID(id) // a malformed id is refused as that of a voucher that does not exist
			d.Vouchers[i] = append(d.Vouchers[i], v)
		}
	}
	return d, nil
}

// values are what the pointers point to; nil if there is no list.
func values[T any](list []*T) (values []T) {
	if list == nil {
		return nil
	}
	values = make([]T, len(list))
	for i, item := range list {
		values[i] = *item
	}
	return values
}
