package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"voucherhouse/promo"
)

func TestAsError(t *testing.T) {
	t.Parallel()
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	left, leave := context.WithCancel(t.Context())
	leave()
	code := func(c string) error { return &pq.Error{Code: pqerror.Code(c)} }
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	_, unanswered := (&net.Dialer{Timeout: time.Nanosecond}).Dial("tcp", "127.0.0.1:1")

	for _, c := range []struct {
		ctx  context.Context
		err  error
		want promo.Code // none: as it was
	}{
		{t.Context(), refused, promo.Unavailable},
		{t.Context(), unanswered, promo.Unavailable}, // its connect_timeout ended, and not the caller's time
		{late, unanswered, promo.Timeout},
		{t.Context(), driver.ErrBadConn, promo.Unavailable},
		{t.Context(), io.EOF, promo.Unavailable},
		{t.Context(), io.ErrUnexpectedEOF, promo.Unavailable},
		{t.Context(), code("08006"), promo.Unavailable},
		{t.Context(), code("57P01"), promo.Unavailable},
		{t.Context(), code("57P03"), promo.Unavailable},
		{t.Context(), code("53300"), promo.Unavailable},
		{t.Context(), code("57014"), promo.Timeout}, // the server's own statement_timeout
		{late, code("57014"), promo.Timeout},
		{late, driver.ErrBadConn, promo.Timeout},
		{late, sql.ErrTxDone, promo.Timeout},
		{t.Context(), sql.ErrTxDone, ""}, // a fault of ours
		{t.Context(), context.DeadlineExceeded, promo.Timeout},
		{t.Context(), code("22021"), promo.InvalidInput},
		{t.Context(), code("23505"), ""},
		{late, code("23505"), ""},
		{t.Context(), errors.New("a fault"), ""},
		{t.Context(), promo.RefuseClaim(promo.ClaimSoldOut), ""},
		{t.Context(), errConflict, promo.Conflict},
		{left, context.Canceled, ""},
	} {
		cause := fmt.Errorf("doing something: %w", c.err)
		got := asError(c.ctx, cause)
		var told *promo.Error
		if !errors.Is(got, cause) {
			t.Errorf("%v lost its cause: %v", c.err, got)
		}
		if errors.As(got, &told) != (c.want != "") || told != nil && told.Code != c.want {
			t.Errorf("%v is told as %v, want %q", c.err, got, c.want)
		}
	}
	if asError(late, nil) != nil {
		t.Error("success is told as an error")
	}
	// Who has left is no reason for an alarm.
	for _, cut := range []error{code("57014"), sql.ErrTxDone} {
		if err := asError(left, cut); !errors.Is(err, context.Canceled) {
			t.Errorf("after the caller left: %v", err)
		}
	}
}

// The server goes away under statements that run, and is back later: callers are told so, and need no new ledger.
func TestServerGoesAway(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "postgres")
	server := startPostgres(t, dir)
	b := setupAt(t, server.DSN("postgres"))
	shop := b.shop("A")
	v := b.voucher(shop)
	s := b.stream("facts")
	b.begin().MustExec(`select from vouchers v join promotions p on p.id = v.id for update`)
	errs := make(chan error)
	go func() {
		_, err := b.IncreaseQuantity(t.Context(), seller(shop), v.ID, 1, 200)
		errs <- err
	}()
	for i := range 3 {
		go func() {
			_, _, err := b.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: fmt.Sprint("b", i)})
			errs <- err
		}()
	}
	b.untilWaiting(2)
	if err := server.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		wantCode(t, <-errs, promo.Unavailable)
	}
	_, read := b.Voucher(t.Context(), seller(shop), v.ID)
	_, _, claim := b.Claim(t.Context(), promo.ClaimRequest{Voucher: v.ID, Subject: "bo"})
	_, state := s.State(t.Context())
	_, cut := s.Cut(t.Context(), promo.Position{}, map[int]int{1: 1})
	_, stream := b.Stream(t.Context(), "rebuild")
	_, blocker := b.Blocker(t.Context())
	for _, err := range []error{read, claim, state, cut, stream, blocker, b.ForgetKeys(t.Context()), b.Ping(t.Context())} {
		wantCode(t, err, promo.Unavailable)
	}
	startPostgres(t, dir)
	b.claim(v.ID, "bo")
	b.checkLedger(v.ID, 1)
}

func TestTooSlow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := b.shop("A")
	v := b.voucher(shop)
	b.begin().MustExec(`select from vouchers v join promotions p on p.id = v.id for update`)

	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := b.IncreaseQuantity(short, seller(shop), v.ID, 1, 200)
	wantCode(t, err, promo.Timeout)

	strict, err := Open(t.Context(), b.dsn+" statement_timeout=50", b.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	defer strict.Close()
	_, err = strict.IncreaseQuantity(t.Context(), seller(shop), v.ID, 1, 200)
	wantCode(t, err, promo.Timeout)

	impatient, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := b.IncreaseQuantity(impatient, seller(shop), v.ID, 1, 200)
		left <- err
	}()
	b.untilWaiting(1)
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller who left got %v", err)
	}
}
