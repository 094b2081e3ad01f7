package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// Advice answers from the ledger what a seller might do better.
type Advice interface {
	MinimumSpendSuggestion(ctx context.Context, a promo.Actor, shop promo.ShopID, days int) (promo.MinimumSpendSuggestion, error)
	BacktestVoucher(ctx context.Context, a promo.Actor, d promo.Draft, days int) (*promo.Backtest, error)
	VoucherToDiagnose(ctx context.Context, a promo.Actor, id promo.VoucherID) (promo.Diagnosed, error)
}

func (r query) MinimumSpendSuggestion(ctx context.Context, shop string, days int) (*promo.MinimumSpendSuggestion, error) {
	s, err := r.Advice.MinimumSpendSuggestion(ctx, actor(ctx), shopID(shop), days)
	if err != nil {
		return nil, atField(err, "shopId")
	}
	return &s, nil
}

func (r query) DiagnoseVoucher(ctx context.Context, id string) (*warehouse.VoucherDiagnosis, error) {
	v, _ := voucherID(id) // a malformed id is refused as that of a voucher that does not exist
	d, err := r.Advice.VoucherToDiagnose(ctx, actor(ctx), v)
	if err != nil {
		return nil, atField(err, "voucherId")
	}
	return r.Reports.DiagnoseVoucher(ctx, d)
}

// BacktestVoucher asks for a regular voucher on the shop's page: kind and place change nothing at checkout.
func (r query) BacktestVoucher(ctx context.Context, input model.BacktestVoucherInput) (*promo.Backtest, error) {
	d, err := draft(promo.Draft{Tool: promo.RegularVoucher, DisplayChannel: promo.ShopPage}, input.ShopID, input.Settings, nil)
	if err != nil {
		return nil, err
	}
	b, err := r.Advice.BacktestVoucher(ctx, actor(ctx), d, input.Days)
	if err != nil {
		return nil, refuseInput(ctx, err)
	}
	return b, nil
}
