-- +goose Up

-- The local day of each fact in its shop's zone, as series by day cut it, and for a reversal that of its order. What was delivered
-- before they were kept has 1970: until a rebuild, reports read every fact.
alter table facts add column local_day Date32 default '1970-01-01' comment 'The local day, in the zone of the shop' after ordered_at;
alter table facts add column ordered_day Date32 default '1970-01-01' comment 'The local day of a reversal''s order; else local_day' after local_day;

-- Sums by day, for reports of whole local days that ask for nothing closer than kinds of promotion and channels: of ten million
-- facts a few thousand rows. A projection lives in the parts, so an insert that is repeated cannot count twice in it. Buyers are
-- not in it: sets of numbers that lie far apart are slower to unite than the orders are to read.
alter table facts add projection days (
    select shop_id, kind, local_day, ordered_day, tools, channel,
        sum(quantity), sum(revenue), sum(item_discount), sum(voucher_discount), max(valid_to)
    group by shop_id, kind, local_day, ordered_day, tools, channel
);
