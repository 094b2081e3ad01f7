package app

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"
)

// health answers whether the process lives, has started, and can do its work.
type health struct {
	stores   atomic.Pointer[Stores]
	draining atomic.Bool
}

// pingTime bounds how long a store may take to answer.
const pingTime = 2 * time.Second

func (h *health) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /startupz", h.startup)
	mux.HandleFunc("GET /readyz", h.ready)
}

func (h *health) open(s *Stores) { h.stores.Store(s) }

func (h *health) close() { h.draining.Store(true) }

// startup says that the stores are open and their schemas current.
func (h *health) startup(w http.ResponseWriter, _ *http.Request) {
	if h.stores.Load() == nil {
		http.Error(w, "starting", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ok\n"))
}

// readiness tells what can be done apart: selling needs the ledger only, so a server whose warehouse is away is ready.
type readiness struct {
	CanSell   bool `json:"canSell"`
	CanReport bool `json:"canReport"`
	// Reason is for people: why it cannot report.
	Reason string `json:"reason,omitempty"`
}

func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	var state readiness
	if stores := h.stores.Load(); stores != nil && !h.draining.Load() {
		ctx, cancel := context.WithTimeout(r.Context(), pingTime)
		defer cancel()
		state.CanSell = stores.Ledger.Ping(ctx) == nil
		if err := stores.canReport(ctx); err != nil {
			state.Reason = err.Error()
		}
		state.CanReport = state.Reason == ""
	}
	w.Header().Set("Content-Type", "application/json")
	if !state.CanSell {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(state)
}

// canReport is nil if reports can be made and what they are made from arrives.
func (s *Stores) canReport(ctx context.Context) error {
	if s.Warehouse == nil {
		return errNoWarehouse
	}
	return s.Warehouse.Ready(ctx)
}
