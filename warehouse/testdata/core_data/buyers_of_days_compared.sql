with
    local_day >= {from:Date32} and local_day < {to:Date32} as in_period,
    local_day >= {previous_from:Date32} and local_day < {previous_to:Date32} as in_previous,
    arrayJoin(multiIf(not in_previous, [0], not in_period, [1], [0, 1])) as previous
select
    previous,
    toYYYYMMDD(local_day) as bucket,
    toUInt8(grouping(bucket)) as total,
    uniqExact(buyer_id) as buyers
from facts
where shop_id = {shop:UInt64}
  and kind = 'order'
  and indexHint(at >= {since:DateTime64(6, 'UTC')} and at < {until:DateTime64(6, 'UTC')})
  and (in_period or in_previous)
  and tools.size0 != 0
  and buyer_id != 0
group by rollup(previous, bucket)
having grouping(previous) = 0
settings optimize_move_to_prewhere = 0, optimize_use_projections = 0
