package resolvers

import (
	"slices"
	"strings"

	"voucherhouse/promo"
	"voucherhouse/tabular"
	"voucherhouse/warehouse"
)

// keptPerformances are a page of what promotions brought, on its way into a table.
type keptPerformances struct {
	params warehouse.CoreDataParams
	found  []*warehouse.PromotionPerformance
}

// performanceNames say what promotions are called.
type performanceNames struct {
	PromotionPerformance struct {
		Nodes []struct {
			Promotion struct{ ID, Name, Tool string }
		}
		PageInfo struct {
			HasNextPage bool
			EndCursor   *string
		}
	}
}

func performanceTable(k keptPerformances, names performanceNames) table {
	currency, page := k.params.Shop.Currency, names.PromotionPerformance
	t := table{columns: slices.Concat(textColumns("promotion", "promotion_id", "tool"), periodColumns(), metricColumns(currency))}
	if page.PageInfo.HasNextPage {
		t.next = page.PageInfo.EndCursor
	}
	if len(k.found) > 0 {
		t.freshness = &k.found[0].Freshness
	}
	t.rows = func(yield func([]any) bool) {
		for i, p := range k.found {
			of := page.Nodes[i].Promotion
			if !yield(withMetrics([]any{of.Name, of.ID, of.Tool, k.params.Period.From, k.params.Period.To}, currency, &p.Metrics)) {
				return
			}
		}
	}
	return t
}

// keptTiers are tiers beside each other, on their way into a table.
type keptTiers struct {
	params     warehouse.TierComparisonParams
	comparison *warehouse.TierComparison
}

func tierTable(k keptTiers, _ struct{}) table {
	currency := k.params.Shop.Currency
	minimum := column("minimum_spend", tabular.Amount)
	minimum.Digits = currency.Digits()
	columns := append(textColumns("tier", "vouchers"), minimum, column("downgraded_orders", tabular.Integer))
	return table{
		columns: slices.Concat(columns, periodColumns(), metricColumns(currency)), freshness: &k.comparison.Freshness,
		rows: func(yield func([]any) bool) {
			for _, t := range k.comparison.Tiers {
				row := []any{string(t.Tier), voucherNames(t.Vouchers), minorOrNone(t.MinimumSpend), t.DowngradedOrders, k.params.Period.From, k.params.Period.To}
				if !yield(withMetrics(row, currency, &t.Metrics)) {
					return
				}
			}
		},
	}
}

func voucherNames(vouchers []*promo.Voucher) string {
	names := make([]string, len(vouchers))
	for i, v := range vouchers {
		names[i] = v.Name
	}
	return strings.Join(names, ", ")
}

func minorOrNone(m *promo.Money) any {
	if m == nil {
		return nil
	}
	return m.Minor
}
