package warehouse

import (
	"testing"
)

func TestStatementsOfGroups(t *testing.T) {
	t.Parallel()
	for name, by := range map[string][]Dimension{
		"by_tool": {ByTool}, "by_promotion": {ByPromotion}, "by_tool_and_promotion": {ByTool, ByPromotion},
	} {
		for _, filter := range []string{"", "_of_both"} {
			params := filters[filter]
			params.GroupBy, params.OrderBy = by, "REVENUE"
			q := groupQuery{coreDataQuery: coreDataQuery{params: params}}
			golden(t, "groups_"+name+filter, q.sql())
			q.cuts, q.only = twoDays, []coreDataRow{{Promotion: 1}}
			golden(t, "group_series_"+name+filter, q.sql())
		}
	}
}
