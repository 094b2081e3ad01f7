package resolvers

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
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
		next.ServeHTTP(recorder, r.WithContext(ctx))
		slog.InfoContext(ctx, "request", requestIDKey, id, "method", r.Method, "path", r.URL.Path, "status", recorder.status,
			"duration", time.Since(start))
	})
}

// statusRecorder remembers the status that was sent.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Flush sends what was written: transport.SSE asks for it by name.
func (r *statusRecorder) Flush() { http.NewResponseController(r.ResponseWriter).Flush() }

// Unwrap lets http.ResponseController reach what the writer can do beyond writing.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
