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
	"_of_both":       {Tools: []promo.Tool{promo.LiveVoucher}, Promotions: []int64{1}},
}

// twoDays are the buckets of a series.
var twoDays = []promo.Period{{From: now, To: now.Add(24 * time.Hour)}, {From: now.Add(24 * time.Hour), To: now.Add(48 * time.Hour)}}

func TestStatementsOfTotals(t *testing.T) {
	t.Parallel()
	for filter, params := range filters {
		golden(t, "totals"+filter, coreDataQuery{params: params}.sql())
		golden(t, "series"+filter, coreDataQuery{params: params, cuts: twoDays}.sql())
	}
}

func TestParametersOfTotals(t *testing.T) {
	t.Parallel()
	params := CoreDataParams{
		Shop:       promo.Shop{ID: 3},
		Period:     promo.Period{From: now.In(location(t, "Asia/Tokyo")), To: now.Add(time.Hour + 5*time.Microsecond)},
		Tools:      []promo.Tool{promo.LiveVoucher, promo.ChatCoupon},
		Promotions: []int64{7, 8},
	}
	equal(t, map[string]string(coreDataQuery{params: params, cuts: twoDays}.parameters()), map[string]string{
		"shop":       "3",
		"from":       "2024-03-25 00:00:00.000000",
		"to":         "2024-03-25 01:00:00.000005",
		"buckets":    "[1711324800,1711411200]",
		"tools":      "['LIVE_VOUCHER','CHAT_COUPON']",
		"promotions": "[7,8]",
	})
}
