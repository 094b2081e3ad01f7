package embedded

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"time"
)

var errClosed = fmt.Errorf("embedded ClickHouse: %w", os.ErrClosed)

// transport answers the driver's HTTP requests from the engine. Each has a
// session of its own, so they run side by side, and nothing that one of them
// sets, uses or leaves unread can reach the next.
type transport struct{ *ClickHouse }

// RoundTrip returns as soon as the request is cancelled; the statement is then
// ended behind its back, and Close waits for that.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.enter() {
		req.Body.Close()
		return nil, errClosed
	}
	a := newAnswer()
	done := make(chan struct{})
	id := strconv.FormatUint(t.lastID.Add(1), 10)
	go func() {
		defer t.running.Done()
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(done)
		a.finish(t.serve(req, id, a))
	}()
	go func() {
		defer t.running.Done()
		t.watch(req, id, a, done)
	}()
	select {
	case head := <-a.head:
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

func (t transport) serve(req *http.Request, id string, a *answer) error {
	defer req.Body.Close()
	st, err := readStatement(req)
	if err != nil {
		return err
	}
	if st.sql == handshake {
		return a.write(t.hello)
	}
	s, err := t.lib.open(t.args)
	if err != nil {
		return err
	}
	defer s.close()
	// The engine makes its own query ids, so a statement is known by a setting
	// that labels calls of other servers and does nothing here.
	st.settings["chdb_client_name"] = id
	for _, sql := range st.preparation() {
		if _, err := s.exec(sql, "Null"); err != nil {
			return err
		}
	}
	switch {
	case st.data != nil:
		return s.insert(st)
	case st.format == "Native":
		return s.stream(st, a.write)
	default:
		// Streamed, these would repeat their head and foot in every piece.
		return s.query(st, a.write)
	}
}

// watch ends the statement if nobody waits for it any more. It may not have
// begun when the request is cancelled, so killing is repeated until it is over.
func (t transport) watch(req *http.Request, id string, a *answer, done <-chan struct{}) {
	select {
	case <-done:
		return
	case <-req.Context().Done():
		a.abandon(req.Context().Err())
	case <-t.closing:
		a.abandon(errClosed)
	}
	req.Body.Close() // serve may be waiting for more of it
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		t.kill(id)
		select {
		case <-done:
			return
		case <-again.C:
		}
	}
}

func (t transport) kill(id string) {
	s, err := t.lib.open(t.args)
	if err != nil {
		return // tried again
	}
	defer s.close()
	_, _ = s.exec("KILL QUERY WHERE Settings['chdb_client_name'] = '"+id+"' ASYNC", "Null")
}
