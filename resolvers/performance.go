package resolvers

import (
	"context"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

func (r query) PromotionPerformance(ctx context.Context, input model.CoreDataInput, first *int, after *string) (*model.PromotionPerformanceConnection, error) {
	args, err := relay.Args(first, after, warehouse.PerformanceOrder(input.OrderBy))
	if err != nil {
		return nil, err
	}
	params, err := r.coreDataParams(ctx, input)
	if err != nil {
		return nil, err
	}
	page, err := r.Reports.PromotionPerformance(ctx, params, args)
	keep(ctx, keptPerformances{params, page.Items})
	return connect(page, err)
}

func (performance) Promotion(ctx context.Context, p *warehouse.PromotionPerformance) (promo.Promotion, error) {
	return loadersOf(ctx).promotions.Load(ctx, p.Promotion)
}

// Performance is for those whom analytics are open to.
func (r promotionFields[T]) Performance(ctx context.Context, p T, in *model.PeriodInput) (*warehouse.PromotionPerformance, error) {
	if role := actor(ctx).Role; role != promo.Seller && role != promo.Analyst {
		return nil, nil
	}
	of := performanceOf{Promotion: promo.PromotionIDOf(p), Shop: p.Of(), Whenever: in == nil}
	if in != nil {
		of.Period = period(*in)
	}
	return loadersOf(ctx).performances.Load(ctx, of)
}

// performanceOf asks for the performance of a promotion of a shop in a period, or from the beginning until now.
type performanceOf struct {
	Promotion promo.PromotionID
	Shop      promo.Shop
	Period    promo.Period
	Whenever  bool
}

// of is the same question about another promotion.
func (p performanceOf) of(id promo.PromotionID) performanceOf {
	p.Promotion = id
	return p
}

// newPerformances makes the loader of performances: those that stand beside each other in a list of one shop are one report.
func newPerformances(k *kin, r *Resolver) *loader[performanceOf, *warehouse.PromotionPerformance] {
	return newLoader(k, func(p performanceOf) (all []performanceOf) {
		for _, id := range beside(k, p.Promotion) {
			if id.Shop == p.Shop.ID {
				all = append(all, p.of(id))
			}
		}
		return all
	}, func(ctx context.Context, all []performanceOf) (map[performanceOf]*warehouse.PromotionPerformance, error) {
		params := warehouse.PerformanceParams{Shop: all[0].Shop}
		if !all[0].Whenever {
			params.Period = &all[0].Period
		}
		for _, p := range all {
			params.Promotions = append(params.Promotions, p.Promotion)
		}
		told, err := r.Reports.Performances(ctx, params)
		found := make(map[performanceOf]*warehouse.PromotionPerformance, len(told))
		for id, p := range told {
			found[all[0].of(id)] = p
		}
		return found, err
	})
}
