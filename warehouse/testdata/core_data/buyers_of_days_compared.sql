with
    toUnixTimestamp(at) as seconds,
    at < {to:DateTime64(6, 'UTC')} and (at >= {from:DateTime64(6, 'UTC')} or kind = 'quantity') as in_period,
    at < {previous_to:DateTime64(6, 'UTC')} and (at >= {previous_from:DateTime64(6, 'UTC')} or kind = 'quantity') as in_previous,
    arrayJoin(multiIf(not in_previous, [0], not in_period, [1], [0, 1])) as previous
select
    previous,
    if(previous = 0, roundDown(seconds, {buckets:Array(UInt32)}), roundDown(seconds, {previous_buckets:Array(UInt32)})) as bucket,
    toUInt8(grouping(bucket)) as total,
    uniqExact(buyer_id) as buyers
from facts
where shop_id = {shop:UInt64}
  and kind in ('quantity', 'claim', 'redemption', 'cohort', 'order', 'line', 'first_order', 'reversal')
  and (in_period or in_previous)
  and kind = 'order'
  and notEmpty(promotions)
  and buyer_id != 0
group by grouping sets ((previous), (previous, bucket))
settings optimize_move_to_prewhere = 0, optimize_use_projections = 0
