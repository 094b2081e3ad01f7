package resolvers

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// requestIDKey names the request's id in the log.
const requestIDKey = "requestId"

type requestIDContext struct{}

// requestID is the id of the request that the context belongs to.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDContext{}).(string)
	return id
}

// identify gives every request an id, tells it to the caller and logs the request under it.
func identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, start := rand.Text(), time.Now()
		w.Header().Set("X-Request-Id", id)
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		ctx := context.WithValue(r.Context(), requestIDContext{}, id)
		defer recorder.end()
		next.ServeHTTP(recorder, r.WithContext(ctx))
		slog.LogAttrs(ctx, slog.LevelInfo, "request", slog.String(requestIDKey, id), slog.String("method", r.Method),
			slog.String("path", r.URL.Path), slog.Int("status", recorder.status), slog.Duration("duration", time.Since(start)))
	})
}

// statusRecorder remembers the status that was sent. After its request it takes nothing more: transport.SSE shows that it is alive
// from a goroutine that may come too late, where net/http would panic, and with it the process.
type statusRecorder struct {
	http.ResponseWriter
	status int

	mu   sync.Mutex
	over bool
}

func (r *statusRecorder) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
}

func (r *statusRecorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return 0, http.ErrHandlerTimeout
	}
	return r.ResponseWriter.Write(b)
}

func (r *statusRecorder) WriteHeader(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		r.status = status
		r.ResponseWriter.WriteHeader(status)
	}
}

// Flush sends what was written: transport.SSE asks for it by name. A caller who does not read it in time is cut off.
func (r *statusRecorder) Flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		connection := http.NewResponseController(r.ResponseWriter)
		_ = connection.SetWriteDeadline(time.Now().Add(2 * aliveEvery)) // not supported by a test's recorder, which has no connection
		_ = connection.Flush()
	}
}

// Unwrap lets http.ResponseController reach what the writer can do beyond writing.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
