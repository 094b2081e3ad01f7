package postgres

// redeem stores redemptions. The query gives them with row and place for their order, claim_id, voucher_id, tool, buyer_id,
// order_id, the order's channel, the claim's source, claimed_at and redeemed_at.
func redeem(redemptions string) string {
	return `
insert into redemptions (shop_id, claim_id, voucher_id, order_id, redeemed_at)
select $1, claim_id, voucher_id, order_id, redeemed_at
from (` + redemptions + `
) r
order by row, place`
}

// redemptionFacts writes the facts of the same redemptions: each counts at its own time for its order's
// channel, and in the cohort of its claim for the claim's.
func redemptionFacts(redemptions string) string {
	return `
insert into outbox (shop_id, kind, at, payload)
select $1, f.kind, f.at, json_strip_nulls(json_build_object('promotions', array[r.voucher_id], 'tools', array[r.tool],
    'buyer', r.buyer_id, 'order', r.order_id, 'channel', f.channel, 'quantity', 1, 'ordered_at', f.ordered_at))
from (` + redemptions + `
) r
    cross join lateral (values
        (1, 'redemption', r.redeemed_at, r.channel::text, null),
        (2, 'cohort', r.claimed_at, r.source::text, (extract(epoch from r.redeemed_at) * 1000000)::bigint)
    ) as f (turn, kind, at, channel, ordered_at)
order by r.row, r.place, f.turn`
}
