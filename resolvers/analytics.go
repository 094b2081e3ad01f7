package resolvers

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"voucherhouse/graph/model"
	"voucherhouse/graph/relay"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// Reports answers from the warehouse.
type Reports interface {
	CoreData(ctx context.Context, p warehouse.CoreDataParams) (*warehouse.CoreData, error)
	Status(ctx context.Context) (*warehouse.Status, error)
}

func (r query) CoreData(ctx context.Context, input model.CoreDataInput) (*warehouse.CoreData, error) {
	key, err := relay.KeyOf(promo.KindShop, input.ShopID)
	if err != nil {
		return nil, err
	}
	s, err := r.Shops.Shop(ctx, actor(ctx), key.Shop)
	if err != nil {
		return nil, err
	}
	params, err := coreDataParams(input, *s)
	if err != nil {
		return nil, err
	}
	params.WithGroupSeries = asksFor(ctx, "groups", "series")
	return r.Reports.CoreData(ctx, params)
}

func (r query) WarehouseStatus(ctx context.Context) (*warehouse.Status, error) {
	return r.Reports.Status(ctx)
}

func (query) MetricDefinitions(context.Context) ([]warehouse.Definition, error) {
	return warehouse.Definitions, nil
}

func (groupKey) ID(_ context.Context, k *warehouse.GroupKey) (*string, error) {
	if k.Promotion == nil {
		return nil, nil
	}
	id := relay.ID(*k.Promotion)
	return &id, nil
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
