package history

import (
	"testing"

	"voucherhouse/promo"
)

// goodShop has five orders: A is paid with ann's claim 1 and two units of the deal, and one of its cups was given back; B waits
// with bob's claim 2 and a unit; C was paid and cancelled; D was given back wholly; E was cancelled before it was paid.
func goodShop() (Shop, Told) {
	s := Shop{
		Sales: []Sale{
			{ID: 1, Number: "A", Buyer: "ann", Status: promo.OrderPartiallyRefunded, Paid: true, Cups: 2, Saucers: 1, Deal: 2, Claim: 1,
				Payable: 1534, CupsBack: 1, Refunds: map[string]int64{"r": 613}, Facts: 1, Net: 921},
			{ID: 2, Number: "B", Buyer: "bob", Status: promo.OrderPending, Cups: 1, Deal: 1, Held: 1, Claim: 2, Payable: 501},
			{ID: 3, Number: "C", Buyer: "cid", Status: promo.OrderCancelled, Paid: true, Cups: 1, Payable: 1000, CupsBack: 1, Facts: 1},
			{ID: 4, Number: "D", Buyer: "cid", Status: promo.OrderRefunded, Paid: true, Saucers: 1, Payable: 333, SaucersBack: 1,
				Refunds: map[string]int64{"r": 333}, Facts: 1},
			{ID: 5, Number: "E", Buyer: "cid", Status: promo.OrderCancelled, Cups: 1, Claim: 3, Payable: 801},
		},
		Deal:   Deal{Limit: 3, Sold: 2, Reserved: 1},
		Claims: map[int64]Held{1: {Buyer: "ann", Redeemed: 1}, 2: {Buyer: "bob", Reserved: 2}, 3: {Buyer: "cid"}},
	}
	order := func(number string) Request { return Request{Key: number} }
	return s, Told{
		Placed: []Answer{
			{Request: order("A"), Made: 1, Amount: 1534}, {Request: order("A"), Made: 1, Amount: 1534},
			{Request: order("B")}, // placed, and never told
			{Request: order("C"), Refused: "QUOTE_CHANGED", Amount: 1000}, {Request: order("C"), Made: 3, Amount: 1000},
			{Request: order("D"), Made: 4, Amount: 333}, {Request: order("E"), Made: 5, Amount: 801},
		},
		Paid: []Answer{
			{Request: order("A"), Made: 1}, {Request: order("A"), Made: 1}, {Request: order("C"), Made: 3}, {Request: order("C"), Refused: "NOT_PENDING"},
			{Request: order("D")}, {Request: order("E"), Refused: "NOT_PENDING"},
		},
		Cancelled: []Answer{
			{Request: order("A"), Refused: "NOT_PENDING"}, {Request: order("C"), Made: 3}, {Request: order("C"), Refused: "ALREADY_CANCELLED"},
			{Request: order("E")}, {Request: order("E"), Refused: "ALREADY_CANCELLED"},
		},
		Refunded: []Answer{
			{Request: Request{"A", "r"}, Units: 1, Made: 1, Amount: 613}, {Request: Request{"A", "r"}, Units: 1, Made: 1, Amount: 613},
			{Request: Request{"A", "s"}, Units: 2, Refused: "REFUND_EXCEEDS_PAID"}, {Request: Request{"A", "t"}, Units: 1}, // not made
			{Request: Request{"C", "r"}, Refused: "NOT_PAID"}, {Request: Request{"D", "r"}}, {Request: Request{"D", "s"}, Refused: "REFUND_EXCEEDS_PAID"},
		},
	}
}

