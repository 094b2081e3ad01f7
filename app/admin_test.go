package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"voucherhouse/warehouse"
)

// adminOf is a client of a server that gives orders to do.
func adminOf(t *testing.T, do func(context.Context, warehouse.Progress) error) *adminClient {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(progress warehouse.Progress) (any, error) { return nil, do(r.Context(), progress) })
	}))
	t.Cleanup(server.Close)
	return &adminClient{http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
		},
		DisableKeepAlives: true, // else the server would wait for idle connections
	}}}
}

func TestAnOrderIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	admin := adminOf(t, func(_ context.Context, progress warehouse.Progress) error {
		progress(1, 2)
		progress(2, 2)
		return warehouse.ErrBusy
	})
	var told []int64
	err := admin.order(t.Context(), "rebuild", func(done, total int64) { told = append(told, done, total) }, nil)
	if err == nil || err.Error() != warehouse.ErrBusy.Error() || len(told) != 4 {
		t.Errorf("got %v after %v", err, told)
	}
}

// Whoever gives up is told so, and not that the server ended: before it answers, and while it works.
func TestAnOrderIsGivenUp(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"at once", "midway"} {
		begun, ended := make(chan struct{}), make(chan struct{})
		admin := adminOf(t, func(ctx context.Context, progress warehouse.Progress) error {
			defer close(ended)
			if at == "midway" {
				progress(1, 2)
			} else {
				close(begun)
			}
			<-ctx.Done()
			return ctx.Err()
		})
		ctx, cancel := context.WithCancel(t.Context())
		if at == "at once" {
			go func() { <-begun; cancel() }()
		}
		err := admin.order(ctx, "rebuild", func(int64, int64) { cancel() }, nil)
		if err != context.Canceled { //nolint:errorlint // a wrapped one would say that the server ended
			t.Errorf("%s: %v", at, err)
		}
		<-ended
	}
}

func TestTheServerEnds(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"ended before it answered", "stopped before it was done"} {
		admin := adminOf(t, func(_ context.Context, progress warehouse.Progress) error {
			if strings.HasPrefix(want, "stopped") {
				progress(1, 2)
			}
			panic(http.ErrAbortHandler) // cuts the connection
		})
		err := admin.order(t.Context(), "rebuild", func(int64, int64) {}, nil)
		if err == nil || !strings.HasPrefix(err.Error(), "the running server "+want) || errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want one that tells that it %s", err, want)
		}
	}
}
