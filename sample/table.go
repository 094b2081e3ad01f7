package sample

import (
	"bufio"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tables are the files of the import folder; docs/importing.md describes them.
var tables = []table{
	{"shop.csv", "external_id,name,currency,time_zone", shopRows},
	{"products.csv", "sku,title,category,price", productRows},
	{"vouchers.csv", "external_id,tool,name,starts_at,ends_at,valid_from,valid_to,days_after_claim," +
		"amount_off,percent_off,maximum_discount,minimum_spend,total_quantity,claims_per_customer,scope", voucherRows},
	{"voucher_products.csv", "voucher,sku", voucherProductRows},
	{"claims.csv", "external_id,voucher,buyer,claimed_at,redeemed_at", claimRows},
	{"orders.csv", "order_number,buyer,channel,paid_at,claims", orderRows},
	{"order_lines.csv", "order_number,line,sku,quantity,list_amount,item_discount,voucher_discount,platform_subsidy", lineRows},
}

// table is one file. rows need not look at errors: the writer keeps the first.
type table struct {
	name   string
	header string
	rows   func(h *history, write func(cells ...string))
}

func (t table) write(dir string, h *history) error {
	f, err := os.Create(filepath.Join(dir, t.name))
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(bufio.NewWriterSize(f, 1<<16))
	_ = w.Write(strings.Split(t.header, ",")) // a failed write is kept, and Error tells it
	t.rows(h, func(cells ...string) { _ = w.Write(cells) })
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return f.Close()
}

func shopRows(_ *history, write func(cells ...string)) {
	write("complete-journey", "Complete Journey Grocer", "USD", zoneName)
}

func productRows(h *history, write func(cells ...string)) {
	for _, p := range h.products {
		write(p.sku, p.title, p.category, p.price.String())
	}
}

// voucherRows assumes the terms, which the source does not state: 1.00 off
// without a minimum spend, valid for as long as it can be claimed.
func voucherRows(h *history, write func(cells ...string)) {
	for _, c := range h.campaigns {
		write(c.id, tools[c.kind], "Campaign "+c.id+" (type "+c.kind+")", instant(c.startsAt), instant(c.endsAt), "", "", "",
			"1.00", "", "", "", strconv.Itoa(c.quantity()), strconv.Itoa(c.perBuyer), "SPECIFIC_PRODUCTS")
	}
}

func voucherProductRows(h *history, write func(cells ...string)) {
	for _, s := range h.scopes {
		write(s.campaign, s.sku)
	}
}

func claimRows(h *history, write func(cells ...string)) {
	for _, c := range h.claims {
		write(c.id, c.campaign, buyer(c.household), instant(c.claimedAt), instant(c.redeemedAt))
	}
}

// orderRows assumes the channel; the source is a grocer's tills.
func orderRows(h *history, write func(cells ...string)) {
	for _, o := range h.orders {
		write(o.number, buyer(o.household), "STOREFRONT", instant(o.paidAt), strings.Join(o.claims, " "))
	}
}

func lineRows(h *history, write func(cells ...string)) {
	for _, o := range h.orders {
		for i, l := range o.lines {
			write(o.number, strconv.Itoa(i+1), l.sku, strconv.FormatInt(l.quantity, 10),
				l.list.String(), l.itemDiscount.String(), l.voucherDiscount.String(), l.subsidy.String())
		}
	}
}

func buyer(household string) string { return "household-" + household }

// instant writes a missing one as an empty cell.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
