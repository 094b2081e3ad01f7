package warehouse

import (
	"context"
	"strconv"

	"voucherhouse/promo"
)

// PromotionPerformance is what a promotion brought.
type PromotionPerformance struct {
	Promotion promo.PromotionID
	Metrics   CoreMetrics
	Freshness Freshness
}

// PerformanceOrder names the order of a list of promotions by what they brought, for cursors.
func PerformanceOrder(m Metric) string { return "performance:" + string(m) }

// PromotionPerformance lists what a shop's promotions brought, best first by what the parameters order by: those that had copies
// by the end of the period, ended ones as well, or were used in it. Parameters that cannot be answered are promo.Errors with their field.
//
// A page follows a number and a promotion, not so many items. Numbers move while somebody turns the pages: a promotion
// whose number passes the cursor meanwhile comes twice or not at all, and every other one once.
func (w *Warehouse) PromotionPerformance(ctx context.Context, p CoreDataParams, args promo.PageArgs) (page promo.Page[*PromotionPerformance], err error) {
	s, err := newListQuery(p, args)
	if err != nil {
		return page, err
	}
	freshness, err := w.freshness(ctx, &p.Period)
	if err != nil {
		return page, err
	}
	if err := w.findTiers(ctx, s.question); err != nil {
		return page, err
	}
	rows, err := query[coreDataRow](ctx, w, s.sql(), s.parameters())
	if err != nil {
		return page, err
	}
	page.HasPrevious = args.Follows()
	if len(rows) > args.First {
		page.HasNext, rows = true, rows[:args.First]
	}
	read := newReader(p.Shop, w.clock(), s.groupDetail())
	for _, r := range rows {
		found := &PromotionPerformance{Promotion: r.promotion(p.Shop.ID), Metrics: read.metrics(&r.sums), Freshness: freshness}
		page.Items = append(page.Items, found)
		page.Cursors = append(page.Cursors, promo.Cursor{Order: PerformanceOrder(p.OrderBy), Value: r.Place, Serial: found.Promotion.Serial})
	}
	return page, nil
}

// PerformanceParams ask what some promotions of a shop brought.
type PerformanceParams struct {
	Shop promo.Shop
	// Period is when. Nil: from the beginning until now.
	Period     *promo.Period
	Promotions []promo.PromotionID
}

// Performances tells of each of the promotions what it brought, all in one statement.
func (w *Warehouse) Performances(ctx context.Context, p PerformanceParams) (map[promo.PromotionID]*PromotionPerformance, error) {
	period := promo.Period{From: earliest, To: w.clock()}
	if p.Period != nil {
		period = *p.Period
		if err := checkPeriod(period, "period"); err != nil {
			return nil, err
		}
	}
	freshness, err := w.freshness(ctx, &period)
	if err != nil {
		return nil, err
	}
	serials := make([]int64, len(p.Promotions))
	for i, id := range p.Promotions {
		serials[i] = id.Serial
	}
	s := newWantedQuery(CoreDataParams{Shop: p.Shop, Period: period, Promotions: serials, GroupBy: []Dimension{ByPromotion}}, serials)
	rows, err := query[coreDataRow](ctx, w, s.sql(), s.parameters())
	found := make(map[promo.PromotionID]*PromotionPerformance, len(rows))
	read := newReader(p.Shop, w.clock(), s.groupDetail())
	for _, r := range rows {
		id := r.promotion(p.Shop.ID)
		found[id] = &PromotionPerformance{Promotion: id, Metrics: read.metrics(&r.sums), Freshness: freshness}
	}
	return found, err
}

// promotion is the one that a group by promotion is of.
func (r coreDataRow) promotion(shop promo.ShopID) promo.PromotionID {
	return promo.PromotionID{Shop: shop, Serial: r.number()}
}

// number is what the group is in its first dimension, if that has numbers.
func (r coreDataRow) number() int64 {
	n, _ := strconv.ParseInt(r.First, 10, 64) // the statement wrote it
	return n
}
