package resolvers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/promo"
)

// Codes that the protocol closes with.
const (
	badMessage = 4400 // none of the protocol's
	tooEarly   = 4401 // an operation before connection_init
	tooLate    = 4408 // no connection_init in time
	idTaken    = 4409 // an operation by the id of one that goes on
	begunTwice = 4429 // another connection_init
)

// Bounds of the operations that are open over one WebSocket: as many as a caller may follow, and as many that wait for their turn; and the
// bytes of their requests, which are held until they end.
const (
	mostOpen = 2 * mostStreams
	mostHeld = 8 << 20
)

var errOpen = &promo.Error{
	Code:    promo.RateLimited,
	Message: fmt.Sprintf("%d operations, or %d MiB of them, are open over this WebSocket. End one before you begin another.", mostOpen, mostHeld>>20),
}

// sockets accepts WebSockets for gqlgen, and looks at their messages before gqlgen does. Of those that cannot be read, gqlgen refuses a
// request without a code, never answers a connection_init, and closes after any other as if all were well.
type sockets struct {
	transport.CoderWebsocketImplementation

	// patience is how long a caller may take to read a message.
	patience time.Duration
}

// Accept makes a request a WebSocket, which has to begin in time.
func (s sockets) Accept(w http.ResponseWriter, r *http.Request, options transport.WebsocketAcceptOptions) (transport.WebsocketConn, error) {
	options.Subprotocols = []string{protocol}
	accepted, err := s.CoderWebsocketImplementation.Accept(w, r, options)
	if err != nil {
		return nil, err
	}
	opened := newSocket(accepted.(boundedConn), s.patience)
	opened.late = time.AfterFunc(initTime, func() { _ = opened.end(tooLate, "Connection initialisation timeout") })
	return opened, nil
}

// boundedConn is a WebSocket with the bounds that gqlgen sets: the bytes of a message, and how long one is waited for.
type boundedConn interface {
	transport.WebsocketConn
	transport.WebsocketReadLimiter
	transport.WebsocketReadDeadliner
}

type socket struct {
	boundedConn
	patience time.Duration
	// begun says that connection_init has come, before which late closes the socket. Whoever reads guards it.
	begun bool
	late  *time.Timer

	mu sync.Mutex
	// begins counts the operations: gqlgen knows each by a number of its own, since it mixes up two that have an id one after the other.
	begins int
	// going are the operations that go on, by the caller's ids; ids are the ids by gqlgen's numbers; held is the bytes of all.
	going map[string]operation
	ids   map[string]string
	held  int
}

// operation is one that goes on: its number, and the bytes of its request.
type operation struct {
	number string
	size   int
}

func newSocket(conn boundedConn, patience time.Duration) *socket {
	return &socket{boundedConn: conn, patience: patience, going: map[string]operation{}, ids: map[string]string{}}
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
		if json.Unmarshal(body, &f) != nil || !f.known() {
			return kind, nil, s.end(badMessage, "Send a JSON object: type and, by type, id and payload, of "+protocol+".")
		}
		passes, err := s.hear(&f)
		if err != nil {
			return kind, nil, err
		}
		if passes {
			body, err = json.Marshal(f)
			return kind, bytes.NewReader(body), err
		}
	}
}

// hear takes note of a message, and tells whether it is for gqlgen.
func (s *socket) hear(f *frame) (passes bool, err error) {
	switch f.Type {
	case "connection_init":
		if s.begun {
			return false, s.end(begunTwice, "Too many initialisation requests")
		}
		s.begun = true
		s.late.Stop()
	case "subscribe":
		return s.subscribe(f)
	case "complete":
		s.leave(f)
	case "ping":
		return false, s.WriteJSON(&frame{Type: "pong", Payload: f.Payload})
	}
	return s.begun, nil // gqlgen would close at a pong that comes earlier
}

// subscribe opens an operation, and refuses what gqlgen need not see.
func (s *socket) subscribe(f *frame) (passes bool, err error) {
	if !s.begun {
		return false, s.end(tooEarly, "Begin with connection_init.")
	}
	known, fits := s.opens(f)
	switch {
	case known:
		return false, s.end(idTaken, "The operation of this id has not ended.")
	case !fits:
		return false, s.refuse(f.ID, errOpen)
	case decode(bytes.NewReader(f.Payload), new(graphql.RawParams)) != nil:
		return false, s.refuse(f.ID, errNoRequest)
	}
	return true, nil
}

// opens gives an operation its number for its id, unless one goes on that has the id, and tells whether all that go on are within the bounds.
func (s *socket) opens(f *frame) (known, fits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.going[f.ID]; known {
		return true, false
	}
	s.begins++
	o := operation{strconv.Itoa(s.begins), len(f.Payload)}
	s.going[f.ID], s.ids[o.number], f.ID = o, f.ID, o.number
	s.held += o.size
	return false, len(s.going) <= mostOpen && s.held <= mostHeld
}

// forget forgets the operation of an id.
func (s *socket) forget(id string) {
	o := s.going[id]
	delete(s.going, id)
	delete(s.ids, o.number)
	s.held -= o.size
}

// leave takes note that the caller has ended an operation, of which it is told no more.
func (s *socket) leave(f *frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := s.going[f.ID].number
	s.forget(f.ID)
	f.ID = number
}

// settle gives a message the caller's id for its operation's number, and ends the operation if it is the last one: an error or complete.
// It is not to be told if the operation had ended before.
func (s *socket) settle(f *frame) (told bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.ID = s.ids[f.ID]
	if f.Type == "complete" || f.Type == "error" {
		s.forget(f.ID)
	}
	return f.ID != ""
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

// end closes the socket, after which nothing is read.
func (s *socket) end(code int, reason string) error {
	_ = s.WriteClose(code, reason) // who does not take it is gone
	return transport.ErrWebsocketClosed
}

// refuse answers an operation that does not begin.
func (s *socket) refuse(number string, refusal *promo.Error) error {
	told, err := json.Marshal(gqlerror.List{present(context.Background(), refusal)})
	if err != nil {
		return err
	}
	return s.WriteJSON(&frame{ID: number, Type: "error", Payload: told})
}

// frameOf reads a frame, or gqlgen's likeness of one, whose type is its own: read as JSON, an answer would take thrice as long to write.
// Were it another, the first message of a socket would panic here.
func frameOf(message any) frame {
	fields := reflect.ValueOf(message).Elem()
	return frame{
		ID:      fields.FieldByName("ID").Interface().(string),
		Type:    fields.FieldByName("Type").Convert(reflect.TypeFor[string]()).String(),
		Payload: fields.FieldByName("Payload").Interface().(json.RawMessage),
	}
}

// WriteJSON writes a message, by the caller's id of its operation. A caller who does not read it in time is cut off: all that comes after it
// would wait.
func (s *socket) WriteJSON(message any) error {
	f := frameOf(message)
	if f.ID != "" && !s.settle(&f) {
		return nil
	}
	defer time.AfterFunc(s.patience, func() { _ = s.Close() }).Stop()
	return s.boundedConn.WriteJSON(f)
}
