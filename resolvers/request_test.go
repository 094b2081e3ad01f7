package resolvers

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// What is written after a request is over would bring the process down.
func TestNothingIsWrittenAfterItsRequest(t *testing.T) {
	t.Parallel()
	writers := make(chan http.ResponseWriter, 1)
	server := httptest.NewServer(identify(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writers <- w
		io.WriteString(w, "all")
	})))
	t.Cleanup(server.Close)
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "all" {
		t.Fatalf("answered %q (%v)", body, err)
	}
	late := <-writers
	if _, err := io.WriteString(late, "more"); !errors.Is(err, http.ErrHandlerTimeout) {
		t.Errorf("written too late: %v", err)
	}
	late.(http.Flusher).Flush()
}
