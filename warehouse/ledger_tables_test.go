package warehouse

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"voucherhouse/promo"
)

// The ledger's tables tell how much of a line was taken back, but not when. This remembers it.
const keepTakingBack = `
create table taken_back (shop_id bigint, order_id bigint, line integer, before integer, after integer, at timestamptz);
create function keep_taking_back() returns trigger language plpgsql security definer as $$
begin
    insert into taken_back values (new.shop_id, new.order_id, new.line, old.refunded, new.refunded, app_now());
    return null;
end $$;
create trigger keep_taking_back after update of refunded on order_lines for each row when (new.refunded <> old.refunded) execute function keep_taking_back()`

// tellTables tells what the outbox does in tellFacts, by the ledger's own tables.
const tellTables = `
create table told as
with used as (
    select shop_id, order_id, array_agg(id order by id) as promotions, array_agg(tool::text order by id) as tools
    from (
        select shop_id, order_id, voucher_id as id from redemptions
        union
        select shop_id, order_id, promotion_id from order_lines where promotion_id is not null
    ) u join promotions using (shop_id, id)
    group by shop_id, order_id
), paid as (
    select o.shop_id, o.id, o.buyer_id, o.channel::text, o.account_id, o.livestream_id, o.paid_at,
        coalesce(u.promotions, '{}') as promotions, coalesce(u.tools, '{}') as tools
    from orders o left join used u on u.shop_id = o.shop_id and u.order_id = o.id
    where o.paid_at is not null
), held as (
    select c.shop_id, c.id, c.buyer_id, c.source::text as channel, c.claimed_at, c.valid_to, array[c.voucher_id] as promotions, array[p.tool::text] as tools,
        l.account_id, d.livestream_id
    from claims c
        join promotions p on p.shop_id = c.shop_id and p.id = c.voucher_id
        left join distributions d on d.shop_id = c.shop_id and d.id = c.distribution_id
        left join livestreams l on l.shop_id = d.shop_id and l.id = d.livestream_id
), raised as (
    select shop_id, promotion_id, at, old::bigint, new::bigint, id from promotion_changes where action = 'INCREASE_QUANTITY'
), sold as (
    select l.shop_id, l.order_id, l.line, l.product_id, l.category, l.quantity, l.item_discount_minor as item, l.voucher_share_minor as voucher,
        l.subsidy_minor as subsidy, l.list_minor - l.item_discount_minor - l.voucher_share_minor as revenue
    from order_lines l
)
select shop_id, 'quantity' as kind, p.created_at as at, array[p.id] as promotions, array[p.tool::text] as tools, null::bigint as buyer,
    null::bigint as "order", null::bigint as product, null as category, null as channel, null::bigint as account, null::bigint as livestream,
    coalesce((select old from raised r where r.shop_id = p.shop_id and r.promotion_id = p.id order by r.id limit 1), v.total_quantity) as quantity,
    0::bigint as revenue, 0::bigint as cost, null::timestamptz as until, null::timestamptz as ordered_at
from promotions p join vouchers v using (shop_id, id)
union all
select shop_id, 'quantity', r.at, array[p.id], array[p.tool::text], null, null, null, null, null, null, null, r.new - r.old, 0, 0, null, null
from raised r join promotions p using (shop_id) where p.id = r.promotion_id
union all
select shop_id, 'claim', claimed_at, promotions, tools, buyer_id, null, null, null, channel, account_id, livestream_id, 1, 0, 0, valid_to, null
from held
union all
select h.shop_id, 'cohort', h.claimed_at, h.promotions, h.tools, h.buyer_id, r.order_id, null, null, h.channel, h.account_id, h.livestream_id, 1, 0, 0, null, null
from redemptions r join held h on h.shop_id = r.shop_id and h.id = r.claim_id
where r.reversed_at is null
union all
select h.shop_id, 'redemption', r.redeemed_at, h.promotions, h.tools, h.buyer_id, r.order_id, null, null, o.channel, o.account_id, o.livestream_id, 1, 0, 0, null, null
from redemptions r join held h on h.shop_id = r.shop_id and h.id = r.claim_id join paid o on o.shop_id = r.shop_id and o.id = r.order_id
union all
select shop_id, 'order', paid_at, promotions, tools, buyer_id, id, null, null, channel, account_id, livestream_id, 1, 0, 0, null, null
from paid
union all
select o.shop_id, 'first_order', c.first_paid_at, o.promotions, o.tools, o.buyer_id, o.id, null, null, o.channel, o.account_id, o.livestream_id, 1, 0, 0, null, null
from customers c join paid o on o.shop_id = c.shop_id and o.id = c.first_order_id
union all
select o.shop_id, 'line', o.paid_at, o.promotions, o.tools, o.buyer_id, o.id, s.product_id, s.category, o.channel, o.account_id, o.livestream_id,
    s.quantity, s.revenue, s.item + s.voucher, null, null
from paid o join sold s on s.shop_id = o.shop_id and s.order_id = o.id
union all
-- The first units of a line come to their part of it, of each amount rounded down by itself (product.md K6).
select o.shop_id, 'reversal', b.at, o.promotions, o.tools, o.buyer_id, o.id, s.product_id, s.category, o.channel, o.account_id, o.livestream_id,
    b.before - b.after,
    -((s.revenue - s.subsidy) * b.after / s.quantity - (s.revenue - s.subsidy) * b.before / s.quantity + s.subsidy * b.after / s.quantity - s.subsidy * b.before / s.quantity),
    -(s.item * b.after / s.quantity - s.item * b.before / s.quantity + s.voucher * b.after / s.quantity - s.voucher * b.before / s.quantity), null, o.paid_at
from taken_back b
    join sold s on s.shop_id = b.shop_id and s.order_id = b.order_id and s.line = b.line
    join paid o on o.shop_id = b.shop_id and o.id = b.order_id;
create table tiers as select shop_id, id as promotion, tier_group, tier::text from vouchers`

// What happened through the ledger's own orders is reported as its tables have it, whatever its facts say of it.
func TestReportsAreWhatTheLedgersTablesHold(t *testing.T) {
	t.Parallel()
	for seed := range 2 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			s := playOut(t, deeds.Example(seed))
			for _, what := range []string{toClaim, toOrder, toPay, toCancel, toRefund, toRaise} {
				if s.done[what] < 3 {
					t.Errorf("to %s was done only %d times", what, s.done[what])
				}
			}
			must(t, s.deliver(t))
			_, err := s.owner.Exec(tellTables)
			must(t, err)
			turn := instant(t, "2024-03-10T07:00Z")
			whole := CoreDataParams{
				Shop: s.shop, TimeZone: s.shop.TimeZone, Period: promo.Period{From: instant(t, "2024-03-01T05:00Z"), To: now}, Granularity: Day,
				GroupBy: []Dimension{ByPromotion}, RefundsBy: Booked, OrderBy: "REVENUE", Limit: 100,
			}
			oracle{t, s.owner, whole}.hold(t.Context(), s.Warehouse)
			questions := rapid.Custom(func(r *rapid.T) CoreDataParams { return randomQuestion(r, s.shop, turn) })
			for i := range 25 {
				oracle{t, s.owner, questions.Example(i)}.hold(t.Context(), s.Warehouse)
			}
		})
	}
}
