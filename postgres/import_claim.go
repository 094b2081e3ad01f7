package postgres

import (
	"context"
	"time"

	"voucherhouse/promo"
)

// ImportedClaim is a claim of a shop's history. Its key is the external id.
type ImportedClaim struct {
	ExternalID string
	// Voucher and Buyer are external ids.
	Voucher, Buyer string
	ClaimedAt      time.Time
	// RedeemedAt is set if it was redeemed and no order is known for it.
	RedeemedAt *time.Time
}

var claimArrivals = arrivals{
	what:    "claims",
	columns: `row integer, external_id text, voucher text, buyer text, claimed_at timestamptz, redeemed_at timestamptz`,
	judge: `
create temporary table judged on commit drop as
select a.row, a.external_id, a.voucher, a.buyer, a.claimed_at, a.redeemed_at,
    nextval('claims_id_seq') as id, p.id as voucher_id, p.tool, null::bigint as buyer_id,
    (case p.tool when 'LIVE_VOUCHER' then 'LIVE' when 'CHAT_COUPON' then 'CHAT' else 'STOREFRONT' end)::claim_source as source,
    coalesce(v.valid_from, a.claimed_at) as valid_from,
    coalesce(v.valid_to, a.claimed_at + make_interval(hours => 24 * v.days_after_claim)) as valid_to,
    case when c.there then 'present'
         when p.id is null then format('There is no voucher "%s" in the shop.', a.voucher)
         when a.claimed_at < p.starts_at or a.claimed_at >= p.ends_at then
            format('claimed_at is outside of the claim period of the voucher "%s".', a.voucher)
    end as verdict
from arriving a
    left join lateral (select true as there from claims where shop_id = (select $1::bigint) and external_id = a.external_id limit 1) c on true
    left join lateral (
        select id, tool, starts_at, ends_at from promotions where shop_id = (select $1::bigint) and external_id = a.voucher limit 1
    ) p on true
    left join lateral (
        select valid_from, valid_to, days_after_claim from vouchers where shop_id = (select $1::bigint) and id = p.id limit 1
    ) v on true`,
	buyers: true,
	store: []string{lockClaimedVouchers, refuseTooManyClaims, importClaims, countImportedClaims, claimFacts,
		redeem(redeemedAlone), redemptionFacts(redeemedAlone)},
}

const (
	// Claims through the API lock their voucher too: nobody makes one between the count and the commit.
	lockClaimedVouchers = `
select from vouchers
where shop_id = $1 and id in (select voucher_id from judged where verdict is null)
order by id
for update`
	// Each claim counts those of the ledger and the good ones before it: first for the buyer, then for the voucher.
	refuseTooManyClaims = `
with of_buyers as (
    select j.row, j.voucher_id, v.claims_per_customer, v.total_quantity, v.claimed,
        (select count(*) from claims c where c.shop_id = $1 and c.voucher_id = j.voucher_id and c.buyer_id = j.buyer_id)
        + row_number() over (partition by j.voucher_id, j.buyer_id order by j.row) as of_buyer
    from judged j
        cross join lateral (
            select claims_per_customer, total_quantity, claimed from vouchers where shop_id = $1 and id = j.voucher_id limit 1
        ) v
    where j.verdict is null
), counted as (
    select *, claimed + count(*) filter (where of_buyer <= claims_per_customer) over (partition by voucher_id order by row) as of_voucher
    from of_buyers
)
update judged j
set verdict = case
    when n.of_buyer > n.claims_per_customer then
        format('The voucher "%s" has %s claims per customer, and the buyer has as many.', j.voucher, n.claims_per_customer)
    else format('The voucher "%s" has a total quantity of %s, and as many claims.', j.voucher, n.total_quantity) end
from counted n
where j.row = n.row and (n.of_buyer > n.claims_per_customer or n.of_voucher > n.total_quantity)`
	importClaims = `
insert into claims (shop_id, id, voucher_id, buyer_id, source, external_id, claimed_at, valid_from, valid_to)
overriding system value
select $1, id, voucher_id, buyer_id, source, external_id, claimed_at, valid_from, valid_to
from judged where verdict is null order by row`
	countImportedClaims = `
update vouchers v
set claimed = v.claimed + n.claims
from (select voucher_id, count(*) as claims from judged where verdict is null group by voucher_id) n
where v.shop_id = $1 and v.id = n.voucher_id`
	claimFacts = `
insert into outbox (shop_id, kind, at, payload)
select $1, 'claim', claimed_at, json_build_object('promotions', array[voucher_id], 'tools', array[tool],
    'buyer', buyer_id, 'channel', source, 'quantity', 1, 'until', (extract(epoch from valid_to) * 1000000)::bigint)
from judged where verdict is null order by row`
	// redeemedAlone are the redemptions of claims that no order is known for.
	redeemedAlone = `
    select row, 1 as place, id as claim_id, voucher_id, tool, buyer_id, null::bigint as order_id, null as channel, source, claimed_at, redeemed_at
    from judged where verdict is null and redeemed_at is not null`
)

// ImportClaims stores claims of a shop that are not there yet. None goes beyond a voucher's quantity or its claims per
// customer.
func (l *Ledger) ImportClaims(ctx context.Context, shop promo.ShopID, rows []ImportedClaim) (ImportOutcome, error) {
	return l.bring(ctx, shop, claimArrivals, len(rows), func(i int) []any {
		r := rows[i]
		return []any{r.ExternalID, r.Voucher, r.Buyer, r.ClaimedAt, r.RedeemedAt}
	})
}
