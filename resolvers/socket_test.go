package resolvers

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// unread is a connection whose other end reads nothing: what is written waits until it is closed.
type unread struct {
	boundedConn
	closed chan struct{}
}

var errClosed = errors.New("closed")

func (u unread) WriteJSON(any) error { <-u.closed; return errClosed }

func (u unread) Close() error { close(u.closed); return nil }

func TestACallerWhoDoesNotReadASocketIsCutOff(t *testing.T) {
	t.Parallel()
	s := newSocket(unread{closed: make(chan struct{})}, t.Context(), time.Millisecond)
	if err := s.WriteJSON(&frame{Type: "ping"}); !errors.Is(err, errClosed) {
		t.Errorf("the message ends with %v", err)
	}
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
