package importer

import (
	"testing"
	"time"

	"voucherhouse/postgres"
	"voucherhouse/promo"
)

func TestSummaryForPeople(t *testing.T) {
	t.Parallel()
	usd := promo.Shop{Name: "Corner Shop", Currency: "USD"}
	s := Summary{
		Files: []FileSummary{{"shop.csv", 1, 1, 0, 0}, {"order_lines.csv", 1_234_567, 1_234_000, 500, 67}},
		Took:  12_340 * time.Millisecond, Rejects: "rejects.csv",
		Totals: postgres.ShopTotals{
			Shop: usd, Orders: 47_243, Buyers: 999, Lines: 1_000, ListValue: usd.Money(123_456_789), ItemDiscounts: usd.Money(0),
			Paid: usd.Money(-123_456), Revenue: usd.Money(-12_345),
		},
	}
	const want = `file                          read    imported   already there    rejected
shop.csv                         1           1               0           0
order_lines.csv          1,234,567   1,234,000             500          67
all                      1,234,568   1,234,001             500          67

1,234,568 rows in 12.3 s
The rejected rows are in rejects.csv, with the reasons.

The ledger now holds of Corner Shop:
  orders                                  47,243
  buyers with an order                       999
  order lines                              1,000
  list value                    1,234,567.89 USD
  item discounts                        0.00 USD
  voucher discounts                        0.00 
  the shop's revenue                 -123.45 USD
  platform subsidies                       0.00 
  paid by buyers                   -1,234.56 USD
  vouchers                                     0
  claims                                       0
  redemptions                                  0
  redemptions with an order                    0
  buyers who redeemed                          0
`
	if got := s.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
