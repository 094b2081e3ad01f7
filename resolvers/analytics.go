package resolvers

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// Reports answers from the warehouse.
type Reports interface {
	CoreData(ctx context.Context, p warehouse.CoreDataParams) (*warehouse.CoreData, error)
	FollowCoreData(ctx context.Context, p warehouse.CoreDataParams) (<-chan *warehouse.CoreData, error)
	LiveFunnel(ctx context.Context, p warehouse.LiveFunnelParams) (*warehouse.LiveFunnel, error)
	ChatFunnel(ctx context.Context, shop promo.Shop, p promo.Period) (*warehouse.ChatFunnel, error)
	PromotionPerformance(ctx context.Context, p warehouse.CoreDataParams, args promo.PageArgs) (promo.Page[*warehouse.PromotionPerformance], error)
	Performances(ctx context.Context, p warehouse.PerformanceParams) (map[promo.PromotionID]*warehouse.PromotionPerformance, error)
	TierComparison(ctx context.Context, p warehouse.TierComparisonParams) (*warehouse.TierComparison, error)
	DiagnoseVoucher(ctx context.Context, d promo.Diagnosed) (*warehouse.VoucherDiagnosis, error)
	Status(ctx context.Context) (*warehouse.Status, error)
}

func (r query) CoreData(ctx context.Context, input model.CoreDataInput) (*warehouse.CoreData, error) {
	params, err := r.coreDataParams(ctx, input)
	if err != nil {
		return nil, err
	}
	data, err := r.Reports.CoreData(ctx, params)
	keep(ctx, keptCoreData{params, data})
	return data, err
}

func (r subscription) CoreDataUpdates(ctx context.Context, input model.CoreDataInput) (<-chan *warehouse.CoreData, error) {
	params, err := r.coreDataParams(ctx, input)
	if err != nil {
		return nil, err
	}
	return r.Reports.FollowCoreData(ctx, params)
}

// coreDataParams reads what is asked for of a shop that the caller may ask about.
func (r *Resolver) coreDataParams(ctx context.Context, input model.CoreDataInput) (warehouse.CoreDataParams, error) {
	s, err := r.shop(ctx, input.ShopID)
	if err != nil {
		return warehouse.CoreDataParams{}, atField(err, "input", "shopId")
	}
	params := coreDataParams(input, *s)
	params.WithGroupSeries = asksFor(ctx, "groups", "series")
	return params, r.narrow(ctx, &params, input)
}

func (r query) WarehouseStatus(ctx context.Context) (*warehouse.Status, error) {
	status, err := r.Reports.Status(ctx)
	if err != nil {
		return nil, err
	}
	if status.BlockedBy != nil && actor(ctx).Role != promo.Admin {
		// Names of databases and sessions are for who runs the installation.
		held := "Something holds delivery up; whoever runs this installation can see what."
		status.BlockedBy = &held
	}
	return status, nil
}

func (query) MetricDefinitions(context.Context) ([]warehouse.Definition, error) {
	return warehouse.Definitions, nil
}

func (groupKey) ID(_ context.Context, k *warehouse.GroupKey) (*string, error) {
	if k.Key == nil {
		return nil, nil
	}
	return new(relay.ID(*k.Key)), nil
}

func (groupKey) Label(ctx context.Context, k *warehouse.GroupKey) (string, error) {
	if k.Label != "" || k.Key == nil {
		return k.Label, nil
	}
	switch k.Dimension {
	case warehouse.ByProduct:
		return labelled(ctx, loadersOf(ctx).products, k.Key, func(p *promo.Product) string { return p.Title })
	case warehouse.ByAccount:
		return labelled(ctx, loadersOf(ctx).accounts, k.Key, func(a *promo.Account) string { return a.Handle })
	case warehouse.ByLivestream:
		return labelled(ctx, loadersOf(ctx).livestreams, k.Key, func(l *promo.Livestream) string { return l.Title })
	}
	return "", nil
}

// labelled is what something is called in the ledger; its number, if the ledger does not know it.
func labelled[T, V any](ctx context.Context, from *loader[promo.ID[T], V], k *promo.Key, label func(V) string) (string, error) {
	found, err := from.Load(ctx, promo.ID[T]{Shop: k.Shop, Serial: k.Serial})
	if errors.Is(err, promo.ErrNotFound) {
		return strconv.FormatInt(k.Serial, 10), nil
	}
	if err != nil {
		return "", err
	}
	return label(found), nil
}

// asksFor tells whether the query asks for a field at the path below the one that is being resolved.
func asksFor(ctx context.Context, path ...string) bool {
	operation := graphql.GetOperationContext(ctx)
	fields := graphql.CollectFieldsCtx(ctx, nil)
	for _, name := range path {
		i := slices.IndexFunc(fields, func(f graphql.CollectedField) bool { return f.Name == name })
		if i < 0 {
			return false
		}
		fields = graphql.CollectFields(operation, fields[i].Selections, nil)
	}
	return true
}
