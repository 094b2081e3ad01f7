package warehouse

import (
	"strings"
	"testing"
	"time"

	"voucherhouse/promo"
)

func TestFactsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind          promo.FactKind
		payload, want string
	}{
		"no JSON":                    {promo.FactClaim, `{"quantity": `, "unexpected end of JSON input"},
		"no object":                  {promo.FactClaim, `7`, "cannot unmarshal number"},
		"text for a number":          {promo.FactClaim, `{"quantity": "one"}`, "cannot unmarshal string"},
		"promotions without tools":   {promo.FactClaim, `{"promotions": [1]}`, "1 promotions and 0 tools"},
		"the name of nothing":        {promo.FactPromotion, `{"name": "A"}`, "tells of 0 promotions"},
		"the name of two promotions": {promo.FactPromotion, `{"name": "A", "promotions": [1, 2], "tools": ["A", "A"]}`, "tells of 2 promotions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := pack([]promo.RecordedFact{{Position: promo.Position{Tx: 5, ID: 9}, Kind: c.kind, Payload: []byte(c.payload)}}, nil)
			if err == nil || !strings.HasPrefix(err.Error(), "reading fact 9 of transaction 5: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestABatchIsOfAMonthInUTC(t *testing.T) {
	t.Parallel()
	tokyo := location(t, "Asia/Tokyo")
	for at, want := range map[time.Time]int{
		time.Date(2024, 1, 1, 8, 59, 59, 999_999_000, tokyo): 202312,
		time.Date(2024, 1, 1, 9, 0, 0, 0, tokyo):             202401,
	} {
		equal(t, partitionOf(at), want)
	}
}

func TestAmountsHaveTheCurrencysDigits(t *testing.T) {
	t.Parallel()
	for currency, want := range map[promo.Currency]string{"JPY": "-1234567", "USD": "-12345.67", "KWD": "-1234.567"} {
		equal(t, amount(-1234567, currency.Digits()).String(), want)
	}
}

func TestAReversalArrivesWithWhenItsOrderWasPaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	paid := march.Add(-40*24*time.Hour + 123_456*time.Microsecond)
	write(t, b.owner, b.shop, fact{promo.FactReversal, march, promo.Fact{
		Promotions: []int64{1}, Tools: []string{"REGULAR_VOUCHER"}, Buyer: 7, Order: 1, Product: 2, Quantity: -2,
		Revenue: -15_27, ItemDiscount: -2_00, VoucherDiscount: -2_73, Subsidy: -55, OrderedAt: paid.UnixMicro(),
	}})
	must(t, b.deliver(t))
	var told struct {
		At, OrderedAt time.Time
		Quantity      int64
		Amounts       string
	}
	must(t, b.conn.QueryRow(t.Context(), `
select at, ordered_at, quantity, concat_ws(' ', toString(revenue), toString(item_discount), toString(voucher_discount), toString(subsidy))
from facts where kind = 'reversal'`).Scan(&told.At, &told.OrderedAt, &told.Quantity, &told.Amounts))
	equal(t, told.At.UTC(), march)
	equal(t, told.OrderedAt.UTC(), paid)
	equal(t, told.Quantity, -2)
	equal(t, told.Amounts, "-15.27 -2 -2.73 -0.55")
}
