package importer

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"voucherhouse/postgres"
	"voucherhouse/promo"
)

// Summary tells what became of every row.
type Summary struct {
	Shop  promo.ShopID
	Files []FileSummary
	Took  time.Duration
	// Totals are what the ledger then held of the shop.
	Totals postgres.ShopTotals
	// Rejects is the path of the file of rejected rows. Empty if none was.
	Rejects string
}

// FileSummary counts the rows of one file: Read = Imported + Present + Rejected.
type FileSummary struct {
	File string
	// Present were in the ledger already.
	Read, Imported, Present, Rejected int
}

// Rows sums the files up.
func (s Summary) Rows() FileSummary {
	sum := FileSummary{File: "all"}
	for _, f := range s.Files {
		sum.Read += f.Read
		sum.Imported += f.Imported
		sum.Present += f.Present
		sum.Rejected += f.Rejected
	}
	return sum
}

// String writes the summary for people, as two tables.
func (s Summary) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%-22s%12s%12s%16s%12s\n", "file", "read", "imported", "already there", "rejected")
	all := s.Rows()
	for _, f := range append(s.Files[:len(s.Files):len(s.Files)], all) {
		fmt.Fprintf(&text, "%-22s%12s%12s%16s%12s\n", f.File, count(f.Read), count(f.Imported), count(f.Present), count(f.Rejected))
	}
	fmt.Fprintf(&text, "\n%s rows in %.1f s\n", count(all.Read), s.Took.Seconds())
	if s.Rejects != "" {
		fmt.Fprintf(&text, "The rejected rows are in %s, with the reasons.\n", s.Rejects)
	}
	fmt.Fprintf(&text, "\nThe ledger now holds of %s:\n", s.Totals.Shop.Name)
	for _, row := range s.totals() {
		fmt.Fprintf(&text, "  %-26s%20s\n", row[0], row[1])
	}
	return text.String()
}

func (s Summary) totals() [][2]string {
	n := s.Totals
	return [][2]string{
		{"orders", count(n.Orders)},
		{"buyers with an order", count(n.Buyers)},
		{"order lines", count(n.Lines)},
		{"list value", grouped(n.ListValue.String())},
		{"item discounts", grouped(n.ItemDiscounts.String())},
		{"voucher discounts", grouped(n.VoucherDiscounts.String())},
		{"the shop's revenue", grouped(n.Revenue.String())},
		{"platform subsidies", grouped(n.Subsidies.String())},
		{"paid by buyers", grouped(n.Paid.String())},
		{"vouchers", count(n.Vouchers)},
		{"claims", count(n.Claims)},
		{"redemptions", count(n.Redemptions)},
		{"redemptions with an order", count(n.WithOrder)},
		{"buyers who redeemed", count(n.Redeemers)},
	}
}

func count(n int) string { return grouped(strconv.Itoa(n)) }

// grouped puts commas between the thousands of a number with or without digits after the point and a unit.
func grouped(number string) string {
	whole := strings.IndexAny(number+".", ". ")
	first := 0
	if strings.HasPrefix(number, "-") {
		first = 1
	}
	for at := whole - 3; at > first; at -= 3 {
		number = number[:at] + "," + number[at:]
	}
	return number
}
