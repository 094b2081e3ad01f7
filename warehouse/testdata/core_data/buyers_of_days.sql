select
    toUInt8(0) as previous,
    toYYYYMMDD(local_day) as bucket,
    toUInt8(grouping(bucket)) as total,
    uniqExact(buyer_id) as buyers
from facts
where shop_id = {shop:UInt64}
  and kind = 'order'
  and indexHint(at >= {since:DateTime64(6, 'UTC')} and at < {until:DateTime64(6, 'UTC')})
  and local_day >= {from:Date32} and local_day < {to:Date32}
  and tools.size0 != 0
  and buyer_id != 0
group by rollup(bucket)
settings optimize_move_to_prewhere = 0, optimize_use_projections = 0
