package warehouse

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"voucherhouse/promo"
)

// promotion is what the reports know of one.
type promotion struct {
	tool promo.Tool
	name string
}

// tieredVoucher is a voucher with its tier, by the tier's number among question.tierPlaces.
type tieredVoucher struct {
	id    int64
	place int64
}

const (
	promotionsByID = `
select id, argMax(tool, version) as tool, argMax(name, version) as name, '' as tier_group, '' as tier
from promotions
where shop_id = {shop:UInt64}
  and has({promotions:Array(UInt64)}, id)
group by id`
	tieredPromotions = `
select id, argMax(promotions.tool, version) as tool, argMax(promotions.name, version) as name,
    argMax(promotions.tier_group, version) as tier_group, argMax(promotions.tier, version) as tier
from promotions
where shop_id = {shop:UInt64}
group by id
having tier_group != ''
order by tier_group, id`
)

type promotionDimension struct {
	ID        uint64 `ch:"id"`
	Tool      string `ch:"tool"`
	Name      string `ch:"name"`
	TierGroup string `ch:"tier_group"`
	Tier      string `ch:"tier"`
}

// findPromotions finds out what the promotions among the groups are.
func (w *Warehouse) findPromotions(ctx context.Context, q *question, groups []coreDataRow) error {
	at := slices.Index(q.GroupBy, ByPromotion)
	if at < 0 || len(groups) == 0 {
		return nil
	}
	serials := make([]string, len(groups))
	for i, g := range groups {
		serials[i] = g.keys()[at]
	}
	found, err := query[promotionDimension](ctx, w, promotionsByID, clickhouse.Parameters{
		"shop": strconv.FormatInt(int64(q.Shop.ID), 10), "promotions": "[" + strings.Join(serials, ",") + "]",
	})
	q.promotions = map[int64]promotion{}
	for _, r := range found {
		q.promotions[int64(r.ID)] = promotion{tool: promo.Tool(r.Tool), name: r.Name}
	}
	return err
}

// findTiers finds out which vouchers are in the tiers that are asked for, if any are.
func (w *Warehouse) findTiers(ctx context.Context, q *question) error {
	if q.TierGroup == nil && q.Tiers == nil && !q.groupsBy(ByTier) {
		return nil
	}
	found, err := query[promotionDimension](ctx, w, tieredPromotions, clickhouse.Parameters{"shop": strconv.FormatInt(int64(q.Shop.ID), 10)})
	if err != nil {
		return err
	}
	q.tiered = []tieredVoucher{}
	for _, r := range found {
		place := promo.TierPlace{Group: r.TierGroup, Tier: promo.SpendTier(r.Tier)}
		if (q.TierGroup == nil || *q.TierGroup == place.Group) && (q.Tiers == nil || slices.Contains(q.Tiers, place.Tier)) {
			q.tiered = append(q.tiered, tieredVoucher{int64(r.ID), q.tierNumber(place)})
		}
	}
	return nil
}

// tierNumber is a tier's number among those of the groups, which begin at 1.
func (q *question) tierNumber(place promo.TierPlace) int64 {
	at := slices.Index(q.tierPlaces, place)
	if at < 0 {
		at = len(q.tierPlaces)
		q.tierPlaces = append(q.tierPlaces, place)
	}
	return int64(at + 1)
}
