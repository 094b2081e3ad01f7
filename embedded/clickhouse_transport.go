package embedded

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"sync/atomic"
	"time"
)

var errClosed = fmt.Errorf("embedded ClickHouse: %w", os.ErrClosed)

// transport answers the driver's HTTP requests from the engine. Each has a
// session to itself, so they run side by side, and nothing that one of them
// sets, uses or leaves unread can reach the next.
type transport struct{ *ClickHouse }

// call is a request under way.
type call struct {
	*http.Request
	answer *answer
	// session is set once there is one.
	session atomic.Pointer[preparedSession]
	// unchanged says, once done is closed, that another statement may have the session.
	unchanged bool
	done      chan struct{}
}

// RoundTrip returns as soon as the request is cancelled; the statement is then
// ended behind its back, and Close waits for that.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.enter() {
		req.Body.Close()
		return nil, errClosed
	}
	c := &call{Request: req, answer: newAnswer(), done: make(chan struct{})}
	go func() {
		defer t.running.Done()
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := t.serve(c)
		close(c.done) // before the end of the answer is read: whoever has read it is soon gone, and that is no reason to end anything
		c.answer.finish(err)
	}()
	go func() {
		defer t.running.Done()
		t.watch(c)
	}()
	select {
	case head := <-c.answer.head:
		return head.response, head.err
	case <-req.Context().Done():
		return nil, req.Context().Err()
	case <-t.closing:
		return nil, errClosed
	}
}

// enter counts the two goroutines of a request, unless the engine is closing.
func (t transport) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed() {
		return false
	}
	t.running.Add(2)
	return true
}

func (t transport) serve(c *call) error {
	defer c.Body.Close()
	st, err := readStatement(c.Request)
	if err != nil {
		return err
	}
	if st.sql == handshake {
		return c.answer.write(t.hello)
	}
	s, err := t.prepared(&st)
	if err != nil {
		return err
	}
	c.session.Store(s)
	switch {
	case st.data != nil:
		return s.insert(c.Context(), st)
	case st.format == "Native":
		c.unchanged, err = s.stream(st, c.answer.write)
		return err
	default:
		// Streamed, these would repeat their head and foot in every piece.
		return s.query(st, c.answer.write)
	}
}

// watch ends the statement if nobody waits for it any more, and lets the session go.
func (t transport) watch(c *call) {
	err := errClosed
	select {
	case <-c.done:
	case <-c.Context().Done():
		err = c.Context().Err()
	case <-t.closing:
	}
	select {
	case <-c.done:
		t.letGo(c.session.Load(), c.unchanged)
		return
	default:
		c.answer.abandon(err)
	}
	c.Body.Close() // serve may be waiting for more of it
	t.end(c)
	t.letGo(c.session.Load(), false) // what ends it may come late
}

func (t transport) letGo(s *preparedSession, unchanged bool) {
	switch {
	case s == nil:
	case unchanged:
		t.idle.keep(s)
	default:
		s.close()
	}
}

// end ends the statement. It may not have begun, so killing is repeated until it is over.
func (t transport) end(c *call) {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		if s := c.session.Load(); s != nil {
			t.kill(s.name)
		}
		select {
		case <-c.done:
			return
		case <-again.C:
		}
	}
}

func (t transport) kill(name string) {
	s, err := t.lib.open(t.args)
	if err != nil {
		return // tried again
	}
	defer s.close()
	_, _ = s.exec("KILL QUERY WHERE Settings['chdb_client_name'] = '"+name+"' ASYNC", "Null")
}
