-- Facts {first} to {first} + {count} of a number of shops, made inside of ClickHouse, one after another from {from} on at an even
-- pace. Twenty belong together: four orders with nine lines, three or four claims and what became of one, and now and then a
-- quantity or a reversal. One order has a voucher, one a discount on an item, one both, and one has none.
insert into facts (shop_id, kind, at, promotions, tools, buyer_id, order_id, product_id, category, channel, quantity, currency,
    revenue, item_discount, voucher_discount, valid_to, ordered_at, local_day, ordered_day, tx, id, batch)
with
    intDiv(number, 20) as set,
    toUInt8(number % 20) as place,
    [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0][place + 1] as nth,
    4 * set + nth as serial,
    cityHash64(serial) as dice,
    {from:DateTime64(6, 'UTC')} as beginning,
    dice % 200 as voucher,
    200 + dice % 50 as discount
select
    {shop:UInt64} + set % {shops:UInt64},
    multiIf(place in (0, 4, 7, 10), 'order', place < 13, 'line', place < 16, 'claim', place = 16, 'redemption', place = 17, 'cohort',
        place = 18, 'first_order', set % 50 = 0, 'quantity', set % 3 = 0, 'reversal', 'claim') as what,
    addMicroseconds(beginning, number * {pace:UInt64}),
    [[voucher], [discount], [voucher, discount], []][nth + 1] as used,
    arrayMap(p -> if(p < 200, ['REGULAR_VOUCHER', 'LIVE_VOUCHER', 'CHAT_COUPON'][1 + p % 3], ['PRODUCT_DISCOUNT', 'FLASH_DEAL'][1 + p % 2]), used),
    -- Numbers of buyers are the platform's, so those of a shop lie far apart. Each orders four times.
    if(what = 'quantity', 0, 1 + cityHash64(intDiv(dice, 1000) % {buyers:UInt64}, {shop:UInt64} + set % {shops:UInt64}) % 1000000000),
    if(what in ('quantity', 'claim'), 0, 1 + serial),
    if(what in ('line', 'reversal'), 1 + cityHash64(number) % 5000, 0) as product,
    if(product = 0, '', concat('Category ', toString(product % 30))),
    ['STOREFRONT', 'STOREFRONT', 'LIVE', 'CHAT'][1 + dice % 4],
    multiIf(what = 'quantity', 1000, what = 'line', 1 + number % 3, what = 'reversal', -1, 1),
    'USD',
    multiIf(what = 'line', 9 + number % 9001 / 100, what = 'reversal', -9 - number % 901 / 100, 0),
    if(what = 'line' and nth in (1, 2), number % 100 / 100, 0),
    if(what = 'line' and nth in (0, 2), 1, 0),
    if(what in ('claim', 'cohort'), addDays(addMicroseconds(beginning, number * {pace:UInt64}), 7), toDateTime64(0, 6, 'UTC')),
    -- Refunds come three days after the order.
    if(what = 'reversal', greatest(beginning, subtractDays(addMicroseconds(beginning, number * {pace:UInt64}), 3)), toDateTime64(0, 6, 'UTC')) as ordered,
    toDate32(addMicroseconds(beginning, number * {pace:UInt64}), 'America/New_York') as day,
    if(what = 'reversal', toDate32(ordered, 'America/New_York'), day),
    1000 + set, number, 1 + intDiv(number, 50000)
from numbers({first:UInt64}, {count:UInt64})
