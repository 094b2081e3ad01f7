package resolvers

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// badMessage is the code that the protocol graphql-transport-ws closes with where a message is none of its own.
const badMessage = 4400

// sockets accepts WebSockets whose messages are looked at before gqlgen is given them: it refuses a request that cannot be read
// without a code, leaves a connection_init that cannot be read unanswered, and closes after other messages as if all were well.
type sockets struct {
	transport.CoderWebsocketImplementation
}

// Accept makes a request a WebSocket.
func (s sockets) Accept(w http.ResponseWriter, r *http.Request, options transport.WebsocketAcceptOptions) (transport.WebsocketConn, error) {
	accepted, err := s.CoderWebsocketImplementation.Accept(w, r, options)
	if err != nil {
		return nil, err
	}
	return &socket{accepted.(boundedConn), r.Context()}, nil
}

// boundedConn is a WebSocket with the bounds that gqlgen sets: the bytes of a message, and how long one is waited for.
type boundedConn interface {
	transport.WebsocketConn
	transport.WebsocketReadLimiter
	transport.WebsocketReadDeadliner
}

type socket struct {
	boundedConn
	ctx context.Context // of the request that became it
}

// frame is a message of graphql-transport-ws, or of the older graphql-ws, which says start and stop.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// NextReader is the next message that can be read. After one that is no caller's there is none.
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
			_ = s.WriteClose(badMessage, "Send a JSON object with a type of graphql-transport-ws, an id and a payload, an object.")
			return kind, nil, transport.ErrWebsocketClosed
		}
		if !f.asks() || f.isRequest() {
			return kind, bytes.NewReader(body), nil
		}
		if err := s.refuse(f.ID); err != nil {
			return kind, nil, err
		}
	}
}

// known tells whether it is a message that callers send.
func (f frame) known() bool {
	switch f.Type {
	case "connection_init":
		return len(f.Payload) == 0 || json.Unmarshal(f.Payload, new(map[string]json.RawMessage)) == nil
	case "complete", "ping", "pong", "stop", "connection_terminate":
		return true
	}
	return f.asks()
}

// asks tells whether it is an operation to be answered.
func (f frame) asks() bool { return f.Type == "subscribe" || f.Type == "start" }

func (f frame) isRequest() bool {
	return decode(bytes.NewReader(f.Payload), new(graphql.RawParams)) == nil
}

// refuse answers a payload that is no request.
func (s *socket) refuse(id string) error {
	told, err := json.Marshal(gqlerror.List{present(s.ctx, &gqlerror.Error{})})
	if err != nil {
		return err
	}
	return s.WriteJSON(frame{ID: id, Type: "error", Payload: told})
}
