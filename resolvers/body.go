package resolvers

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"voucherhouse/promo"
)

const (
	// mostBytes bounds a request's body.
	mostBytes = 1 << 20
	// bodyTime bounds how long it may take to arrive.
	bodyTime = time.Minute
)

// inTime reads a request's body before anything is done with it: one that drips in would be waited for without end, and so would
// one that begins a stream, which itself may last.
func inTime(next http.Handler, within time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && upgrades(r.Header) { // a WebSocket: what follows is no body
			next.ServeHTTP(w, r)
			return
		}
		connection := http.NewResponseController(w)
		_ = connection.SetReadDeadline(time.Now().Add(within)) // not supported by a test's recorder, which has no connection
		body, err := readBody(w, r)
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			refuse(w, http.StatusRequestEntityTooLarge, promo.InvalidInput, "A request may have a mebibyte.")
			return
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			refuse(w, http.StatusRequestTimeout, promo.Timeout, "The request did not arrive within a minute.")
			return
		}
		if err != nil {
			refuse(w, http.StatusBadRequest, promo.InvalidInput, "The request is malformed, or breaks off.")
			return
		}
		_ = connection.SetReadDeadline(time.Time{}) // of what is refused, the server still reads the rest until then
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > mostBytes {
		return nil, &http.MaxBytesError{Limit: mostBytes}
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, mostBytes))
}
