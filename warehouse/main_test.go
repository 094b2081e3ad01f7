package warehouse

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/lib/pq"

	"voucherhouse/internal/testdb"
	"voucherhouse/internal/testledger"
	"voucherhouse/postgres"
	"voucherhouse/promo"
)

func TestMain(m *testing.M) { os.Exit(testdb.Main(m)) }

// bundle is a ledger and its warehouse, both empty, with a shop in each of two currencies and zones.
type bundle struct {
	*Warehouse
	ledger *postgres.Ledger
	// owner sees and changes everything in the ledger's database.
	owner   *sql.DB
	options *clickhouse.Options
	lead    Lead
	// shop is in New York, other in Tokyo.
	shop, other promo.Shop
}

// now is the warehouses' clock in tests.
var now = time.Date(2024, 3, 25, 0, 0, 0, 0, time.UTC)

func fixedClock() time.Time { return now }

func setup(t testing.TB) *bundle {
	t.Helper()
	return setupOn(t, testledger.New(t))
}

func setupOn(t testing.TB, dsn string) *bundle {
	t.Helper()
	owner, err := sql.Open("postgres", dsn)
	must(t, err)
	t.Cleanup(func() { owner.Close() })
	ledger := openLedger(t, dsn)
	b := open(t, ledger, testdb.ClickHouse(t), leadOf(ledger))
	b.owner = owner
	must(t, ledger.Migrate(t.Context(), b.Migrate))
	b.shop = b.addShop(t, "America/New_York", "USD")
	b.other = b.addShop(t, "Asia/Tokyo", "JPY")
	return b
}

func openLedger(t testing.TB, dsn string) *postgres.Ledger {
	t.Helper()
	ledger, err := postgres.Open(t.Context(), dsn, fixedClock)
	must(t, err)
	t.Cleanup(func() { ledger.Close() })
	return ledger
}

// open opens a warehouse on tables that are there already, or will be.
func open(t testing.TB, ledger *postgres.Ledger, options *clickhouse.Options, lead Lead) *bundle {
	t.Helper()
	w, err := Open(options, ledger, lead, fixedClock)
	must(t, err)
	t.Cleanup(func() { w.Close() })
	return &bundle{Warehouse: w, ledger: ledger, options: options, lead: lead}
}

// leadOf opens the ledger's streams. A nil *postgres.Stream in a Stream would not be nil.
func leadOf(ledger *postgres.Ledger) Lead {
	return func(ctx context.Context, name string) (Stream, error) {
		stream, err := ledger.Stream(ctx, name)
		if stream == nil {
			return nil, err
		}
		return stream, err
	}
}

func (b *bundle) addShop(t testing.TB, zone string, currency promo.Currency) promo.Shop {
	t.Helper()
	shop := promo.Shop{Name: "Shop in " + zone, Currency: currency, TimeZone: zone}
	must(t, b.owner.QueryRow(`insert into shops (name, currency, time_zone, created_at) values ($1, $2, $3, now()) returning id`,
		shop.Name, shop.Currency, shop.TimeZone).Scan(&shop.ID))
	return shop
}

// fact is one to be written, as tests put it down.
type fact struct {
	kind promo.FactKind
	at   time.Time
	promo.Fact
}

// execer is a database or a transaction.
type execer interface {
	Exec(query string, args ...any) (sql.Result, error)
}

const (
	insertFact = `insert into outbox (shop_id, kind, at, payload) values ($1, $2, $3, $4)`
	writeFacts = `
insert into outbox (shop_id, kind, at, payload)
select $1, kind, at, payload
from unnest($2::text[], $3::timestamptz[], $4::json[]) as f (kind, at, payload)`
)

// write puts facts of a shop into the ledger, in one transaction.
func write(t testing.TB, to execer, shop promo.Shop, facts ...fact) {
	t.Helper()
	var kinds, ats, bodies []string
	for _, f := range facts {
		body, err := json.Marshal(f.Fact)
		must(t, err)
		kinds, ats, bodies = append(kinds, string(f.kind)), append(ats, f.at.Format(time.RFC3339Nano)), append(bodies, string(body))
	}
	_, err := to.Exec(writeFacts, shop.ID, pq.Array(kinds), pq.Array(ats), pq.Array(bodies))
	must(t, err)
}

// claims are n claims of voucher 1, the first at a time and each a minute after the one before.
func claims(n int, from time.Time) []fact {
	facts := make([]fact, n)
	for i := range facts {
		facts[i] = fact{promo.FactClaim, from.Add(time.Duration(i) * time.Minute), promo.Fact{
			Promotions: []int64{1}, Tools: []string{"REGULAR_VOUCHER"}, Buyer: int64(i + 1), Quantity: 1,
		}}
	}
	return facts
}

// deliver delivers what is in the ledger, without a relay, and gives the error that stops it.
func (b *bundle) deliver(t testing.TB) error {
	t.Helper()
	stream := b.takeStream(t, factStream)
	defer stream.Close()
	d, _, err := begin(t.Context(), stream, b.sink("facts"))
	if err != nil {
		return err
	}
	eventually(t, "everything is delivered", func() bool {
		if err = fill(t.Context(), d, func(int) {}); err != nil {
			return true
		}
		// Transactions of other tests hold facts back, too.
		waiting, e := b.ledger.Waiting(t.Context(), d.at)
		must(t, e)
		return waiting == 0
	})
	return err
}

// takeStream takes a stream. Who had it before may just be giving it back.
func (b *bundle) takeStream(t testing.TB, name string) (stream Stream) {
	t.Helper()
	eventually(t, "nobody else holds "+name, func() bool {
		var err error
		stream, err = b.lead(t.Context(), name)
		must(t, err)
		return stream != nil
	})
	return stream
}

// run runs the relay until the test ends or the function that it gives is called.
func (b *bundle) run(t testing.TB) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Relay().Run(ctx)
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// count counts rows of the warehouse.
func (b *bundle) count(t testing.TB, what, from string) int {
	t.Helper()
	var n uint64
	must(t, b.conn.QueryRow(t.Context(), "select toUInt64("+what+") from "+from).Scan(&n))
	return int(n)
}

func (b *bundle) exec(t testing.TB, statement string) {
	t.Helper()
	must(t, b.conn.Exec(t.Context(), statement))
}

// exactlyOnce fails the test unless every fact of the ledger is in the warehouse, once, with the same sums.
func (b *bundle) exactlyOnce(t testing.TB) {
	t.Helper()
	var ledger int
	must(t, b.owner.QueryRow(`select count(*) from outbox where kind <> 'promotion'`).Scan(&ledger))
	rows, different := b.count(t, "count()", "facts"), b.count(t, "uniqExact(tx, id)", "facts")
	if rows != ledger || different != ledger {
		t.Errorf("the warehouse holds %d rows, %d different ones, of the ledger's %d facts", rows, different, ledger)
	}
	outcome, differences, err := b.Reconcile(t.Context())
	must(t, err)
	if !outcome.Matches || outcome.LedgerFacts != int64(ledger) {
		t.Errorf("reconciled %+v with the differences %v", outcome, differences)
	}
}

// status is the warehouse's own account.
func (b *bundle) status(t testing.TB) *Status {
	t.Helper()
	s, err := b.Status(t.Context())
	must(t, err)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition that something else brings about.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("half a minute went by and it is still not so that %s", what)
		}
	}
}

// minutes is how tests write instants.
const minutes = "2006-01-02T15:04Z07:00"

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(minutes, text)
	must(t, err)
	return at
}

func location(t interface{ Fatal(...any) }, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func equal[T any](t testing.TB, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
