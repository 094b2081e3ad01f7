package resolvers

import (
	"slices"
	"strings"

	"voucherhouse/promo"
	"voucherhouse/tabular"
	"voucherhouse/warehouse"
)

// The steps of funnels, in their order.
var (
	liveSteps = []warehouse.FunnelStepKind{
		warehouse.StepIssued, warehouse.StepViewers, warehouse.StepTaskDone, warehouse.StepClaimed, warehouse.StepRedeemed, warehouse.StepRefunded,
	}
	chatSteps = []warehouse.FunnelStepKind{
		warehouse.StepSent, warehouse.StepViewed, warehouse.StepClaimed, warehouse.StepRedeemed, warehouse.StepRefunded,
	}
)

// What a row of a funnel's table is of: everything, or a part of it.
const (
	ofWhole  = "whole"
	ofTask   = "task"
	ofBucket = "bucket"
	ofAgent  = "agent"
)

// accountNames say what the accounts of tasks are called.
type accountNames struct {
	LiveFunnel struct {
		ByTask []struct{ Account struct{ ID, Handle string } }
	}
}

func liveFunnelTable(f *warehouse.LiveFunnel, names accountNames) table {
	columns := append(textColumns("of", "task"), column("watch_seconds", tabular.Integer))
	columns = slices.Concat(columns, textColumns("account", "account_id"), periodColumns(), stepColumns(liveSteps))
	// The buckets are all of the time asked for.
	from, to := f.Series[0].Period.From, f.Series[len(f.Series)-1].Period.To
	rows := [][]any{append(withSteps([]any{ofWhole, nil, nil, nil, nil, from, to}, liveSteps, f.Steps), nil)}
	for i, t := range f.ByTask {
		account := names.LiveFunnel.ByTask[i].Account
		row := []any{ofTask, string(t.Task.Kind), watchSeconds(t.Task), account.Handle, account.ID, from, to}
		rows = append(rows, append(withSteps(row, liveSteps, t.Steps), orNone(t.UniqueFollowers)))
	}
	for _, p := range f.Series {
		rows = append(rows, append(withSteps([]any{ofBucket, nil, nil, nil, nil, p.Period.From, p.Period.To}, liveSteps, p.Steps), nil))
	}
	return table{columns: append(columns, column("unique_followers", tabular.Integer)), rows: slices.Values(rows), freshness: &f.Freshness}
}

// keptChatFunnel is a funnel on its way into a table.
type keptChatFunnel struct {
	period promo.Period
	funnel *warehouse.ChatFunnel
}

func chatFunnelTable(k keptChatFunnel, _ struct{}) table {
	columns := slices.Concat(textColumns("of", "agent"), periodColumns(), stepColumns(chatSteps))
	rows := [][]any{append(withSteps([]any{ofWhole, nil, k.period.From, k.period.To}, chatSteps, k.funnel.Steps), orNone(k.funnel.MedianSecondsToRedeem))}
	for _, a := range k.funnel.ByAgent {
		rows = append(rows, append(withSteps([]any{ofAgent, a.Agent, k.period.From, k.period.To}, chatSteps, a.Steps), nil))
	}
	return table{columns: append(columns, column("median_seconds_to_redeem", tabular.Float)), rows: slices.Values(rows), freshness: &k.funnel.Freshness}
}

func watchSeconds(t promo.LiveTask) any {
	if t.WatchSeconds == nil {
		return nil
	}
	return int64(*t.WatchSeconds)
}

func stepColumns(kinds []warehouse.FunnelStepKind) (columns []tabular.Column) {
	for _, k := range kinds {
		columns = append(columns, column(strings.ToLower(string(k)), tabular.Integer))
	}
	return columns
}

// withSteps adds how many came to each step, and nothing for a step that does not apply.
func withSteps(row []any, kinds []warehouse.FunnelStepKind, steps []warehouse.FunnelStep) []any {
	for _, k := range kinds {
		i := slices.IndexFunc(steps, func(s warehouse.FunnelStep) bool { return s.Kind == k })
		if i < 0 {
			row = append(row, nil)
			continue
		}
		row = append(row, steps[i].Count)
	}
	return row
}

// orNone is what a pointer points to, or none.
func orNone[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}
