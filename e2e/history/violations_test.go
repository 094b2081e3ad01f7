package history

import (
	"strings"
	"testing"
)

// goodVoucher is sold out: ann has two of its three copies, bob one, and what they and cid were told is true.
func goodVoucher() (Voucher, []Answer) {
	told := []Answer{
		{Request: Request{"ann", "k1"}, Units: 1}, // no answer came, hence the repeat
		{Request: Request{"ann", "k1"}, Units: 1, Made: 11},
		{Request: Request{"ann", "k1"}, Units: 1, Made: 11},
		{Request: Request{"ann", "k2"}, Units: 1, Made: 12},
		{Request: Request{"ann", "k3"}, Units: 1, Refused: "CUSTOMER_LIMIT_REACHED"},
		{Request: Request{"bob", "k1"}, Units: 1}, // made, and never told
		{Request: Request{"cid", "k1"}, Units: 1, Refused: "SOLD_OUT"},
		{Request: Request{"cid", "k2"}, Units: 1}, // not made, and never told
	}
	return Voucher{
		Quantity: 3, PerBuyer: 2, Counter: 3,
		Claims: map[int64]string{11: "ann", 12: "ann", 13: "bob"},
		Keys:   map[Request]int64{{"ann", "k1"}: 11, {"ann", "k2"}: 12, {"bob", "k1"}: 13},
		Facts:  map[string]int{"ann": 2, "bob": 1},
	}, told
}

func TestEveryViolationOfClaimsIsFound(t *testing.T) {
	t.Parallel()
	v, told := goodVoucher()
	wantViolations(t, v.Violations(told))
	for name, c := range map[string]struct {
		breaks func(v *Voucher, told []Answer)
		want   []string
	}{
		"more than the quantity":  {func(v *Voucher, _ []Answer) { v.Quantity = 2 }, []string{"3 claims of 2 copies"}},
		"more than a buyer may":   {func(v *Voucher, _ []Answer) { v.PerBuyer = 1 }, []string{"ann has 2 claims, and may have 1"}},
		"a claim is not counted":  {func(v *Voucher, _ []Answer) { v.Counter = 2 }, []string{"counts 2 claims, there are 3"}},
		"a claim without a fact":  {func(v *Voucher, _ []Answer) { v.Facts["ann"] = 1 }, []string{"ann has 2 claims and 1 facts"}},
		"a fact without a claim":  {func(v *Voucher, _ []Answer) { v.Facts["cid"] = 1 }, []string{"cid has no claim and 1 facts"}},
		"an acknowledged is lost": {func(v *Voucher, _ []Answer) { v.lose(11) }, []string{"{ann k1} was answered with 11, which is lost", "{ann k1} was answered with 11, which is lost"}},
		"only the claim is lost": {func(v *Voucher, _ []Answer) {
			delete(v.Claims, 13)
			delete(v.Facts, "bob")
			v.Counter, v.Quantity = 2, 2
		}, []string{"{bob k1} is bound to claim 13, which is lost"}},
		"two under one key":          {func(v *Voucher, _ []Answer) { delete(v.Keys, Request{"bob", "k1"}) }, []string{"claim 13 of bob is a duplicate"}},
		"two keys for one":           {func(v *Voucher, _ []Answer) { v.Keys[Request{"ann", "k3"}] = 12 }, []string{"claim 12 is both", "{ann k3} was refused"}},
		"two answers to one key":     {func(_ *Voucher, told []Answer) { told[2].Made = 12 }, []string{"{ann k1} was answered with 12, the ledger has 11"}},
		"somebody else's":            {func(v *Voucher, _ []Answer) { v.Claims[13], v.Facts = "cid", map[string]int{"ann": 2, "cid": 1} }, []string{"{bob k1} is bound to claim 13, which is cid's"}},
		"refused though it was made": {func(_ *Voucher, told []Answer) { told[2].Made, told[2].Refused = 0, "CUSTOMER_LIMIT_REACHED" }, []string{"{ann k1} was refused with CUSTOMER_LIMIT_REACHED, though the ledger has 11"}},
		"sold out too soon":          {func(v *Voucher, _ []Answer) { v.Quantity = 4 }, []string{"{cid k1} was refused with SOLD_OUT, though there was room"}},
		"limited too soon":           {func(v *Voucher, _ []Answer) { v.PerBuyer = 3 }, []string{"{ann k3} was refused with CUSTOMER_LIMIT_REACHED, though there was room"}},
		"an answer nobody expects":   {func(_ *Voucher, told []Answer) { told[7].Refused = "INTERNAL" }, []string{"{cid k2} was answered INTERNAL"}},
		"nobody asked for it":        {func(v *Voucher, told []Answer) { told[5].Key = "k2" }, []string{"the ledger has 13 for {bob k1}, which nobody asked for"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, told := goodVoucher()
			c.breaks(&v, told)
			wantViolations(t, v.Violations(told), c.want...)
		})
	}
}

// lose takes a claim of ann's out of the ledger, with all that was stored with it.
func (v *Voucher) lose(claim int64) {
	delete(v.Claims, claim)
	for request, bound := range v.Keys {
		if bound == claim {
			delete(v.Keys, request)
		}
	}
	v.Facts["ann"]--
	v.Counter--
	v.Quantity, v.PerBuyer = 2, 1
}

