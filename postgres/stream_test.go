package postgres

import (
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"voucherhouse/promo"
)

// stream takes a stream, of which it is certain.
func (b *testBundle) stream(name string) *Stream {
	b.t.Helper()
	s := tryStream(b.t, b.Ledger, name)
	if s == nil {
		b.t.Fatalf("the stream %s is taken", name)
	}
	return s
}

// tryStream takes a stream, nil if another has it.
func tryStream(t testing.TB, l *Ledger, name string) *Stream {
	t.Helper()
	s, err := l.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if s != nil {
		t.Cleanup(func() { s.Close() })
	}
	return s
}

func closeStream(t testing.TB, s *Stream) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
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
		s := tryStream(t, other, "facts")
		if s != nil {
			closeStream(t, s)
		}
		return s == nil
	}
	first := b.stream("facts")
	b.stream("rebuild") // is another
	if !taken() {
		t.Error("two hold the stream")
	}
	closeStream(t, first)
	if taken() {
		t.Error("nobody holds the stream")
	}
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

// A cut connection leaves the server in the middle of a statement: the stream is free nevertheless.
func TestAStreamIsGivenBackInTheMiddleOfAStatement(t *testing.T) {
	t.Parallel()
	b := setup(t)
	wires := &wires{}
	pqConnector, err := pq.NewConnector(b.dsn)
	if err != nil {
		t.Fatal(err)
	}
	pqConnector.Dialer(wires)
	l := b.another()
	l.db.Close()
	l.db = openPool(connector{Connector: pqConnector}, 2)
	s, err := l.Stream(t.Context(), "facts")
	if err != nil || s == nil {
		t.Fatalf("got %v, %v", s, err)
	}
	ended := make(chan error)
	go func() {
		_, err := s.conn.ExecContext(t.Context(), `select pg_sleep(600)`)
		ended <- err
	}()
	b.until(`select exists (select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep')`, s.session.pid)
	wires.cut()
	if err := <-ended; err == nil {
		t.Error("the statement came to its end")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	b.stream("facts")
}

// A stream that was given back touches nobody who has its process's number now.
func TestAStreamEndsNoConnectionButItsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.stream("facts")
	other := b.begin()
	other.MustExec(shareCustomers, b.shop("A")) // an advisory lock
	if err := other.Get(&s.session.pid, `select pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := other.Exec(`select 1`); err != nil {
		t.Errorf("another's transaction: %v", err)
	}
}

// Both rights are of one connection: neither is lost without the other.
func TestAStreamJoinsAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := b.another()
	rebuild := b.stream("rebuild")
	facts := tryStream(t, other, "facts")
	if joined, err := rebuild.Join(t.Context(), "facts"); joined || err != nil {
		t.Errorf("while another holds it: %v, %v", joined, err)
	}
	closeStream(t, facts)
	if joined, err := rebuild.Join(t.Context(), "facts"); !joined || err != nil {
		t.Errorf("while nobody holds it: %v, %v", joined, err)
	}
	for _, name := range []string{"facts", "rebuild"} {
		if tryStream(t, other, name) != nil {
			t.Errorf("two hold %s", name)
		}
	}
	closeStream(t, rebuild)
	for _, name := range []string{"facts", "rebuild"} {
		if s := tryStream(t, other, name); s == nil {
			t.Errorf("nobody holds %s", name)
		} else {
			closeStream(t, s)
		}
	}
}

// What one process lets go so that its own rebuild can have it, no other gets.
func TestAStreamIsReserved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := b.another()
	facts, rebuild := b.stream("facts"), b.stream("rebuild")
	if err := rebuild.Reserve(t.Context(), "facts"); err != nil {
		t.Fatal(err)
	}
	closeStream(t, facts)
	if tryStream(t, other, "facts") != nil {
		t.Error("another took what is reserved")
	}
	if joined, err := rebuild.Join(t.Context(), "facts"); !joined || err != nil {
		t.Errorf("who reserved it: %v, %v", joined, err)
	}
	closeStream(t, rebuild)
	if tryStream(t, other, "facts") == nil {
		t.Error("it is reserved for nobody")
	}
}

// wires are connections that can be cut.
type wires struct {
	mu    sync.Mutex
	conns []net.Conn
}

func (w *wires) Dial(network, address string) (net.Conn, error) {
	return w.DialTimeout(network, address, time.Minute)
}

func (w *wires) DialTimeout(network, address string, limit time.Duration) (net.Conn, error) {
	conn, err := net.DialTimeout(network, address, limit)
	if err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.conns = append(w.conns, conn)
	}
	return conn, err
}

func (w *wires) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range w.conns {
		conn.Close()
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
