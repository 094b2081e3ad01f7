package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"voucherhouse/graph/relay"
	"voucherhouse/promo"
)

// otherShops are the second shop's things, of which each bears the number 1,001, and none the number 2,001.
const otherShops = `
insert into shops (name, currency, time_zone, created_at) values ('Kiosk', 'USD', 'Asia/Tokyo', '2026-01-01T00:00:00Z');
insert into products (shop_id, id, sku, title, category, price_minor) overriding system value values (2, 1001, 'gum', 'Gum', 'SWEETS', 100);
insert into promotions (shop_id, id, tool, name, starts_at, ends_at, created_at, created_by) overriding system value
values (2, 1001, 'REGULAR_VOUCHER', 'Foreign', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-02-01T00:00:00Z', 'seed');
insert into vouchers (shop_id, id, display_channel, days_after_claim, amount_off_minor, scope, total_quantity, claims_per_customer, tier_group, tier)
values (2, 1001, 'SHOP_PAGE', 30, 100, 'ENTIRE_SHOP', 10, 1, 'Theirs', 'LOW');
insert into accounts (shop_id, id, handle, kind, place, linked_at) overriding system value values (2, 1001, 'two', 'OFFICIAL', 0, '2026-03-01T00:00:00Z');
insert into livestreams (shop_id, id, account_id, title, started_at) overriding system value values (2, 1001, 1001, 'Gum', '2026-03-01T00:00:00Z');`

// Reports on what the shop does not have are refused, whoever has it, before the warehouse is asked: here there is none.
func TestReportsOnWhatTheShopDoesNotHave(t *testing.T) {
	t.Parallel()
	s, _ := counted(t, manyPromotions+otherShops)
	const of = `shopId: "<shop>", period: { from: "2026-02-01T05:00:00Z", to: "2026-03-01T05:00:00Z" }`
	const narrowed = `{ coreData(input: { ` + of + `, %s: ["%s"] }) { totals { orders } } }`
	for _, c := range []struct {
		kind         promo.Kind
		query, field string
	}{
		{promo.KindVoucher, fmt.Sprintf(narrowed, "promotionIds", "<id>"), "input.promotionIds"},
		{promo.KindProduct, fmt.Sprintf(narrowed, "productIds", "<id>"), "input.productIds"},
		{promo.KindAccount, fmt.Sprintf(narrowed, "accountIds", "<id>"), "input.accountIds"},
		{promo.KindVoucher, `{ promotionPerformance(input: { ` + of + `, promotionIds: ["<id>"] }) { nodes { metrics { orders } } } }`, "input.promotionIds"},
		{promo.KindLivestream, `{ liveFunnel(shopId: "<shop>", livestreamId: "<id>") { steps { count } } }`, "livestreamId"},
		{promo.KindVoucher, `{ diagnoseVoucher(voucherId: "<id>") { freshness { asOf } } }`, "voucherId"},
	} {
		for what, id := range map[string]string{
			"another shop's":     relay.ID(promo.Key{Kind: c.kind, Shop: 2, Serial: 1001}),
			"nobody's":           relay.ID(promo.Key{Kind: c.kind, Shop: 1, Serial: 2001}),
			"its, as the shop's": relay.ID(promo.Key{Kind: c.kind, Shop: 1, Serial: 1001}),
			"of another kind":    relay.ID(promo.Key{Kind: promo.KindClaim, Shop: 1, Serial: 1}),
			"malformed":          "1001",
		} {
			s.holdUnknown(t, what, strings.ReplaceAll(c.query, "<id>", id), c.field)
		}
	}
	// 1 is a voucher: as a flash deal there is none.
	s.holdUnknown(t, "of another tool", fmt.Sprintf(narrowed, "promotionIds", relay.ID(promo.Key{Kind: promo.KindFlashDeal, Shop: 1, Serial: 1})), "input.promotionIds")
	for _, group := range []string{"Theirs", "None", `'\"`, ""} {
		s.holdUnknown(t, group, `{ coreData(input: { `+of+`, tierGroup: "`+group+`" }) { totals { orders } } }`, "input.tierGroup")
		s.holdUnknown(t, group, `{ tierComparison(`+of+`, tierGroup: "`+group+`") { tiers { tier } } }`, "tierGroup")
	}
}

// holdUnknown holds an answer against the one to everything that is unknown.
func (s *server) holdUnknown(t *testing.T, what, query, field string) {
	t.Helper()
	_, body := s.ask(t, "seller", strings.ReplaceAll(query, "<shop>", cornerShop), nil)
	var answer refusedAnswer
	must(t, json.Unmarshal(body, &answer))
	if len(answer.Errors) != 1 {
		t.Fatalf("%s: %s is answered %s", what, query, body)
	}
	e := answer.Errors[0]
	if got := strings.Join(e.Extensions.Field, "."); e.Message != promo.ErrNotFound.Message || e.Extensions.Code != "NOT_FOUND" || got != field {
		t.Errorf("%s: %s is answered %s", what, query, body)
	}
}
