select
    kind,
    notEmpty(tools) as used,
    toInt32(local_day) as day,
    sum(quantity) as quantity,
    toInt64(sum(revenue) * {unit:UInt32}) as revenue,
    toInt64((sum(item_discount) + sum(voucher_discount)) * {unit:UInt32}) as discount,
    max(valid_to) as valid_to,
    '' as buyers
from facts
where shop_id = {shop:UInt64}
  and local_day < {to:Date32} and (local_day >= {from:Date32} or kind = 'quantity')
group by shop_id, kind, used, local_day
settings optimize_move_to_prewhere = 0
