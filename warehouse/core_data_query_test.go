package warehouse

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"voucherhouse/promo"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a statement with the file of that name.
func golden(t *testing.T, name, sql string) {
	t.Helper()
	file := filepath.Join("testdata", "core_data", name+".sql")
	if *update {
		must(t, os.WriteFile(file, []byte(sql), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if sql != string(want) {
		t.Errorf("the statement is not that of %s (go test -update writes it anew):\n%s", file, sql)
	}
}

// filters are the ways to narrow a question.
var filters = map[string]CoreDataParams{
	"":               {},
	"_of_tools":      {Tools: []promo.Tool{promo.LiveVoucher}},
	"_of_promotions": {Promotions: []int64{1}},
	"_of_products":   {Products: []int64{1}},
	"_of_places":     {Channels: []promo.OrderChannel{promo.OrderLive}, Accounts: []int64{1}},
	"_of_both":       {Tools: []promo.Tool{promo.LiveVoucher}, Promotions: []int64{1}},
}

// twoDays are the buckets of a series.
var twoDays = span{cuts: []promo.Period{
	{From: now, To: now.Add(24 * time.Hour)}, {From: now.Add(24 * time.Hour), To: now.Add(48 * time.Hour)},
}}

func TestStatementsOfTotals(t *testing.T) {
	t.Parallel()
	for filter, params := range filters {
		golden(t, "totals"+filter, coreDataQuery{&question{CoreDataParams: params}}.sql())
		golden(t, "series"+filter, coreDataQuery{&question{CoreDataParams: params, asked: twoDays}}.sql())
	}
	golden(t, "series_compared", coreDataQuery{&question{asked: twoDays, before: &twoDays}}.sql())
	ordered := CoreDataParams{RefundsBy: Ordered}
	golden(t, "series_by_order", coreDataQuery{&question{CoreDataParams: ordered, asked: twoDays}}.sql())
	golden(t, "series_by_order_compared", coreDataQuery{&question{CoreDataParams: ordered, asked: twoDays, before: &twoDays}}.sql())
}

func TestParametersOfTotals(t *testing.T) {
	t.Parallel()
	q := question{
		CoreDataParams: CoreDataParams{
			Shop:       promo.Shop{ID: 3},
			Tools:      []promo.Tool{promo.LiveVoucher, promo.ChatCoupon},
			Promotions: []int64{7, 8, 9},
			Accounts:   []int64{4},
			Tiers:      []promo.SpendTier{promo.HighTier},
		},
		asked:  twoDays,
		before: &span{Period: promo.Period{From: earliest, To: earliest.Add(5 * time.Microsecond)}},
		tiered: []tieredVoucher{{id: 9}, {id: 10}, {id: 8}},
	}
	q.asked.Period = promo.Period{From: now.In(location(t, "Asia/Tokyo")), To: now.Add(48 * time.Hour)}
	equal(t, map[string]string(q.parameters()), map[string]string{
		"shop":             "3",
		"from":             "2024-03-25 00:00:00.000000",
		"to":               "2024-03-27 00:00:00.000000",
		"buckets":          "[1711324800,1711411200]",
		"previous_from":    "1970-01-01 00:00:00.000000",
		"previous_to":      "1970-01-01 00:00:00.000005",
		"previous_buckets": "[0]",
		"tools":            "['LIVE_VOUCHER','CHAT_COUPON']",
		"channels":         "[]",
		"promotions":       "[9,8]",
		"products":         "[]",
		"accounts":         "[4]",
	})
}
