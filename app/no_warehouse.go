package app

import (
	"context"

	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// noWarehouse answers for a process without a warehouse.
type noWarehouse struct{}

var errNoWarehouse = &promo.Error{Code: promo.Unavailable, Message: "This server has no warehouse; another one does."}

func (noWarehouse) CoreData(context.Context, warehouse.CoreDataParams) (*warehouse.CoreData, error) {
	return nil, errNoWarehouse
}

func (noWarehouse) FollowCoreData(context.Context, warehouse.CoreDataParams) (<-chan *warehouse.CoreData, error) {
	return nil, errNoWarehouse
}

func (noWarehouse) LiveFunnel(context.Context, warehouse.LiveFunnelParams) (*warehouse.LiveFunnel, error) {
	return nil, errNoWarehouse
}

func (noWarehouse) ChatFunnel(context.Context, promo.Shop, promo.Period) (*warehouse.ChatFunnel, error) {
	return nil, errNoWarehouse
}

func (noWarehouse) PromotionPerformance(context.Context, warehouse.CoreDataParams, promo.PageArgs) (page promo.Page[*warehouse.PromotionPerformance], err error) {
	return page, errNoWarehouse
}

func (noWarehouse) Performances(context.Context, warehouse.PerformanceParams) (map[promo.PromotionID]*warehouse.PromotionPerformance, error) {
	return nil, errNoWarehouse
}

func (noWarehouse) TierComparison(context.Context, warehouse.TierComparisonParams) (*warehouse.TierComparison, error) {
	return nil, errNoWarehouse
}

func (noWarehouse) DiagnoseVoucher(context.Context, promo.Diagnosed) (*warehouse.VoucherDiagnosis, error) {
	return nil, errNoWarehouse
}

func (noWarehouse) Status(context.Context) (*warehouse.Status, error) { return nil, errNoWarehouse }
