package warehouse

import (
	"testing"
	"time"

	"voucherhouse/promo"
)

func TestStatementsOfGroups(t *testing.T) {
	t.Parallel()
	for name, by := range map[string][]Dimension{
		"by_tool": {ByTool}, "by_promotion": {ByPromotion}, "by_tool_and_promotion": {ByTool, ByPromotion},
		"by_product_and_tier": {ByProduct, ByTier}, "by_channel_and_weekday": {ByChannel, ByWeekday},
	} {
		for _, filter := range []string{"", "_of_both"} {
			params := filters[filter]
			params.GroupBy, params.OrderBy = by, "REVENUE"
			q := question{CoreDataParams: params, asked: twoDays}
			golden(t, "groups_"+name+filter, newGroupQuery(&q).sql())
			golden(t, "group_series_"+name+filter, groupQuery{question: &q, only: []coreDataRow{{Hash: 1}}}.sql())
		}
	}
	golden(t, "group_series_compared", groupQuery{question: &question{
		CoreDataParams: CoreDataParams{GroupBy: []Dimension{ByTool}}, asked: twoDays, before: &twoDays,
	}, only: []coreDataRow{{Hash: 1}}}.sql())
}

// The clock of New York went from two to three on 10 March.
func TestOffsetsOfAZone(t *testing.T) {
	t.Parallel()
	q := question{zone: location(t, "America/New_York"), asked: span{Period: sixDays(t)}}
	changes, offsets := q.offsets()
	equal(t, changes, "[1709874000,1710054000]")
	equal(t, offsets, "[-18000,-14400]")
	q.before = &span{Period: promo.Period{From: local(t, "01 00:00:00"), To: local(t, "08 00:00:00")}}
	changes, _ = q.offsets()
	equal(t, changes, "[1709269200,1710054000]")
	winter := promo.Period{From: time.Date(2040, 12, 31, 5, 0, 0, 0, time.UTC), To: time.Date(2041, 4, 1, 4, 0, 0, 0, time.UTC)}
	changes, offsets = (&question{zone: q.zone, asked: span{Period: winter}}).offsets()
	equal(t, changes, "[2240542800,2246511600]")
	equal(t, offsets, "[-18000,-14400]")
}
