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
	s, err := r.shop(ctx, input.ShopID)
	if err != nil {
		return nil, atField(err, "input", "shopId")
	}
	params, err := coreDataParams(input, *s)
	if err != nil {
		return nil, err
	}
	params.WithGroupSeries = asksFor(ctx, "groups", "series")
	return r.Reports.CoreData(ctx, params)
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
