package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// load is what a number of callers brought about in a time, each taking its next turn when it has its answer.
type load struct {
	answers   int
	took      time.Duration
	latencies []time.Duration
}

func (l load) rate() float64 { return float64(l.answers) / l.took.Seconds() }

// turn is what a caller does over and over: the n-th of all.
type turn func(n int) error

// closedLoop has callers take turns for a time; each goes on when its turn is over. A turn that fails ends the benchmark.
func closedLoop(b *testing.B, callers int, lasting time.Duration, call func(context.Context) (turn, error)) load {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context()) // lets go of what callers hold
	defer cancel()
	var (
		next  atomic.Int64
		wait  sync.WaitGroup
		mu    sync.Mutex
		total load
	)
	began := time.Now()
	for range callers {
		wait.Go(func() {
			var latencies []time.Duration
			take, err := call(ctx)
			for sent := time.Now(); err == nil && sent.Before(began.Add(lasting)); sent = time.Now() {
				if err = take(int(next.Add(1))); err == nil {
					latencies = append(latencies, time.Since(sent))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			total.latencies = append(total.latencies, latencies...)
			if err != nil {
				b.Error(err)
			}
		})
	}
	wait.Wait()
	if b.Failed() {
		b.FailNow()
	}
	total.answers, total.took = len(total.latencies), time.Since(began)
	return total
}

// overHTTP makes callers with a connection each. A turn is whole requests, sent one after another; an answer that does not
// contain want is an error.
func overHTTP(url string, requests func(n int) [][]byte, want string) func(context.Context) (turn, error) {
	return func(ctx context.Context) (turn, error) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { conn.Close() })
		answers := bufio.NewReader(conn)
		return func(n int) error {
			for _, request := range requests(n) {
				if err := converse(conn, answers, request, want); err != nil {
					return err
				}
			}
			return nil
		}, nil
	}
}

// converse sends a request and reads its answer. It shares the processors with the server, so it reads no more of the header than
// it needs.
func converse(conn net.Conn, answers *bufio.Reader, request []byte, want string) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	size := -1
	for {
		line, err := answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
		if length, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			size, _ = strconv.Atoi(string(bytes.TrimSpace(length)))
		}
	}
	if size < 0 {
		return errors.New("the answer does not say its length")
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(answers, body); err != nil {
		return err
	}
	if !bytes.Contains(body, []byte(want)) {
		return fmt.Errorf("the answer is %s", body)
	}
	return nil
}

// post is a request to the API, as it goes over the wire.
func post(token, query string) []byte {
	body := requestBody(query)
	return fmt.Appendf(nil, "POST /graphql HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
		token, len(body), body)
}

func requestBody(query string) string { return fmt.Sprintf(`{"query":%q}`, query) }
