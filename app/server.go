package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"voucherhouse/resolvers"
	"voucherhouse/web"
)

const (
	// drainTime bounds how long requests that are under way may take once the server is told to stop.
	drainTime = 15 * time.Second
	// headerTime bounds how long a client may take to send a request's head, and idleTime how long a connection may idle.
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
	// answerTime bounds how long a request may take from its head until the caller has read its answer: a minute for its body, half
	// a minute for the answer to be made, and the rest for it to be read. Streams and tables have bounds of their own.
	answerTime = 2 * time.Minute
	// sweepEvery is how often idempotency keys that have outlived their time are forgotten.
	sweepEvery = time.Hour
	// expireEvery is how often orders that were not paid in time are stored as expired. They count as expired before: a minute
	// keeps what has to be tidied at once small.
	expireEvery = time.Minute
)

// Server serves the schema, the explorer and the health of one process.
type Server struct {
	listener net.Listener
	http     *http.Server
	health   health
	// pages are served once the stores are open.
	pages atomic.Pointer[http.Handler]
	work  sync.WaitGroup
	stop  context.CancelFunc
	// streams are the requests that are answered over time.
	streams *streams
	// failed tells why the server no longer takes requests, if that was not asked for.
	failed chan error
}

// Listen takes the address. From then on the server answers for its health, and UNAVAILABLE to everything else until it
// is opened.
func Listen(address string) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		remedy := "it must be an address of this machine and a port, such as 127.0.0.1:8080"
		if errors.Is(err, syscall.EADDRINUSE) {
			remedy = "it is in use: stop what uses it, or choose another with --listen or VOUCHERHOUSE_LISTEN"
		}
		return nil, fmt.Errorf("--listen %s: %s", address, remedy)
	}
	s := &Server{listener: listener, stop: func() {}, streams: newStreams(), failed: make(chan error, 1)}
	mux := http.NewServeMux()
	s.health.register(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if pages := s.pages.Load(); pages != nil {
			(*pages).ServeHTTP(w, r)
			return
		}
		resolvers.RefuseEarly(w)
	})
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, WriteTimeout: answerTime}
	s.work.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	})
	return s, nil
}

// URL is where the server listens.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Open serves from the stores, and starts the work that goes on beside requests.
func (s *Server) Open(ctx context.Context, stores *Stores, clock func() time.Time, explorer web.Boot) {
	r := &resolvers.Resolver{
		Shops: stores.Ledger, Catalogue: stores.Ledger, Promotions: stores.Ledger, Claims: stores.Ledger,
		Accounts: stores.Ledger, Livestreams: stores.Ledger, Distributions: stores.Ledger, Chats: stores.Ledger,
		Previews: stores.Ledger, Advice: stores.Ledger, Tiers: stores.Ledger, Orders: stores.Ledger, Reports: reports(stores), Clock: clock,
	}
	mux := http.NewServeMux()
	schema := s.streams.handler(resolvers.NewHandler(r, stores.Keys))
	mux.Handle(endpoint, schema)
	mux.Handle(resolvers.ExportPath, schema)
	mux.Handle("/explore/", web.Explorer(explorer))
	mux.Handle("/explore", http.RedirectHandler("/explore/", http.StatusMovedPermanently))
	mux.Handle("/{$}", http.RedirectHandler("/explore/", http.StatusFound))

	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	if stores.Warehouse != nil {
		s.work.Go(func() { stores.Warehouse.Relay().Run(ctx) })
	}
	s.work.Go(func() { every(ctx, sweepEvery, "idempotency keys could not be swept", stores.Ledger.ForgetKeys) })
	s.work.Go(func() { every(ctx, expireEvery, "expired orders could not be swept", stores.Ledger.SweepOrders) })
	pages := http.Handler(mux)
	s.pages.Store(&pages)
	s.health.open(stores)
}

// reports are the warehouse's, or refusals if there is none.
func reports(stores *Stores) resolvers.Reports {
	if stores.Warehouse == nil {
		return noWarehouse{}
	}
	return stores.Warehouse
}

// every does a piece of housekeeping now and from time to time. If it fails the log says so, and the next time may do.
func every(ctx context.Context, interval time.Duration, failed string, do func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			slog.Warn(failed, "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Close drains the server: it says that it is not ready, ends subscriptions, lets requests that are under way finish, and
// waits for the work beside them. The stores stay open.
func (s *Server) Close() error {
	s.health.close()
	s.streams.end()
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("requests were cut off after %s: %w", drainTime, errors.Join(err, s.http.Close()))
	}
	s.streams.wait(ctx)
	s.stop()
	s.work.Wait()
	return err
}
