package resolvers

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// reader answers with the body that it was sent, if that came in time.
func reader(t *testing.T, within time.Duration) *httptest.Server {
	server := httptest.NewServer(inTime(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}), within))
	t.Cleanup(server.Close)
	return server
}

// send sends the beginning of a request over a connection of its own, and gives what is answered.
func send(t *testing.T, server *httptest.Server, headers, body string) (status int, answer string) {
	t.Helper()
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	if _, err := fmt.Fprintf(connection, "POST / HTTP/1.1\r\nHost: here\r\n%s\r\n%s", headers, body); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestABodyThatDoesNotArriveIsRefused(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string]string{
		"of a query": "Content-Length: 100\r\n", "of a stream": "Accept: text/event-stream\r\nContent-Length: 100\r\n", "in chunks": "Transfer-Encoding: chunked\r\n",
		"that says it is a WebSocket": "Connection: Upgrade\r\nUpgrade: websocket\r\nAccept: text/event-stream\r\nContent-Length: 100\r\n",
	} {
		status, answer := send(t, reader(t, 50*time.Millisecond), headers, "5\r\n{ vie")
		if status != http.StatusRequestTimeout || !strings.Contains(answer, `"code":"TIMEOUT"`) {
			t.Errorf("%s: answered %d %s", name, status, answer)
		}
	}
}

func TestABodyThatIsMalformedIsRefused(t *testing.T) {
	t.Parallel()
	status, answer := send(t, reader(t, 5*time.Second), "Transfer-Encoding: chunked\r\n", "no size\r\n")
	if status != http.StatusBadRequest || !strings.Contains(answer, `"code":"INVALID_INPUT"`) {
		t.Errorf("answered %d %s", status, answer)
	}
}

func TestABodyThatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	server := reader(t, 5*time.Second)
	tooMuch := strings.Repeat(" ", mostBytes+1)
	for name, r := range map[string]struct{ headers, body string }{
		"that says so":    {fmt.Sprintf("Content-Length: %d\r\n", mostBytes+1), ""},
		"that does not":   {"Transfer-Encoding: chunked\r\n", fmt.Sprintf("%x\r\n%s\r\n", len(tooMuch), tooMuch)},
		"without its end": {"Transfer-Encoding: chunked\r\n", fmt.Sprintf("%x\r\n%s", 1<<30, tooMuch)},
	} {
		status, answer := send(t, server, r.headers, r.body)
		if status != http.StatusRequestEntityTooLarge || !strings.Contains(answer, `"code":"INVALID_INPUT"`) {
			t.Errorf("%s: answered %d %s", name, status, answer)
		}
	}
	whole := tooMuch[1:]
	status, answer := send(t, server, fmt.Sprintf("Content-Length: %d\r\n", len(whole)), whole)
	if status != http.StatusOK || answer != whole {
		t.Errorf("the largest that is allowed: answered %d and %d bytes", status, len(answer))
	}
}
