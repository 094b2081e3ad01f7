package promo

import "slices"

// Clearable is a value that a caller may leave out, or clear.
type Clearable[T any] struct {
	// Given says that it was not left out.
	Given bool
	// To is the new value. Nil clears.
	To *T
}

// or is the value given, else the one that stays.
func (c Clearable[T]) or(stays *T) *T {
	if c.Given {
		return c.To
	}
	return stays
}

// Edits are what a seller wants of a voucher to be different. What is nil or not given stays.
type Edits struct {
	Name   *string
	Period *Period
	// Validity is cleared to the claim period.
	Validity     Clearable[Validity]
	Discount     *DiscountInput
	MinimumSpend Clearable[MoneyInput]
	// Products are cleared to the entire shop.
	Products          Clearable[[]ProductID]
	TotalQuantity     *int
	ClaimsPerCustomer *int
}

// Edit asks for edits of a voucher as the caller saw it.
type Edit struct {
	Voucher VoucherID
	// Version is the one that the caller saw.
	Version      int
	Edits        Edits
	Acknowledged []WarningCode
}

// Cloning asks for a new voucher like another one, with edits.
type Cloning struct {
	Voucher      VoucherID
	Edits        Edits
	Acknowledged []WarningCode
	// IdempotencyKey makes repeats safe. Empty: none.
	IdempotencyKey string
}

// Redraft asks for the voucher once more, with edits. Products are those in its scope now; a draft has no counters,
// claims or tier group, and the acknowledgements are new ones (product.md V16).
func (v *Voucher) Redraft(products []ProductID, e Edits, acknowledged []WarningCode) Draft {
	s := v.settings(products)
	if e.Name != nil {
		s.Name = *e.Name
	}
	if e.Period != nil {
		s.Period = *e.Period
	}
	s.Validity = e.Validity.or(s.Validity)
	if e.Discount != nil {
		s.Discount = *e.Discount
	}
	s.MinimumSpend = e.MinimumSpend.or(s.MinimumSpend)
	if e.Products.Given {
		s.Products = nil
		if e.Products.To != nil {
			s.Products = *e.Products.To
		}
	}
	if e.TotalQuantity != nil {
		s.TotalQuantity = *e.TotalQuantity
	}
	if e.ClaimsPerCustomer != nil {
		s.ClaimsPerCustomer = *e.ClaimsPerCustomer
	}
	return Draft{
		Shop: v.ID.Shop, Tool: v.Tool, DisplayChannel: v.DisplayChannel, Settings: s, Acknowledged: acknowledged, from: "changes",
	}
}

// settings are the voucher's terms as a caller would write them. A validity that is the claim period is left out, so that
// it follows the claim period.
func (v *Voucher) settings(products []ProductID) Settings {
	s := Settings{
		Name: v.Name, Period: v.Period, Validity: new(v.Validity), TotalQuantity: v.TotalQuantity, ClaimsPerCustomer: v.ClaimsPerCustomer,
		MinimumSpend: v.MinimumSpend.input(),
	}
	if p := v.Validity.Period; p != nil && p.From.Equal(v.Period.From) && p.To.Equal(v.Period.To) {
		s.Validity = nil
	}
	switch d := v.Discount.(type) {
	case AmountOff:
		s.Discount.AmountOff = d.Amount.input()
	case PercentOff:
		s.Discount.PercentOff = &PercentOffInput{Percent: d.Percent.Decimal(), MaximumDiscount: d.MaximumDiscount.input()}
	}
	if v.Scope == SpecificProducts {
		s.Products = products
	}
	return s
}

func (m *Money) input() *MoneyInput {
	if m == nil {
		return nil
	}
	return &MoneyInput{Amount: m.Amount(), Currency: string(m.Currency)}
}

// Edit makes the voucher what the draft says, which is a Redraft with the same products, for an actor who saw the given
// version, if product.md V12 allows every change. It gives what has changed for the history, where the ledger fills in
// what products are called; nothing has if that is empty. Warnings are given in any case.
func (v *Voucher) Edit(a Actor, version int, d Draft, products []ProductID, c Context) ([]Change, []Warning, error) {
	stands := v.Standing(c.Now)
	switch {
	case !stands.mayEver(a, ActionUpdate):
		return nil, nil, ErrForbidden
	case freedoms[stands.Status] == nil:
		return nil, nil, notEditable
	case version != v.Version:
		return nil, nil, versionConflict
	}
	was := v.settings(products)
	if locked := stands.locked(a, was, d.Settings); len(locked) > 0 {
		return nil, v.Warnings(), locked
	}
	fields := changedFields(was, d.Settings)
	if len(fields) == 0 {
		return nil, v.Warnings(), nil
	}
	if stands.Freedom(a, FieldTotalQuantity) == OnlyUp {
		// Nothing else can have changed, and nothing else is judged again.
		err := v.raise(d.Settings.TotalQuantity, d.from, string(FieldTotalQuantity))
		return fieldChanges(fields, was, d.Settings), v.Warnings(), err
	}
	warnings, err := v.rewrite(d, c, fields)
	return fieldChanges(fields, was, d.Settings), warnings, err
}

// locked names every field that was asked to change in a way that the actor may not change it.
func (s Standing) locked(a Actor, was, becomes Settings) (locked Refusals) {
	for _, f := range changedFields(was, becomes) {
		free := s.Freedom(a, f)
		follows := f == FieldValidity && was.Validity == nil && becomes.Validity == nil // with the claim period, which is named
		if free == Free || free == OnlyUp && becomes.TotalQuantity > was.TotalQuantity || follows {
			continue
		}
		locked.refuse("FIELD_LOCKED", "While buyers can claim the voucher only its total quantity may change, and only upward.", "changes", string(f))
	}
	return locked
}

// priced are the fields that the warning about a low maximum discount and advice look at (product.md V9, V10).
var priced = []Field{FieldDiscount, FieldMinimumSpend, FieldProductIDs}

// rewrite holds the draft against the rules of a new voucher and takes it over. What was acknowledged stays so until
// something changes that the warning looks at.
func (v *Voucher) rewrite(d Draft, c Context, changed []Field) ([]Warning, error) {
	check := checker{draft: d, context: c}
	next := *v
	next.Terms, next.Version = check.terms(), v.Version+1
	if slices.ContainsFunc(changed, func(f Field) bool { return slices.Contains(priced, f) }) {
		next.ReferencePrice = referencePrice(next.MinimumSpend, c.MedianPrice)
		next.advise(d.Settings, c)
		check.acknowledged(next.Warnings())
	}
	if len(check.refusals) > 0 {
		return next.Warnings(), check.refusals
	}
	*v = next
	return v.Warnings(), nil
}
