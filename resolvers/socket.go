package resolvers

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Codes that the protocol closes with.
const (
	badMessage = 4400 // none of the protocol's
	tooEarly   = 4401 // an operation before connection_init
	idTaken    = 4409 // an operation by the id of one that goes on
	begunTwice = 4429 // another connection_init
)

// sockets accepts WebSockets for gqlgen, and looks at their messages before gqlgen does. Of those that cannot be read, gqlgen refuses a
// request without a code, never answers a connection_init, and closes after any other as if all were well.
type sockets struct {
	transport.CoderWebsocketImplementation

	// patience is how long a caller may take to read a message.
	patience time.Duration
}

// Accept makes a request a WebSocket.
func (s sockets) Accept(w http.ResponseWriter, r *http.Request, options transport.WebsocketAcceptOptions) (transport.WebsocketConn, error) {
	options.Subprotocols = []string{protocol}
	accepted, err := s.CoderWebsocketImplementation.Accept(w, r, options)
	if err != nil {
		return nil, err
	}
	return newSocket(accepted.(boundedConn), r.Context(), s.patience), nil
}

// boundedConn is a WebSocket with the bounds that gqlgen sets: the bytes of a message, and how long one is waited for.
type boundedConn interface {
	transport.WebsocketConn
	transport.WebsocketReadLimiter
	transport.WebsocketReadDeadliner
}

type socket struct {
	boundedConn
	ctx      context.Context // of the request that became it
	patience time.Duration
	// begun says that connection_init has come. Whoever reads guards it.
	begun bool

	mu sync.Mutex
	// open are the operations that have not ended, by their ids: true as long as the caller wants to know of them.
	open map[string]bool
	// ended tells of a change of open.
	ended *sync.Cond
}

func newSocket(conn boundedConn, ctx context.Context, patience time.Duration) *socket {
	s := &socket{boundedConn: conn, ctx: ctx, patience: patience, open: map[string]bool{}}
	s.ended = sync.NewCond(&s.mu)
	return s
}

// frame is a message of the protocol.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// NextReader gives the next message that is for gqlgen. One that a caller may not send closes the socket.
func (s *socket) NextReader() (int, io.Reader, error) {
	for {
		kind, r, err := s.boundedConn.NextReader()
		if err != nil {
			return kind, nil, err
		}
		body, err := io.ReadAll(r)
		if err != nil {
			return kind, nil, err
		}
		var f frame
		switch {
		case json.Unmarshal(body, &f) != nil || !f.known():
			return s.end(badMessage, "Send a JSON object: type and, by type, id and payload, of "+protocol+".")
		case f.Type == "connection_init" && s.begun:
			return s.end(begunTwice, "Too many initialisation requests")
		case f.Type == "subscribe" && !s.begun:
			return s.end(tooEarly, "Begin with connection_init.")
		case f.Type == "subscribe" && !s.opens(f):
			return s.end(idTaken, "The operation of this id has not ended.")
		case f.Type == "subscribe" && !f.isRequest():
			if err := s.refuse(f.ID); err != nil {
				return kind, nil, err
			}
			continue
		case f.Type == "complete":
			s.leave(f.ID)
		}
		s.begun = s.begun || f.Type == "connection_init"
		return kind, bytes.NewReader(body), nil
	}
}

// opens takes the id for an operation, unless one goes on that has it. For one that the caller has ended it waits until it is over: gqlgen
// would take the end of the one for the end of the other.
func (s *socket) opens(f frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for wanted, there := s.open[f.ID]; there; wanted, there = s.open[f.ID] {
		if wanted {
			return false
		}
		s.ended.Wait()
	}
	s.open[f.ID] = true
	return true
}

// leave notes that the caller wants to know no more of an operation.
func (s *socket) leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[id] {
		s.open[id] = false
	}
}

// tells tells whether a message is to be sent: those of operations that the caller has ended are not, nor is a second end.
func (s *socket) tells(id, kind string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	wanted := s.open[id]
	if kind == "complete" || kind == "error" {
		delete(s.open, id)
		s.ended.Broadcast()
	}
	return wanted
}

// known tells whether it is a message that callers send.
func (f frame) known() bool {
	switch f.Type {
	case "connection_init":
		return len(f.Payload) == 0 || json.Unmarshal(f.Payload, new(map[string]json.RawMessage)) == nil
	case "subscribe", "complete":
		return f.ID != ""
	}
	return f.Type == "ping" || f.Type == "pong"
}

func (f frame) isRequest() bool {
	return decode(bytes.NewReader(f.Payload), new(graphql.RawParams)) == nil
}

// end closes the socket, after which nothing is read.
func (s *socket) end(code int, reason string) (int, io.Reader, error) {
	_ = s.WriteClose(code, reason) // who does not take it is gone
	return 0, nil, transport.ErrWebsocketClosed
}

// refuse answers an operation whose payload is no request.
func (s *socket) refuse(id string) error {
	told, err := json.Marshal(gqlerror.List{present(s.ctx, errNoRequest)})
	if err != nil {
		return err
	}
	return s.WriteJSON(&frame{ID: id, Type: "error", Payload: told})
}

// WriteJSON writes a message, which is a frame or gqlgen's own likeness of one. A caller who does not read it in time is cut off: all that
// comes after it would wait.
func (s *socket) WriteJSON(message any) error {
	text := func(field string) string { return reflect.ValueOf(message).Elem().FieldByName(field).String() }
	if id := text("ID"); id != "" && !s.tells(id, text("Type")) {
		return nil
	}
	defer time.AfterFunc(s.patience, func() { _ = s.Close() }).Stop()
	return s.boundedConn.WriteJSON(message)
}
