package embedded

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	driver "github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// answer makes an HTTP response of what the engine gives. The response goes
// out with the first bytes, or with the end if there are none.
type answer struct {
	head    chan head
	reader  *io.PipeReader
	writer  *io.PipeWriter
	started bool
	tag     string
}

// head is what a round trip returns: a response, or why there is none.
type head struct {
	response *http.Response
	err      error
}

func newAnswer() *answer {
	reader, writer := io.Pipe()
	return &answer{head: make(chan head, 1), reader: reader, writer: writer, tag: rand.Text()[:16]}
}

// write passes on bytes, which may be the engine's memory: it returns when they
// have been read.
func (a *answer) write(b []byte) error {
	if !a.started {
		a.started = true
		a.respond(http.StatusOK, a.reader, -1)
	}
	_, err := a.writer.Write(b)
	return err
}

// finish ends the answer. An error of the engine that comes after bytes is
// framed the way servers do it, for which the driver watches:
// https://clickhouse.com/docs/interfaces/http#http_response_codes_caveats
func (a *answer) finish(err error) {
	engine, isEngine := errors.AsType[*exception](err)
	switch {
	case !a.started && err == nil:
		a.respond(http.StatusOK, http.NoBody, 0)
	case !a.started && isEngine:
		a.respond(http.StatusInternalServerError, io.NopCloser(strings.NewReader(engine.message)), -1)
	case !a.started:
		a.head <- head{err: err}
	case isEngine:
		const frame = "\r\n__exception__\r\n%[1]s\r\n%[2]s\n%[3]d %[1]s\r\n__exception__\r\n"
		fmt.Fprintf(a.writer, frame, a.tag, engine.message, len(engine.message))
		a.writer.Close()
	default:
		a.writer.CloseWithError(err)
	}
}

// abandon makes the reader fail with err at once.
func (a *answer) abandon(err error) { a.writer.CloseWithError(err) }

func (a *answer) respond(status int, body io.ReadCloser, length int64) {
	a.head <- head{response: &http.Response{
		StatusCode:    status,
		Header:        http.Header{"X-Clickhouse-Exception-Tag": {a.tag}},
		Body:          body,
		ContentLength: length,
	}}
}

// handshake is the driver's first statement on a connection. Its answer alone
// has to be in the driver's own revision of the protocol; it then names the
// revision of all further answers: 0, in which the engine writes Native.
const handshake = "SELECT displayName(), version(), revision(), timezone()"

func encodeHandshake(version, timezone string) ([]byte, error) {
	block := driver.NewBlock()
	for _, c := range [][2]string{
		{"displayName()", "String"}, {"version()", "String"}, {"revision()", "UInt32"}, {"timezone()", "String"},
	} {
		if err := block.AddColumn(c[0], column.Type(c[1])); err != nil {
			return nil, err
		}
	}
	if err := block.Append("embedded", version, uint32(0), timezone); err != nil {
		return nil, err
	}
	var buffer proto.Buffer
	err := block.Encode(&buffer, clickhouse.ClientTCPProtocolVersion)
	return buffer.Buf, err
}
