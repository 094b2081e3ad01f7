package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// load is what a number of connections brought about in a time, each sending its next request when it has its answer.
type load struct {
	answers   int
	took      time.Duration
	latencies []time.Duration
}

func (l load) rate() float64 { return float64(l.answers) / l.took.Seconds() }

// closedLoop sends requests over so many connections for a time. request gives the n-th request, whole; an answer that
// does not contain want ends the benchmark.
func closedLoop(b *testing.B, url string, connections int, lasting time.Duration, request func(n int) []byte, want string) load {
	b.Helper()
	address := strings.TrimPrefix(url, "http://")
	var (
		next  atomic.Int64
		wait  sync.WaitGroup
		mu    sync.Mutex
		total load
	)
	began := time.Now()
	for range connections {
		wait.Go(func() {
			latencies, err := converse(address, began.Add(lasting), func() []byte { return request(int(next.Add(1))) }, want)
			mu.Lock()
			defer mu.Unlock()
			total.latencies = append(total.latencies, latencies...)
			if err != nil {
				b.Error(err)
			}
		})
	}
	wait.Wait()
	total.answers, total.took = len(total.latencies), time.Since(began)
	return total
}

// converse sends requests one after another over one connection.
func converse(address string, until time.Time, request func() []byte, want string) (latencies []time.Duration, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for sent := time.Now(); sent.Before(until); sent = time.Now() {
		if _, err := conn.Write(request()); err != nil {
			return latencies, err
		}
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			return latencies, err
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return latencies, err
		}
		if !bytes.Contains(body, []byte(want)) {
			return latencies, fmt.Errorf("the answer is %s", body)
		}
		latencies = append(latencies, time.Since(sent))
	}
	return latencies, nil
}

// post is a request to the API, as it goes over the wire.
func post(token, query string) []byte {
	body := fmt.Sprintf(`{"query":%q}`, query)
	return fmt.Appendf(nil, "POST /graphql HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
		token, len(body), body)
}
