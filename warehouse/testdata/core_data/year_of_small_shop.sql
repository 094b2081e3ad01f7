select
    kind,
    tools.size0 != 0 as used,
    toInt32(local_day) as day,
    sum(quantity) as quantity,
    toInt64(sum(revenue) * {unit:UInt32}) as revenue,
    toInt64(sum(item_discount + voucher_discount) * {unit:UInt32}) as discount,
    max(valid_to) as valid_to,
    toString(groupArrayIf(buyer_id, kind = 'order')) as buyers
from facts
where shop_id = {shop:UInt64}
group by kind, used, local_day
settings optimize_move_to_prewhere = 0, optimize_use_projections = 0, use_uncompressed_cache = 1, max_rows_to_read = 200000, read_overflow_mode = 'throw'
