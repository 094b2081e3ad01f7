package resolvers

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/auth"
	"voucherhouse/graph"
	"voucherhouse/graph/model"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

const (
	// mostTokens bounds a query before it is parsed; the introspection query has 300.
	mostTokens = 5_000
	// mostComplexity bounds the fields that a query may ask for, items of lists counted one by one.
	mostComplexity = 20_000
	// longest bounds the work on one answer.
	longest = 30 * time.Second
	// cachedQueries is how many parsed queries are kept.
	cachedQueries = 1_000
)

// NewHandler serves the schema over HTTP, and tables at ExportPath, to callers whom the keys know.
func NewHandler(r *Resolver, keys *auth.Keys) http.Handler {
	config := graph.Config{Resolvers: r, Complexity: complexity()}
	schema := graph.NewSchema(config)
	server := handler.New(schema)
	server.AddTransport(transport.Options{})
	server.AddTransport(exports{schema.Schema()})
	addStreams(server, keys)
	server.AddTransport(get{})
	server.AddTransport(post{})
	server.SetQueryCache(lru.New[*ast.QueryDocument](cachedQueries))
	server.SetParserTokenLimit(mostTokens)
	server.SetDisableSuggestion(true)
	server.SetErrorPresenter(present)
	server.SetRecoverFunc(recovered)
	server.AroundOperations(onlyStreamed)
	server.AroundOperations(whileTokenLasts(keys))
	server.AroundOperations((&streamCounts{open: map[string]int{}}).bound)
	server.AroundResponses(withDeadline)
	server.AroundResponses(withLoaders(r))
	server.AroundRootFields(renewLoaders(r))
	server.AroundFields(allow)
	server.AroundFields(noteKin)
	server.AroundFields(writeWhole)
	server.Use(extension.Introspection{})
	server.Use(&variables{})
	server.Use(extension.FixedComplexityLimit(mostComplexity))
	return identify(keys.Authenticate(onlyJSON(inTime(server, bodyTime)), http.HandlerFunc(refuseToken)))
}

