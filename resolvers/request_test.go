package resolvers

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
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

// deadlines records what deadlines a connection is given.
type deadlines struct {
	*httptest.ResponseRecorder
	given []time.Time
}

func (d *deadlines) SetWriteDeadline(at time.Time) error {
	d.given = append(d.given, at)
	return nil
}

func TestAStreamsEventsAreReadInTime(t *testing.T) {
	t.Parallel()
	connection := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	var w http.ResponseWriter = &statusRecorder{ResponseWriter: connection}
	w.(http.Flusher).Flush()
	if len(connection.given) != 1 || !connection.given[0].After(time.Now()) || connection.given[0].After(time.Now().Add(time.Minute)) {
		t.Errorf("its deadlines are %v", connection.given)
	}
}
