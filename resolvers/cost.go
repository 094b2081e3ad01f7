package resolvers

import (
	"time"

	"voucherhouse/graph"
	"voucherhouse/graph/model"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// What a report, a count over a shop and a page of a list cost beside their fields: each is a statement or several.
const (
	reportCost = 500
	countCost  = 50
	pageCost   = 10
)

// How many items the lists that are no pages may have: a shop's accounts, and the others. Of lists that come with what was read
// for them, the items cost only their fields: some are counted, for what the fields may lead to.
const (
	mostAccounts = 5
	longList     = 100
	someItems    = 10
)

// largeReport is how many points a report may have at the price of its fields.
const largeReport = 10_000

// reportPoints is about how many points the series of a report have, those of its groups included.
func reportPoints(in model.CoreDataInput) int {
	if in.Period == nil {
		return 0
	}
	long := in.Period.To.Sub(in.Period.From)
	bucket, known := map[warehouse.Granularity]time.Duration{warehouse.Minute: time.Minute, warehouse.Hour: time.Hour, warehouse.Day: day, warehouse.Week: 7 * day, warehouse.Month: 30 * day}[in.Granularity]
	if !known || long < 0 {
		return 0
	}
	points := min(int(long/bucket), 10_000)
	if len(in.GroupBy) > 0 {
		points *= min(max(in.Limit, 1), 1_000)
	}
	return points
}

const day = 24 * time.Hour

// complexity counts the items of a list that a query asks for, one by one, and what each statement costs.
func complexity() (c graph.ComplexityRoot) {
	countPromotions(&c)
	countShops(&c)
	countOrders(&c)
	countReports(&c)
	return c
}

func itemsCost(child int, first *int) int {
	if first == nil {
		return pageCost + 20*child
	}
	return pageCost + max(1, min(*first, 100))*child
}

func pageItems(child int, first *int, _ *string) int { return itemsCost(child, first) }

func someOfThem(child int) int { return someItems * child }

func countPromotions(c *graph.ComplexityRoot) {
	c.Voucher.Products, c.Voucher.History = pageItems, pageItems
	c.ProductDiscount.History, c.ProductDiscount.Items = pageItems, pageItems
	c.FlashDeal.History, c.FlashDeal.Items = pageItems, pageItems
	c.Shop.Promotions = func(child int, _ *model.PromotionFilter, _ *model.PromotionOrder, first *int, _ *string) int {
		return itemsCost(child, first)
	}
	c.Shop.PromotionCounts = func(child int, _ *model.PromotionFilter) int { return countCost + child }
	c.Mutation.CreateVoucherTiers = func(child int, _ model.CreateVoucherTiersInput) int { return len(promo.SpendTiers) * child }
	c.Mutation.AssignVoucherTiers = func(child int, in model.AssignVoucherTiersInput) int {
		return pageCost + (len(in.Low)+len(in.Medium)+len(in.High))*child
	}
	c.Query.PreviewVoucher = func(child int, _ model.PreviewVoucherInput) int { return countCost + child }
	c.Query.ClaimableVouchers = func(child int, _ string, _, _ *string) int { return countCost + longList*child }
	c.Query.MyCoupons = func(child int, _ []promo.ClaimStatus, first *int, _ *string) int { return itemsCost(child, first) }
}

func countShops(c *graph.ComplexityRoot) {
	c.Viewer.Shops = pageItems
	c.Shop.Products = func(child int, _ *model.ProductFilter, first *int, _ *string) int { return itemsCost(child, first) }
	c.Shop.Accounts = func(child int) int { return mostAccounts * child }
	c.Shop.Livestreams = func(child int, _ *bool, first *int, _ *string) int { return itemsCost(child, first) }
	c.Account.Livestreams, c.Voucher.Distributions = c.Shop.Livestreams, c.Shop.Livestreams
	c.Livestream.Distributions = func(child int) int { return longList * child }
	c.WatchLivestreamPayload.Distributions = c.Livestream.Distributions
	c.Shop.Conversations = func(child int, _ *bool, first *int, _ *string) int { return itemsCost(child, first) }
	c.Query.MyConversations, c.Conversation.Messages = pageItems, pageItems
	c.Query.CouponWorkbench = func(child int, _ string, _ *model.WorkbenchFilter, first *int, _ *string) int {
		return itemsCost(child, first)
	}
}

func countOrders(c *graph.ComplexityRoot) {
	c.Shop.Orders = pageItems
	c.Quote.Lines, c.Quote.Candidates, c.Order.Refunds = someOfThem, someOfThem, someOfThem
}

func countReports(c *graph.ComplexityRoot) {
	c.Query.CoreData = func(child int, in model.CoreDataInput) int {
		return reportCost + child*(1+reportPoints(in)/largeReport)
	}
	c.CoreData.Series, c.CoreData.PreviousSeries, c.CoreData.Groups, c.CoreDataGroup.Series = someOfThem, someOfThem, someOfThem, someOfThem
	c.Query.LiveFunnel = func(child int, _ string, _ *string, _ *model.PeriodInput) int { return reportCost + child }
	c.Query.ChatFunnel = func(child int, _ string, _ model.PeriodInput) int { return reportCost + child }
	c.LiveFunnel.Series, c.LiveFunnel.ByTask, c.ChatFunnel.ByAgent = someOfThem, someOfThem, someOfThem
	c.Query.TierComparison = func(child int, _, _ string, _ model.PeriodInput) int { return reportCost + child }
	c.TierComparison.Tiers = func(child int) int { return len(promo.SpendTiers) * child }
	c.TierPerformance.Vouchers = func(child int) int { return longList * child }
	c.Query.DiagnoseVoucher = func(child int, _ string) int { return reportCost + child }
	c.Query.BacktestVoucher = func(child int, _ model.BacktestVoucherInput) int { return reportCost + child }
	c.Query.MinimumSpendSuggestion = func(child int, _ string, _ int) int { return reportCost + child }
	c.Query.PromotionPerformance = func(child int, _ model.CoreDataInput, first *int, _ *string) int {
		return reportCost + itemsCost(child, first)
	}
	c.Voucher.Performance = func(child int, _ *model.PeriodInput) int { return pageCost + child }
	c.ProductDiscount.Performance, c.FlashDeal.Performance = c.Voucher.Performance, c.Voucher.Performance
	c.Query.WarehouseStatus = func(child int) int { return reportCost + child }
}
