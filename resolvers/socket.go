package resolvers

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Codes that the protocol closes with, where a message is none of its own, and where an operation comes before connection_init.
const (
	badMessage = 4400
	tooEarly   = 4401
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
	return &socket{boundedConn: accepted.(boundedConn), ctx: r.Context(), patience: s.patience}, nil
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
		case f.Type == "subscribe" && !s.begun:
			return s.end(tooEarly, "Begin with connection_init.")
		case f.Type == "subscribe" && decode(bytes.NewReader(f.Payload), new(graphql.RawParams)) != nil:
			if err := s.refuse(f.ID); err != nil {
				return kind, nil, err
			}
			continue
		}
		s.begun = s.begun || f.Type == "connection_init"
		return kind, bytes.NewReader(body), nil
	}
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
	return s.WriteJSON(frame{ID: id, Type: "error", Payload: told})
}

// WriteJSON writes a message. A caller who does not read it in time is cut off: all that comes after it would wait.
func (s *socket) WriteJSON(message any) error {
	defer time.AfterFunc(s.patience, func() { _ = s.Close() }).Stop()
	return s.boundedConn.WriteJSON(message)
}
