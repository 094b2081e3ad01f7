package resolvers

import (
	"errors"
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
	s := newSocket(unread{closed: make(chan struct{})}, time.Millisecond)
	if err := s.WriteJSON(&frame{Type: "ping"}); !errors.Is(err, errClosed) {
		t.Errorf("the message ends with %v", err)
	}
}
