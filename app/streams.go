package app

import (
	"context"
	"net/http"
	"sync"

	"voucherhouse/resolvers"
)

// streams are requests that are answered for as long as the caller stays. http.Server.Shutdown would wait for those that
// are HTTP, and forget those that have become WebSockets.
type streams struct {
	ending  context.Context
	end     context.CancelFunc
	running sync.WaitGroup
}

func newStreams() *streams {
	s := &streams{}
	s.ending, s.end = context.WithCancel(context.Background())
	return s
}

// handler serves streams until they are to end, and everything else as it comes.
func (s *streams) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !resolvers.IsStream(r.Header) {
			next.ServeHTTP(w, r)
			return
		}
		s.running.Add(1)
		defer s.running.Done()
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(s.ending, cancel)()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// wait waits until none runs, or the context ends: a WebSocket whose other end does not read takes longer to be cut off.
func (s *streams) wait(ctx context.Context) {
	ended := make(chan struct{})
	go func() {
		s.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
}
