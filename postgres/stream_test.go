package postgres

import (
	"reflect"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"voucherhouse/promo"
)

// stream takes a stream, of which it is certain.
func (b *testBundle) stream(name string) *Stream {
	b.t.Helper()
	s, err := b.Stream(b.t.Context(), name)
	if err != nil {
		b.t.Fatal(err)
	}
	if s == nil {
		b.t.Fatalf("the stream %s is taken", name)
	}
	b.t.Cleanup(func() { s.Close() })
	return s
}

func (b *testBundle) snapshot(s *Stream) promo.Snapshot {
	b.t.Helper()
	now, err := s.Snapshot(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return now
}

func (b *testBundle) state(s *Stream) promo.StreamState {
	b.t.Helper()
	state, err := s.State(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return state
}

// poll reads what the guard lets through after a position, as words, and moves the position.
func (b *testBundle) poll(s *Stream, at *promo.Position) string {
	b.t.Helper()
	facts, err := s.After(b.t.Context(), *at, b.snapshot(s).Xmin, 100)
	if err != nil {
		b.t.Fatal(err)
	}
	var kinds []string
	for _, f := range facts {
		kinds, *at = append(kinds, string(f.Kind)), f.Position
	}
	return strings.Join(kinds, " ")
}

const writeFact = `insert into outbox (shop_id, kind, at, payload) values ($1, $2, now(), '{}')`

// The late commit: a fact that was written first and committed last is delivered, once, and none overtakes it.
func TestLateCommit(t *testing.T) {
	t.Parallel()
	b, _ := setupAlone(t)
	shop := b.shop("A")
	s := b.stream("facts")
	var at promo.Position
	late := b.begin()
	late.MustExec(writeFact, shop, "late")
	b.exec(writeFact, shop, "early")
	if got := b.poll(s, &at); got != "" {
		t.Errorf("while the earlier transaction is open: %q", got)
	}
	if n, err := b.Waiting(t.Context(), at); err != nil || n != 1 {
		t.Errorf("%d facts wait, %v", n, err)
	}
	b.checkBlocker()
	if err := late.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := b.poll(s, &at); got != "late early" {
		t.Errorf("after it was committed: %q", got)
	}
	if got := b.poll(s, &at); got != "" {
		t.Errorf("delivered again: %q", got)
	}
	// One that is rolled back holds nothing back, and neither does one that only reads.
	gone := b.begin()
	gone.MustExec(writeFact, shop, "gone")
	b.begin().MustExec(`select from outbox`)
	b.exec(writeFact, shop, "last")
	if err := gone.Rollback(); err != nil {
		t.Fatal(err)
	}
	if got := b.poll(s, &at); got != "last" {
		t.Errorf("after a rollback: %q", got)
	}
}

// untilHeld waits until so many streams of the database are held.
func (b *testBundle) untilHeld(n int) {
	b.t.Helper()
	b.until(`
select count(*) = $1 from pg_locks join pg_database d on d.oid = database
where locktype = 'advisory' and datname = current_database()`, n)
}

// One holder at a time, over all processes, until it lets go or its connection ends.
func TestOneHolderOfAStream(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := b.another()
	taken := func() bool {
		t.Helper()
		s, err := other.Stream(t.Context(), "facts")
		if err != nil {
			t.Fatal(err)
		}
		if s == nil {
			return true
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		return false
	}
	first := b.stream("facts")
	b.stream("rebuild") // is another
	if !taken() {
		t.Error("two hold the stream")
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	b.untilHeld(1) // the server sees the end of a connection a little later
	if taken() {
		t.Error("nobody holds the stream")
	}
	b.untilHeld(1)
	lost := b.stream("facts")
	var pid int
	if err := lost.conn.GetContext(t.Context(), &pid, `select pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	b.exec(`select pg_terminate_backend($1)`, pid)
	b.untilHeld(1)
	if taken() {
		t.Error("the lock outlived its connection")
	}
	_, err := lost.State(t.Context())
	wantCode(t, err, promo.Unavailable)
	wantCode(t, lost.Advance(t.Context(), promo.Position{}), promo.Unavailable)
	if err := lost.Close(); err != nil {
		t.Errorf("closing what is lost: %v", err)
	}
}

// Connections that ended behind the pool's back, as with a server that was killed and came back, are in nobody's way.
func TestAStreamIsOfAConnectionThatLives(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var idle []*sqlx.Conn
	for range 5 {
		conn, err := b.Ledger.db.Connx(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		idle = append(idle, conn)
	}
	for _, conn := range idle {
		conn.Close()
	}
	b.exec(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
	s, err := b.Ledger.Stream(t.Context(), "facts")
	if err != nil || s == nil {
		t.Fatalf("got %v, %v", s, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestStreamShops(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop, _ := b.shop("A"), b.shop("B")
	shops, err := b.stream("facts").Shops(t.Context(), []promo.ShopID{shop, 999})
	if want := []promo.Shop{{ID: shop, Name: "A", Currency: "USD", TimeZone: "America/New_York"}}; err != nil || !reflect.DeepEqual(shops, want) {
		t.Errorf("got %v, %v; want %v", shops, err, want)
	}
}
