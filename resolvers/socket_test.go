package resolvers

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// unread is a connection whose other end reads nothing: what is written waits until it is closed.
type unread struct {
	boundedConn
	closed chan struct{}
}

var errClosed = errors.New("closed")

func (u unread) WriteJSON(any) error { <-u.closed; return errClosed }

func (u unread) Close() error { close(u.closed); return nil }

func TestACallerWhoDoesNotReadASocketIsCutOff(t *testing.T) {
	t.Parallel()
	s := newSocket(unread{closed: make(chan struct{})}, t.Context(), time.Millisecond)
	if err := s.WriteJSON(&frame{Type: "ping"}); !errors.Is(err, errClosed) {
		t.Errorf("the message ends with %v", err)
	}
}

// deadlines records what deadlines a connection is given.
type deadlines struct {
	*httptest.ResponseRecorder
	given []time.Time
}

func (d *deadlines) SetWriteDeadline(at time.Time) error {
	d.given = append(d.given, at)
	return nil
}

func TestAStreamsEventsAreReadInTime(t *testing.T) {
	t.Parallel()
	connection := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	var w http.ResponseWriter = &statusRecorder{ResponseWriter: connection}
	w.(http.Flusher).Flush()
	if len(connection.given) != 1 || !connection.given[0].After(time.Now()) || connection.given[0].After(time.Now().Add(time.Minute)) {
		t.Errorf("its deadlines are %v", connection.given)
	}
}

// understands every operation, and answers none.
type understands struct{ graphql.GraphExecutor }

func (understands) CreateOperationContext(_ context.Context, p *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	if p.Query == "" {
		return nil, gqlerror.List{{Message: "no"}}
	}
	return &graphql.OperationContext{Operation: &ast.OperationDefinition{Operation: ast.Operation(p.Query)}}, nil
}

func (understands) DispatchOperation(ctx context.Context, _ *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	return nil, ctx
}

func TestOperationsOverASocketAreBounded(t *testing.T) {
	t.Parallel()
	c := newCrowd(understands{})
	begin := func(query string) (*graphql.OperationContext, gqlerror.List) {
		return c.CreateOperationContext(t.Context(), &graphql.RawParams{Query: query})
	}
	if _, errs := begin(""); errs == nil || errors.Is(errs[0], errStreams) {
		t.Errorf("what is not understood is told %v", errs)
	}
	var stream *graphql.OperationContext
	for range mostStreams {
		var errs gqlerror.List
		if stream, errs = begin("subscription"); errs != nil {
			t.Fatal(errs)
		}
	}
	if _, errs := begin("subscription"); errs == nil || !errors.Is(errs[0], errStreams) {
		t.Errorf("one too many is told %v", errs)
	}
	ctx, end := context.WithCancel(t.Context())
	c.DispatchOperation(ctx, stream)
	end()
	c.streams <- struct{}{} // waits for the place of the one that has ended

	var query *graphql.OperationContext
	for range mostAtOnce {
		query, _ = begin("query")
	}
	waited := make(chan struct{})
	go func() {
		begin("query")
		close(waited)
	}()
	ctx, end = context.WithCancel(t.Context())
	c.DispatchOperation(ctx, query)
	end()
	<-waited
}
