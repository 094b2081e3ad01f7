package sample

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

// order is a basket of the source, with the lines that were sampled.
type order struct {
	number    string
	household string
	day       string // the shop's local day in the source, before it is moved
	paidAt    time.Time
	lines     []line
	claims    []string
}

// line holds the amounts of the whole line.
type line struct {
	sku             string
	quantity        int64
	list            cents
	itemDiscount    cents
	voucherDiscount cents
	subsidy         cents
}

// readOrders returns the baskets in the order of their payment, each with its
// lines in the order of the file.
func readOrders(p pack, s shift) ([]*order, error) {
	byNumber := map[string]*order{}
	err := p.each("transactions_sample.csv", "household_id,store_id,basket_id,product_id,quantity,"+
		"sales_value,retail_disc,coupon_disc,coupon_match_disc,week,transaction_timestamp", func(row []string) error {
		l, err := parseLine(row)
		if err != nil {
			return err
		}
		o, met := byNumber[row[2]]
		if !met {
			paidAt, err := s.instant(row[10])
			if err != nil {
				return err
			}
			o = &order{number: row[2], household: row[0], day: row[10][:len(time.DateOnly)], paidAt: paidAt}
			byNumber[o.number] = o
		}
		o.lines = append(o.lines, l)
		return nil
	})
	return slices.SortedFunc(maps.Values(byNumber), func(a, b *order) int {
		return cmp.Or(a.paidAt.Compare(b.paidAt), cmp.Compare(a.number, b.number))
	}), err
}

// parseLine undoes the source's subtraction: its sales_value is what the shop
// received, after the shelf discount and the coupon match that the shop funds.
func parseLine(row []string) (line, error) {
	quantity, err := strconv.ParseInt(row[4], 10, 64)
	if err != nil {
		return line{}, err
	}
	var amounts [4]cents
	for i := range amounts {
		if amounts[i], err = parseCents(row[5+i]); err != nil {
			return line{}, err
		}
	}
	sales, retail, coupon, match := amounts[0], amounts[1], amounts[2], amounts[3]
	return line{
		sku:             row[3],
		quantity:        quantity,
		list:            sales + retail + match,
		itemDiscount:    retail,
		voucherDiscount: match,
		subsidy:         coupon,
	}, nil
}