// withDeadline ends the work on an answer in time: fields that have answered by then are told, and the others are TIMEOUT.
// A subscription waits for as long as its caller does.
func withDeadline(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if isSubscription(ctx) {
		return next(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	return next(ctx)
}

// onlyJSON refuses what is no request of GraphQL over HTTP before anything reads it.
func onlyJSON(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		switch {
		case r.Method != http.MethodPost && r.Method != http.MethodGet && r.Method != http.MethodOptions:
			w.Header().Set("Allow", "GET, POST, OPTIONS")
			refuse(w, http.StatusMethodNotAllowed, promo.InvalidInput, "Send queries with POST or GET.")
		case !fromHere(r):
			refuse(w, http.StatusForbidden, promo.Forbidden, "A page of another site may not connect.")
		case r.Method == http.MethodPost && media != "application/json":
			refuse(w, http.StatusUnsupportedMediaType, promo.InvalidInput, "Send the query as application/json.")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func refuseToken(w http.ResponseWriter, _ *http.Request) {
	refuse(w, http.StatusUnauthorized, promo.Unauthenticated, "The token is malformed, expired or signed by somebody else.")
}

// refuse answers a request that the schema has no part in.
func refuse(w http.ResponseWriter, status int, code promo.Code, message string) {
	refuseFor(w, status, gqlerror.List{{Message: message, Extensions: map[string]any{"code": code}}})
}

func refuseFor(w http.ResponseWriter, status int, errs gqlerror.List) {
	w.Header().Set("Content-Type", "application/graphql-response+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(graphql.Response{Errors: errs})
}

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
	items := func(child int, first *int) int {
		if first == nil {
			return pageCost + 20*child
		}
		return pageCost + max(1, min(*first, 100))*child
	}
	page := func(child int, first *int, _ *string) int { return items(child, first) }
	c.Viewer.Shops = page
	c.Voucher.Products = page
	c.Voucher.History = page
	c.ProductDiscount.History = page
	c.FlashDeal.History = page
	c.ProductDiscount.Items = page
	c.FlashDeal.Items = page
	c.Shop.Products = func(child int, _ *model.ProductFilter, first *int, _ *string) int { return items(child, first) }
	c.Shop.Promotions = func(child int, _ *model.PromotionFilter, _ *model.PromotionOrder, first *int, _ *string) int {
		return items(child, first)
	}
	c.Shop.PromotionCounts = func(child int, _ *model.PromotionFilter) int { return countCost + child }
	c.Mutation.CreateVoucherTiers = func(child int, _ model.CreateVoucherTiersInput) int { return len(promo.SpendTiers) * child }
	c.Mutation.AssignVoucherTiers = func(child int, in model.AssignVoucherTiersInput) int {
		return pageCost + (len(in.Low)+len(in.Medium)+len(in.High))*child
	}
	c.Query.PreviewVoucher = func(child int, _ model.PreviewVoucherInput) int { return countCost + child }
	c.Query.CoreData = func(child int, in model.CoreDataInput) int {
		return reportCost + child*(1+reportPoints(in)/largeReport)
	}
	c.Query.LiveFunnel = func(child int, _ string, _ *string, _ *model.PeriodInput) int { return reportCost + child }
	c.Query.ChatFunnel = func(child int, _ string, _ model.PeriodInput) int { return reportCost + child }
	c.Query.TierComparison = func(child int, _, _ string, _ model.PeriodInput) int { return reportCost + child }
	c.TierComparison.Tiers = func(child int) int { return len(promo.SpendTiers) * child }
	c.TierPerformance.Vouchers = func(child int) int { return longList * child }
	c.Query.DiagnoseVoucher = func(child int, _ string) int { return reportCost + child }
	c.Query.BacktestVoucher = func(child int, _ model.BacktestVoucherInput) int { return reportCost + child }
	c.Query.MinimumSpendSuggestion = func(child int, _ string, _ int) int { return reportCost + child }
	c.Query.PromotionPerformance = func(child int, _ model.CoreDataInput, first *int, _ *string) int {
		return reportCost + items(child, first)
	}
	c.Voucher.Performance = func(child int, _ *model.PeriodInput) int { return pageCost + child }
	c.ProductDiscount.Performance, c.FlashDeal.Performance = c.Voucher.Performance, c.Voucher.Performance
	c.Query.WarehouseStatus = func(child int) int { return reportCost + child }
	c.Shop.Accounts = func(child int) int { return mostAccounts * child }
	c.Shop.Livestreams = func(child int, _ *bool, first *int, _ *string) int { return items(child, first) }
	c.Account.Livestreams = c.Shop.Livestreams
	c.Voucher.Distributions = c.Shop.Livestreams
	c.Livestream.Distributions = func(child int) int { return longList * child }
	c.WatchLivestreamPayload.Distributions = c.Livestream.Distributions
	c.Query.ClaimableVouchers = func(child int, _ string, _, _ *string) int { return countCost + longList*child }
	c.Query.MyConversations = page
	c.Query.CouponWorkbench = func(child int, _ string, _ *model.WorkbenchFilter, first *int, _ *string) int {
		return items(child, first)
	}
	c.Shop.Conversations = func(child int, _ *bool, first *int, _ *string) int { return items(child, first) }
	c.Conversation.Messages = page
	c.Shop.Orders = page
	c.Quote.Lines = func(child int) int { return someItems * child }
	c.Quote.Candidates = func(child int) int { return someItems * child }
	c.Order.Refunds = func(child int) int { return someItems * child }
	c.CoreData.Series = func(child int) int { return someItems * child }
	c.CoreData.PreviousSeries, c.CoreDataGroup.Series, c.LiveFunnel.Series = c.CoreData.Series, c.CoreData.Series, c.CoreData.Series
	c.CoreData.Groups = func(child int) int { return someItems * child }
	c.LiveFunnel.ByTask, c.ChatFunnel.ByAgent = c.CoreData.Groups, c.CoreData.Groups
	c.Query.MyCoupons = func(child int, _ []promo.ClaimStatus, first *int, _ *string) int { return items(child, first) }
	return c
}
