package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// One claim per transaction, as it is usually written: a counter, a unique row, an outbox row.
const (
	pgbenchSchema = `
create table hot_vouchers (id int primary key, total int not null, claimed int not null default 0);
insert into hot_vouchers select n, 1000000000 from generate_series(1, 1000) n;
create table hot_claims (id bigint generated always as identity primary key, voucher_id int not null, buyer_id bigint not null, claimed_at timestamptz not null,
    unique (voucher_id, buyer_id));
create table hot_outbox (tx xid8 not null default pg_current_xact_id(), id bigint generated always as identity, payload json not null, primary key (tx, id));
create sequence hot_buyers cache 1000;
create function claim_hot(voucher int) returns bigint language plpgsql as $$
declare
    buyer bigint := nextval('hot_buyers');
    claim bigint;
begin
    insert into hot_claims (voucher_id, buyer_id, claimed_at) values (voucher, buyer, clock_timestamp()) returning id into claim;
    insert into hot_outbox (payload) values (json_build_object('buyer', buyer, 'promotions', array[voucher], 'quantity', 1));
    update hot_vouchers set claimed = claimed + 1 where id = voucher and claimed < total;
    return claim;
end $$;`
	oneClaim = `
begin;
select nextval('hot_buyers') as buyer \gset
update hot_vouchers set claimed = claimed + 1 where id = :voucher and claimed < total;
insert into hot_claims (voucher_id, buyer_id, claimed_at) values (:voucher::int, :buyer::bigint, clock_timestamp());
insert into hot_outbox (payload) values (json_build_object('buyer', :buyer::bigint, 'promotions', array[:voucher::int], 'quantity', 1));
commit;`
	oneCall = `select claim_hot(:voucher);`
	hot     = `\set voucher 1` + "\n"
	spread  = `\set voucher random(1, 1000)` + "\n"
)

var tps = regexp.MustCompile(`tps = ([0-9.]+) \(without`)

// pgbench runs a script against a database with so many clients, and gives its transactions per second.
func pgbench(b *testing.B, dsn, script string, clients int, lasting time.Duration) float64 {
	b.Helper()
	file := filepath.Join(b.TempDir(), "script.sql")
	must(b, os.WriteFile(file, []byte(script), 0o600))
	output, err := exec.Command("pgbench", "--no-vacuum", "--protocol=prepared", "--file="+file, "--client="+strconv.Itoa(clients), "--jobs=2",
		"--time="+strconv.Itoa(int(lasting.Seconds())), dsn).CombinedOutput()
	if err != nil {
		b.Fatalf("pgbench (of Postgres' client programs): %v\n%s", err, output)
	}
	found := tps.FindSubmatch(output)
	if found == nil {
		b.Fatalf("pgbench said %s", output)
	}
	rate, err := strconv.ParseFloat(string(found[1]), 64)
	must(b, err)
	return rate
}