// goodDeal has four of five units sold or reserved; who wanted three more was refused.
func goodDeal() (d Deal, placed, paid []Answer) {
	placed = []Answer{
		{Request: Request{Key: "A"}, Units: 2, Made: 1},
		{Request: Request{Key: "A"}, Units: 2, Made: 1},
		{Request: Request{Key: "B"}, Units: 1}, // placed, and never told
		{Request: Request{Key: "C"}, Units: 3, Refused: "QUOTE_CHANGED"},
		{Request: Request{Key: "D"}, Units: 1, Made: 4},
	}
	paid = []Answer{{Request: Request{Key: "A"}, Units: 2}, {Request: Request{Key: "A"}, Units: 2, Made: 1}}
	return Deal{
		Limit: 5, Price: 700, Sold: 2, Reserved: 2,
		Orders: []Order{
			{ID: 1, Number: "A", Units: 2, Payable: 1400, Paid: true, Facts: 1},
			{ID: 2, Number: "B", Units: 1, Payable: 700},
			{ID: 4, Number: "D", Units: 1, Payable: 700},
		},
	}, placed, paid
}

func TestEveryViolationOfOrdersIsFound(t *testing.T) {
	t.Parallel()
	d, placed, paid := goodDeal()
	wantViolations(t, d.Violations(placed, paid))
	for name, c := range map[string]struct {
		breaks func(d *Deal, placed, paid []Answer)
		want   []string
	}{
		"more than the limit": {func(d *Deal, _, _ []Answer) { d.Limit = 3 }, []string{"of 3 units, 2 are sold and 2 reserved"}},
		"more than the limit, in the counts only": {func(d *Deal, _, _ []Answer) { d.Sold, d.Reserved = 3, 3 }, []string{
			"of 5 units, 3 are sold and 3 reserved", "counts 3 units as sold", "counts 3 units as reserved"}},
		"sold and not counted":     {func(d *Deal, _, _ []Answer) { d.Sold = 1 }, []string{"counts 1 units as sold, paid orders have 2"}},
		"reserved and not counted": {func(d *Deal, _, _ []Answer) { d.Reserved = 1 }, []string{"counts 1 units as reserved, pending orders have 2"}},
		"an acknowledged is lost": {func(d *Deal, _, _ []Answer) { d.Orders, d.Reserved, d.Limit = d.Orders[:2], 1, 4 }, []string{
			"{ D} was answered with 4, which is lost"}},
		"two with one number": {func(d *Deal, _, _ []Answer) { d.Orders[1].Number = "D" }, []string{
			"orders 2 and 4 have the number D"}},
		"two answers to one number":  {func(_ *Deal, placed, _ []Answer) { placed[1].Made = 3 }, []string{"{ A} was answered with 3, the ledger has 1"}},
		"another price than shown":   {func(d *Deal, _, _ []Answer) { d.Orders[1].Payable = 1000 }, []string{"order B was placed at 1000, the buyer was shown 700"}},
		"refused though it was made": {func(_ *Deal, placed, _ []Answer) { placed[2].Refused = "QUOTE_CHANGED" }, []string{"{ B} was refused with QUOTE_CHANGED, though the ledger has 2"}},
		"refused too soon":           {func(d *Deal, _, _ []Answer) { d.Limit = 7 }, []string{"{ C} was refused with QUOTE_CHANGED, though there was room"}},
		"an answer nobody expects":   {func(_ *Deal, placed, _ []Answer) { placed[3].Refused = "CONFLICT" }, []string{"{ C} was answered CONFLICT"}},
		"nobody asked for it":        {func(_ *Deal, placed, _ []Answer) { placed[2].Key = "E" }, []string{"the ledger has 2 for { B}, which nobody asked for"}},
		"a payment is lost": {func(d *Deal, _, _ []Answer) {
			d.Orders[0].Paid, d.Orders[0].Facts, d.Sold, d.Reserved = false, 0, 0, 4
		}, []string{"{ A} was answered with 1, which is lost"}},
		"nobody paid":              {func(_ *Deal, _, paid []Answer) { paid[0].Key, paid[1].Key = "B", "B" }, []string{"{ B} was answered with 1, which is lost", "the ledger has 1 for { A}, which nobody asked for"}},
		"a payment was refused":    {func(_ *Deal, _, paid []Answer) { paid[0].Refused = "RESERVATION_EXPIRED" }, []string{"{ A} was refused with RESERVATION_EXPIRED, though the ledger has 1"}},
		"paid without a fact":      {func(d *Deal, _, _ []Answer) { d.Orders[0].Facts = 0 }, []string{"order A has 0 facts"}},
		"paid twice":               {func(d *Deal, _, _ []Answer) { d.Orders[0].Facts = 2 }, []string{"order A has 2 facts"}},
		"a fact without a payment": {func(d *Deal, _, _ []Answer) { d.Orders[1].Facts = 1 }, []string{"order B has 1 facts"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, placed, paid := goodDeal()
			c.breaks(&d, placed, paid)
			wantViolations(t, d.Violations(placed, paid), c.want...)
		})
	}
}

// wantViolations wants so many, and each of these among them.
func wantViolations(t *testing.T, found []string, want ...string) {
	t.Helper()
	if len(found) != len(want) {
		t.Errorf("found %q, want %q", found, want)
	}
	for _, words := range want {
		if !strings.Contains(strings.Join(found, "\n"), words) {
			t.Errorf("found %q, want %q", found, words)
		}
	}
}