func TestEveryViolationOfSalesIsFound(t *testing.T) {
	t.Parallel()
	s, told := goodShop()
	wantViolations(t, s.Violations(told))
	for name, c := range map[string]struct {
		breaks func(s *Shop, told *Told)
		want   []string
	}{
		"another price": {func(s *Shop, _ *Told) { s.Sales[1].Payable = 700 }, []string{"order B costs 700, its lines and its claim 501"}},
		"another price than was told": {func(_ *Shop, told *Told) { told.Placed[0].Amount = 1733 }, []string{
			"{ A} was answered with an amount of 1733, the ledger has 1534"}},
		"paid without a payment":    {func(s *Shop, _ *Told) { s.Sales[1].Paid, s.Sales[1].Facts = true, 1 }, []string{"order B is PENDING; paid once: true", "{ B}, which nobody asked for"}},
		"it expired":                {func(s *Shop, _ *Told) { s.Sales[4].Status = promo.OrderExpired }, []string{"order E is EXPIRED", "{ E} was answered ALREADY_CANCELLED", "{ E} was answered NOT_PENDING"}},
		"paid twice":                {func(s *Shop, _ *Told) { s.Sales[0].Facts, s.Sales[0].Net = 2, 921+1534 }, []string{"order A has 2 facts", "order A has facts of 2455 in all"}},
		"paid without a fact":       {func(s *Shop, _ *Told) { s.Sales[0].Facts = 0 }, []string{"order A has 0 facts"}},
		"units are left reserved":   {func(s *Shop, _ *Told) { s.Sales[4].Held, s.Deal.Reserved = 1, 2 }, []string{"order E of 0 units holds 1", "of 3 units", "counts 2 units as reserved, pending orders have 1"}},
		"units are not reserved":    {func(s *Shop, _ *Told) { s.Sales[1].Held, s.Deal.Reserved = 0, 0 }, []string{"order B of 1 units holds 0", "counts 0 units as reserved"}},
		"units are sold twice":      {func(s *Shop, _ *Told) { s.Deal.Sold = 4 }, []string{"of 3 units, 4 are sold", "counts 4 units as sold, paid orders have 2"}},
		"more units than there are": {func(s *Shop, _ *Told) { s.Deal.Limit = 2 }, []string{"of 2 units"}},
		"more back than was paid":   {func(s *Shop, _ *Told) { s.refund(0, "u", 1000) }, []string{"of 1534 paid 1613 came back", "{A u}, which nobody asked for"}},
		"not all back":              {func(s *Shop, told *Told) { s.Sales[3].Refunds["r"], s.Sales[3].Net = 332, 1 }, []string{"order D is REFUNDED; of 333 paid 332 came back"}},
		"back and not said":         {func(s *Shop, _ *Told) { s.Sales[0].Status = promo.OrderPaid }, []string{"order A is PAID; of 1534 paid 613 came back"}},
		"cancelled and refunded":    {func(s *Shop, told *Told) { s.refund(2, "r", 10); told.Refunded[4].Refused = "" }, []string{"order C is CANCELLED; of 1000 paid 10 came back"}},
		"cancelled, and some kept":  {func(s *Shop, _ *Told) { s.Sales[2].CupsBack, s.Sales[2].Net = 0, 1000 }, []string{"order C is CANCELLED", "order C has facts of 1000 in all"}},
		"a refund's fact is lost":   {func(s *Shop, _ *Told) { s.Sales[0].Net = 1534 }, []string{"order A has facts of 1534 in all, the buyer has paid 921"}},
		"a refund is lost": {func(s *Shop, _ *Told) { s.Sales[0].forget() }, []string{
			"{A r} was answered with 1, which is lost", "{A r} was answered with 1, which is lost", "{A s} was refused with REFUND_EXCEEDS_PAID, though there was room"}},
		"another refund":             {func(_ *Shop, told *Told) { told.Refunded[1].Amount = 614 }, []string{"{A r} was answered with an amount of 614, the ledger has 613"}},
		"refused though it was made": {func(_ *Shop, told *Told) { told.Refunded[5].Refused = "REFUND_EXCEEDS_PAID" }, []string{"{D r} was refused with REFUND_EXCEEDS_PAID, though the ledger has 4"}},
		"refused too soon":           {func(_ *Shop, told *Told) { told.Refunded[3].Refused = "REFUND_EXCEEDS_PAID" }, []string{"{A t} was refused with REFUND_EXCEEDS_PAID, though there was room"}},
		"refused for nothing":        {func(_ *Shop, told *Told) { told.Refunded[3].Refused = "NOT_PAID" }, []string{"{A t} was answered NOT_PAID"}},
		"nobody wanted it back":      {func(_ *Shop, told *Told) { told.Refunded = told.Refunded[2:] }, []string{"the ledger has 1 for {A r}, which nobody asked for"}},
		"redeemed twice": {func(s *Shop, _ *Told) { s.Sales[3].use(1, "ann") }, []string{
			"claim 1 is order D's, and another's", "claim 1 is {Buyer:ann Reserved:0 Redeemed:1}", "{ D} was answered with an amount of 333, the ledger has 134"}},
		"redeemed and reserved":      {func(s *Shop, _ *Told) { s.Claims[1] = Held{"ann", 2, 1} }, []string{"claim 1 is {Buyer:ann Reserved:2 Redeemed:1}, by the orders it is {Buyer:ann Reserved:0 Redeemed:1}"}},
		"a reservation is left":      {func(s *Shop, _ *Told) { s.Claims[3] = Held{"cid", 5, 0} }, []string{"claim 3 is {Buyer:cid Reserved:5 Redeemed:0}"}},
		"a redemption is left":       {func(s *Shop, _ *Told) { s.Claims[3] = Held{"cid", 0, 5} }, []string{"claim 3 is {Buyer:cid Reserved:0 Redeemed:5}"}},
		"a redemption is lost":       {func(s *Shop, _ *Told) { s.Claims[1] = Held{"ann", 0, 0} }, []string{"claim 1 is {Buyer:ann Reserved:0 Redeemed:0}"}},
		"a claim is lost":            {func(s *Shop, _ *Told) { delete(s.Claims, 1) }, []string{"claim 1, which an order uses, is lost"}},
		"somebody else's claim":      {func(s *Shop, _ *Told) { s.Sales[1].Buyer = "ann" }, []string{"claim 2 is {Buyer:bob Reserved:2 Redeemed:0}, by the orders it is {Buyer:ann"}},
		"two with one number":        {func(s *Shop, _ *Told) { s.Sales = append(s.Sales, s.Sales[4]); s.Sales[5].ID = 6 }, []string{"orders 5 and 6 have the number E", "{ E} was answered with 5, the ledger has 6"}},
		"an order is lost":           {func(s *Shop, _ *Told) { s.Sales = s.Sales[:4] }, []string{"{ E} was answered with 5, which is lost", "{ E} was answered NOT_PENDING", "{ E} was answered ALREADY_CANCELLED"}},
		"nobody placed it":           {func(_ *Shop, told *Told) { told.Placed[2].Key = "A" }, []string{"the ledger has 2 for { B}, which nobody asked for"}},
		"refused for no reason":      {func(_ *Shop, told *Told) { told.Placed[2].Refused = "CONFLICT" }, []string{"{ B} was refused with CONFLICT, though the ledger has 2"}},
		"a payment is lost":          {func(s *Shop, _ *Told) { s.Sales[2].Paid, s.Sales[2].Facts, s.Sales[2].CupsBack = false, 0, 0 }, []string{"{ C} was answered with 3, which is lost"}},
		"a payment was refused":      {func(_ *Shop, told *Told) { told.Paid[4].Refused = "RESERVATION_EXPIRED" }, []string{"{ D} was refused with RESERVATION_EXPIRED, though the ledger has 4"}},
		"a cancellation is lost":     {func(s *Shop, _ *Told) { s.Sales[2] = s.Sales[2].revived() }, []string{"{ C} was answered with 3, which is lost", "{ C} was answered ALREADY_CANCELLED", "{ C} was refused with NOT_PENDING, though the ledger has 3", "{C r} was answered NOT_PAID"}},
		"cancelled twice":            {func(_ *Shop, told *Told) { told.Cancelled[2] = told.Cancelled[1] }, []string{"{ C} was granted twice"}},
		"nobody cancelled it":        {func(_ *Shop, told *Told) { told.Cancelled = told.Cancelled[:3] }, []string{"the ledger has 5 for { E}, which nobody asked for"}},
		"not cancelled for nothing":  {func(_ *Shop, told *Told) { told.Cancelled[3].Refused = "NOT_PENDING" }, []string{"{ E} was refused with NOT_PENDING, though the ledger has 5"}},
		"cancelled once it was paid": {func(_ *Shop, told *Told) { told.Cancelled[0].Made, told.Cancelled[0].Refused = 1, "" }, []string{"{ A} was answered with 1, which is lost"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, told := goodShop()
			c.breaks(&s, &told)
			wantViolations(t, s.Violations(told), c.want...)
		})
	}
}

// refund gives something back of an order, as far as money is concerned.
func (s *Shop) refund(place int, number string, amount int64) {
	sale := &s.Sales[place]
	if sale.Refunds == nil {
		sale.Refunds = map[string]int64{}
	}
	sale.Refunds[number] = amount
	if sale.sold() {
		sale.Net -= amount
	}
}

// forget is the order before anything was given back of it.
func (s *Sale) forget() {
	s.Status, s.CupsBack, s.Refunds, s.Net = promo.OrderPaid, 0, nil, s.Payable
}

// revived is the order as if it had not been cancelled.
func (s Sale) revived() Sale {
	s.forget()
	return s
}

// use has the order use a claim.
func (s *Sale) use(claim int64, buyer string) {
	s.Claim, s.Buyer, s.Payable = claim, buyer, s.Payable-voucherOff
	s.Refunds["r"] = s.Payable
}
