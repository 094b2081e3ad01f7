package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"

	"voucherhouse/datadir"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// The embedded warehouse belongs to one process, so what is done to it goes through the admin socket of the server that
// has it: HTTP over a unix socket in the data directory, which only the directory's owner can enter.

// adminServer takes orders for a running server.
type adminServer struct {
	http *http.Server
	work sync.WaitGroup

	mu      sync.Mutex
	closing bool
}

// begin counts an order that is taken. None is once the server closes.
func (a *adminServer) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closing {
		a.work.Add(1)
	}
	return !a.closing
}

func listenAdmin(stores *Stores) (*adminServer, error) {
	path := stores.dir.AdminSocket()
	// The directory is ours alone: a socket that is there was left by a crash.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("removing an old admin socket: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listening for orders: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /rebuild", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(progress warehouse.Progress) (any, error) { return nil, stores.rebuild(r.Context(), progress) })
	})
	mux.HandleFunc("POST /reconcile", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(warehouse.Progress) (any, error) { return stores.reconcile(r.Context()) })
	})
	a := &adminServer{}
	a.http = &http.Server{ReadHeaderTimeout: headerTime, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.begin() {
			return
		}
		defer a.work.Done()
		mux.ServeHTTP(w, r)
	})}
	a.work.Go(func() {
		if err := a.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("the admin socket has closed", "error", err)
		}
	})
	return a, nil
}

// close ends what is being done; a rebuild goes on where it stopped when it is asked for again.
func (a *adminServer) close() {
	a.mu.Lock()
	a.closing = true
	a.mu.Unlock()
	a.http.Close()
	a.work.Wait()
}

// adminLine is a line of an answer: progress, and at last the outcome.
type adminLine struct {
	Done, Total int64
	Outcome     bool
	Result      json.RawMessage
	Error       string
}

// answer runs an order and tells how it goes, line by line.
func answer(w http.ResponseWriter, do func(warehouse.Progress) (any, error)) {
	lines, flush := json.NewEncoder(w), http.NewResponseController(w)
	result, err := do(func(done, total int64) {
		lines.Encode(adminLine{Done: done, Total: total})
		flush.Flush()
	})
	last := adminLine{Outcome: true}
	if err != nil {
		last.Error = err.Error()
	} else if last.Result, err = json.Marshal(result); err != nil {
		last.Error = err.Error()
	}
	lines.Encode(last)
}

// Comparison is the outcome of a reconciliation, with what differed in words.
type Comparison struct {
	promo.Reconciliation
	// Waiting counts the facts that were not compared, since they have not been delivered.
	Waiting int64
	// BlockedBy names, for people, what they wait for; nil if nothing does.
	BlockedBy   *string
	Differences []string
}

var errWarehouseOff = errors.New("this process has no warehouse (--warehouse=off): ask the server that has one")

func (s *Stores) rebuild(ctx context.Context, progress warehouse.Progress) error {
	if s.Warehouse == nil {
		return errWarehouseOff
	}
	return warehouse.Explain(s.Warehouse.Rebuild(ctx, progress))
}

func (s *Stores) reconcile(ctx context.Context) (*Comparison, error) {
	if s.Warehouse == nil {
		return nil, errWarehouseOff
	}
	r, differences, err := s.Warehouse.Reconcile(ctx)
	if err != nil {
		return nil, warehouse.Explain(err)
	}
	status, err := s.Warehouse.Status(ctx)
	if err != nil {
		return nil, warehouse.Explain(err)
	}
	c := &Comparison{Reconciliation: *r, Waiting: status.Waiting, BlockedBy: status.BlockedBy}
	for _, d := range differences {
		c.Differences = append(c.Differences, d.String())
	}
	return c, nil
}

// adminClient gives orders to a running server.
type adminClient struct{ http http.Client }

// dialAdmin reaches the server that runs on the data directory; nil if none does.
func dialAdmin(c Config) *adminClient {
	paths, err := datadir.At(c.DataDir)
	if err != nil {
		return nil
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", paths.AdminSocket())
	}
	conn, err := dial(context.Background(), "", "")
	if err != nil {
		return nil
	}
	conn.Close()
	return &adminClient{http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// order has something done and follows it to its end, or until whoever asked for it gives up.
func (a *adminClient) order(ctx context.Context, what string, progress warehouse.Progress, result any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://admin/"+what, nil)
	if err != nil {
		return err
	}
	err = a.follow(request, progress, result)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (a *adminClient) follow(order *http.Request, progress warehouse.Progress, result any) error {
	response, err := a.http.Do(order)
	if err != nil {
		return fmt.Errorf("the running server ended before it answered; start it and ask again: %w", errors.Unwrap(err))
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var line adminLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("reading the running server's answer: %w", err)
		}
		switch {
		case line.Error != "":
			return errors.New(line.Error)
		case line.Outcome && result != nil:
			return json.Unmarshal(line.Result, result)
		case line.Outcome:
			return nil
		case progress != nil:
			progress(line.Done, line.Total)
		}
	}
	return fmt.Errorf("the running server stopped before it was done: %w", errors.Join(lines.Err(), io.ErrUnexpectedEOF))
}
