package resolvers

import (
	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/graph/model"
	"voucherhouse/promo"
)

// edits reads what is to change of a voucher. Null where a voucher cannot be without is refused.
func edits(in *model.VoucherChangesInput) (promo.Edits, error) {
	if in == nil {
		return promo.Edits{}, nil
	}
	for _, required := range []struct {
		field   string
		cleared bool
	}{
		{"name", cleared(in.Name)}, {"claimPeriod", cleared(in.ClaimPeriod)}, {"discount", cleared(in.Discount)},
		{"totalQuantity", cleared(in.TotalQuantity)}, {"claimsPerCustomer", cleared(in.ClaimsPerCustomer)},
	} {
		if required.cleared {
			return promo.Edits{}, invalid("A voucher cannot be without this: leave it out to keep it as it is.", "input", "changes", required.field)
		}
	}
	e := promo.Edits{
		Name: in.Name.Value(), TotalQuantity: in.TotalQuantity.Value(), ClaimsPerCustomer: in.ClaimsPerCustomer.Value(),
		MinimumSpend: promo.Clearable[promo.MoneyInput]{Given: in.MinimumSpend.IsSet(), To: moneyInput(in.MinimumSpend.Value())},
		Products:     promo.Clearable[[]promo.ProductID]{Given: in.ProductIds.IsSet()},
		Validity:     promo.Clearable[promo.Validity]{Given: in.Validity.IsSet()},
	}
	if ids := in.ProductIds.Value(); ids != nil {
		e.Products.To = new(productIDs(ids))
	}
	if p := in.ClaimPeriod.Value(); p != nil {
		e.Period = new(period(*p))
	}
	return e, oneOfEach(&e, in)
}

// oneOfEach reads the fields of which exactly one must be given.
func oneOfEach(e *promo.Edits, in *model.VoucherChangesInput) (err error) {
	if d := in.Discount.Value(); d != nil {
		off, err := discountInput(*d, "changes")
		if err != nil {
			return err
		}
		e.Discount = &off
	}
	if v := in.Validity.Value(); v != nil {
		e.Validity.To, err = validity(*v, "changes")
	}
	return err
}

// cleared tells whether null was given.
func cleared[T any](o graphql.Omittable[*T]) bool { return o.IsSet() && o.Value() == nil }
