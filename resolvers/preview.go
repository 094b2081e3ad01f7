package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/promo"
)

// Previews says what would be made of drafts.
type Previews interface {
	PreviewVoucher(ctx context.Context, a promo.Actor, d promo.Draft) (promo.Preview, error)
}

func (r query) PreviewVoucher(ctx context.Context, input model.PreviewVoucherInput) (*model.VoucherPreview, error) {
	draft, err := previewDraft(input)
	if err != nil {
		return nil, err
	}
	p, err := r.Previews.PreviewVoucher(ctx, actor(ctx), draft)
	refused, err := refusals(err)
	if err != nil {
		return nil, err
	}
	return &model.VoucherPreview{Warnings: p.Warnings, EstimatedSpend: p.EstimatedSpend, Suggestion: p.Suggestion, UserErrors: refused}, nil
}

// previewDraft asks for a regular voucher on the shop's page: where it is shown changes nothing that a preview says.
func previewDraft(in model.PreviewVoucherInput) (promo.Draft, error) {
	if err := checkVoucherTool(in.Tool); err != nil {
		return promo.Draft{}, err
	}
	return draft(promo.Draft{Tool: in.Tool, DisplayChannel: promo.ShopPage}, in.ShopID, in.Settings, nil)
}

// checkVoucherTool keeps promotions that are no vouchers away from the rules of vouchers.
func checkVoucherTool(tool promo.Tool) error {
	if tool.IsVoucher() {
		return nil
	}
	return invalid("The tool must be REGULAR_VOUCHER, LIVE_VOUCHER or CHAT_COUPON.", "input", "tool")
}
