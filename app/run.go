package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"voucherhouse/web"
)

// Serve serves what the data directory holds until the context ends.
func Serve(ctx context.Context, c Config, address string) error {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	return run(ctx, c, address, func(*Stores) (web.Boot, error) {
		return PlainExplorer(), nil
	}, func(s *Server) { slog.Info("ready", "url", s.URL()) })
}

// ServeDemo serves the sample shop until the context ends, and tells out where it is and with which tokens.
func ServeDemo(ctx context.Context, c Config, address string, out io.Writer) error {
	// Not every request: the addresses and tokens are to stay in sight.
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	var demo *Demo
	return run(ctx, c, address, func(stores *Stores) (boot web.Boot, err error) {
		if demo, err = PrepareDemo(ctx, stores, time.Now, out, showFile()); err != nil {
			return boot, err
		}
		return demo.Explorer(time.Now())
	}, func(s *Server) { demo.Print(out, s.URL()) })
}

// Garbage is by how much the heap may grow between collections, in percent. What lives on is small, and most is gone with its
// request: at the usual 100 % collecting takes a seventh of the CPU under load.
const Garbage = 400

// run serves: prepare makes the stores ready and says what the explorer opens with, and announce tells that all is.
func run(ctx context.Context, c Config, address string, prepare func(*Stores) (web.Boot, error), announce func(*Server)) (err error) {
	server, err := Listen(address)
	if err != nil {
		return err
	}
	defer func() {
		if ctx.Err() != nil {
			err = nil // stopping was asked for: what it cut short is no fault
		}
	}()
	stores, err := Open(ctx, c, time.Now)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	defer func() {
		if closing := errors.Join(server.Close(), stores.Close()); closing != nil {
			slog.Warn("stopping", "error", closing)
		}
	}()
	boot, err := prepare(stores)
	if err != nil {
		return err
	}
	server.Open(ctx, stores, time.Now, boot)
	admin, err := listenAdmin(stores)
	if err != nil {
		return err
	}
	defer admin.close()
	stores.awaitReports(ctx, time.Now())
	if ctx.Err() == nil {
		announce(server)
	}
	select {
	case <-ctx.Done():
		slog.Info("stopping")
		return nil
	case err := <-server.failed:
		return fmt.Errorf("serving: %w", err)
	case <-stores.postgresEnded():
		return errors.New("the embedded Postgres has ended; the log says why. Start again: it recovers by itself")
	}
}

// patience bounds how long a start waits for the warehouse to catch up. A server that sells need not wait longer.
const patience = 20 * time.Second

// awaitReports waits until the warehouse has what the ledger had at the given time. One that takes too long, or is away,
// is no reason not to sell: it is only said.
func (s *Stores) awaitReports(ctx context.Context, at time.Time) {
	if s.Warehouse == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		freshness, err := s.Warehouse.Freshness(ctx)
		if err == nil && !freshness.AsOf.Before(at) {
			return
		}
		if err := s.Warehouse.Trouble(); err != nil {
			slog.Warn("the warehouse cannot catch up", "reason", err)
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			slog.Warn("the warehouse has not caught up yet", "error", err)
			return
		}
	}
}
