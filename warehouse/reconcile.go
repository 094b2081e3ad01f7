package warehouse

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/shopspring/decimal"

	"voucherhouse/promo"
)

// Difference is a shop, day and kind whose facts are not the same in ledger and warehouse.
type Difference struct {
	Ledger, Warehouse promo.FactTotals
}

// place is either side's; it has the same shop, day and kind on both.
func (d Difference) place() promo.FactTotals {
	if d.Ledger.Facts == 0 {
		return d.Warehouse
	}
	return d.Ledger
}

func (d Difference) String() string {
	place := d.place()
	at := fmt.Sprintf("shop %d, %s, %s", place.Shop, place.Day, place.Kind)
	if d.Ledger.Facts == d.Warehouse.Facts {
		return fmt.Sprintf("%s: %d facts in both, with other sums", at, place.Facts)
	}
	return fmt.Sprintf("%s: %d facts in the ledger, %d in the warehouse", at, d.Ledger.Facts, d.Warehouse.Facts)
}

const factTotals = `
select shop_id as shop, toString(toDate(at)) as day, toString(kind) as kind, any(currency) as currency,
    toInt64(count()) as facts, toInt64(sum(id % 1000000007)) as numbers, sum(quantity) as quantity, sum(revenue) as revenue, sum(item_discount) as item_discount,
    sum(voucher_discount) as voucher_discount, sum(subsidy) as subsidy
from facts
where (tx, id) <= ({tx:UInt64}, {id:UInt64})
group by shop, day, kind`

type factTotalsRow struct {
	Shop            uint64          `ch:"shop"`
	Day             string          `ch:"day"`
	Kind            string          `ch:"kind"`
	Currency        string          `ch:"currency"`
	Facts           int64           `ch:"facts"`
	Numbers         int64           `ch:"numbers"`
	Quantity        int64           `ch:"quantity"`
	Revenue         decimal.Decimal `ch:"revenue"`
	ItemDiscount    decimal.Decimal `ch:"item_discount"`
	VoucherDiscount decimal.Decimal `ch:"voucher_discount"`
	Subsidy         decimal.Decimal `ch:"subsidy"`
}

func (r factTotalsRow) promo() promo.FactTotals {
	digits := promo.Currency(r.Currency).Digits()
	minor := func(d decimal.Decimal) int64 { return d.Shift(digits).IntPart() }
	return promo.FactTotals{
		Shop: promo.ShopID(r.Shop), Day: r.Day, Kind: promo.FactKind(r.Kind), Facts: r.Facts, Numbers: r.Numbers, Quantity: r.Quantity,
		Revenue: minor(r.Revenue), ItemDiscount: minor(r.ItemDiscount), VoucherDiscount: minor(r.VoucherDiscount), Subsidy: minor(r.Subsidy),
	}
}

// Reconcile delivers what the ledger has committed, and compares ledger and warehouse: counts, sums and the facts' numbers by shop, day and kind.
// It records the outcome and gives every difference. What waits for a transaction that does not end, or for another process
// that delivers, is not compared.
func (w *Warehouse) Reconcile(ctx context.Context) (*promo.Reconciliation, []Difference, error) {
	if err := w.prepareToDeliver(ctx); err != nil {
		return nil, nil, err
	}
	if err := w.relay.catchUp(ctx); err != nil {
		return nil, nil, err
	}
	state, err := w.delivered(ctx)
	if err != nil {
		return nil, nil, err
	}
	ledger, err := w.ledger.FactTotals(ctx, state.Delivered)
	if err != nil {
		return nil, nil, err
	}
	var rows []factTotalsRow
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{
		"tx": strconv.FormatUint(state.Delivered.Tx, 10), "id": strconv.FormatInt(state.Delivered.ID, 10),
	}))
	if err := w.conn.Select(ctx, &rows, factTotals); err != nil {
		return nil, nil, fmt.Errorf("summing the warehouse's facts: %w", err)
	}
	result := &promo.Reconciliation{At: w.clock().UTC()}
	differences := compare(ledger, rows, result)
	result.Matches = len(differences) == 0
	return result, differences, w.ledger.RecordReconciliation(ctx, *result)
}

// compare holds the two sides against each other and counts the facts of both.
func compare(ledger []promo.FactTotals, rows []factTotalsRow, result *promo.Reconciliation) []Difference {
	type place struct {
		shop promo.ShopID
		day  string
		kind promo.FactKind
	}
	there := map[place]promo.FactTotals{}
	for _, r := range rows {
		t := r.promo()
		there[place{t.Shop, t.Day, t.Kind}] = t
		result.WarehouseFacts += t.Facts
	}
	var differences []Difference
	for _, t := range ledger {
		p := place{t.Shop, t.Day, t.Kind}
		result.LedgerFacts += t.Facts
		if there[p] != t {
			differences = append(differences, Difference{Ledger: t, Warehouse: there[p]})
		}
		delete(there, p)
	}
	for _, t := range there {
		differences = append(differences, Difference{Warehouse: t})
	}
	slices.SortFunc(differences, func(a, b Difference) int {
		x, y := a.place(), b.place()
		return cmp.Or(cmp.Compare(x.Shop, y.Shop), cmp.Compare(x.Day, y.Day), cmp.Compare(x.Kind, y.Kind))
	})
	return differences
}
