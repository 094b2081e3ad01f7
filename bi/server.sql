-- Readers for BI tools, on a ClickHouse server of your own (25.8 or later).
--
-- NOT RUN ON A SERVER by our tests: their engine has no users. It parses every statement, and no more is known. Try it on
-- a server that does not matter, and look with a reader's login that only its shop's rows are to be seen.
--
-- Run it as an administrator, after `voucherhouse migrate`, with these replaced: voucherhouse, the name of the warehouse's
-- database; the password; 1, the shop's number, and in the names too. A statement that is run again does no harm.

-- What a reader may do: read, within limits. Grafana sets max_execution_time and Metabase session_timezone, and nothing else
-- may be changed; the server's config.xml must have <settings_constraints_replace_previous> true for it, as it has by default.
create role if not exists voucherhouse_bi_reader settings
    readonly = 1,
    max_execution_time = 30 min 1 max 60 changeable_in_readonly,
    session_timezone = '' changeable_in_readonly,
    max_memory_usage = 2000000000,
    max_result_rows = 1000000,
    max_concurrent_queries_for_user = 8;

create quota if not exists voucherhouse_bi_reader keyed by user_name
    for interval 1 hour max queries = 5000, execution_time = 1800
    to voucherhouse_bi_reader;

-- The views, and the tables behind them: views have the rights of whoever asks, so that the row policies hold in them.
grant select on voucherhouse_bi.* to voucherhouse_bi_reader;
grant select on voucherhouse.facts to voucherhouse_bi_reader;
grant select on voucherhouse.promotions to voucherhouse_bi_reader;
grant select on voucherhouse.freshness to voucherhouse_bi_reader;

-- Everybody else, the server's own login among them, goes on seeing every shop.
create row policy if not exists every_shop on voucherhouse.facts, voucherhouse.promotions
    for select using true to all except voucherhouse_bi_reader;

-- A reader sees nothing before it is given a shop. Without this one it would see everything.
create row policy if not exists no_shop on voucherhouse.facts, voucherhouse.promotions
    for select using false to voucherhouse_bi_reader;

-- A reader of shop 1. Repeat for others; a policy for several shops has `shop_id in (1, 2)`.
create user if not exists voucherhouse_bi_shop_1 identified with sha256_password by 'CHANGE ME';
grant voucherhouse_bi_reader to voucherhouse_bi_shop_1;
create row policy if not exists shop_1 on voucherhouse.facts, voucherhouse.promotions
    for select using shop_id = 1 to voucherhouse_bi_shop_1;
