package postgres

import (
	"context"

	"voucherhouse/promo"
)

// Claim makes one claim for a buyer, or refuses with the first rule that forbids it (product.md Q3). The claim is durable
// when it is answered. The voucher comes with both answers, unless there is none.
func (l *Ledger) Claim(ctx context.Context, r promo.ClaimRequest) (*promo.Claim, *promo.Voucher, error) {
	p, err := l.claims.join(r)
	if err != nil {
		return nil, nil, err
	}
	select {
	case <-p.settled:
		return p.claim, p.voucher, p.err
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// claimScope is what a batch acts in: the vouchers' shop, and all buyers.
func claimScope(shop promo.ShopID) scope {
	return scope{role: roleClaims, shops: []promo.ShopID{shop}}
}
