package resolvers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"voucherhouse/graph"
	"voucherhouse/promo"
	"voucherhouse/warehouse"
)

// pagesOfOne answer with a promotion a page: up to the last, or until one fails.
type pagesOfOne struct {
	graphql.GraphExecutor
	last, fails, asked int
}

func (p *pagesOfOne) CreateOperationContext(context.Context, *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	p.asked++
	return &graphql.OperationContext{}, nil
}

func (p *pagesOfOne) DispatchOperation(ctx context.Context, _ *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	if p.asked == p.fails {
		return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{{Extensions: map[string]any{"code": promo.Unavailable}}}}), ctx
	}
	keep(ctx, keptPerformances{found: []*warehouse.PromotionPerformance{{}}})
	pageInfo := `{"hasNextPage": true, "endCursor": "here"}`
	if p.asked == p.last {
		pageInfo = `{"hasNextPage": false, "endCursor": "here"}`
	}
	return graphql.OneShot(&graphql.Response{Data: []byte(`{"promotionPerformance": {"nodes": [{}], "pageInfo": ` + pageInfo + `}}`)}), ctx
}

// A table is sent while it is made. One that cannot be finished must not pass for a shorter one: CSV has no end to miss.
func TestATableThatCannotBeFinishedIsCutOff(t *testing.T) {
	t.Parallel()
	table := exports{graph.NewExecutableSchema(graph.Config{Resolvers: &Resolver{}}).Schema()}
	for name, c := range map[string]struct {
		pages pagesOfOne
		want  error
		lines int
	}{
		"whole":                           {pagesOfOne{last: 1000}, nil, 1 + 1000},
		"cut off before any of it went":   {pagesOfOne{fails: 2}, io.EOF, 0},
		"cut off after some of it went":   {pagesOfOne{fails: 1000}, io.ErrUnexpectedEOF, 0},
		"refused, since nothing was made": {pagesOfOne{fails: 1}, nil, 0},
	} {
		serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { table.Do(w, r, &c.pages) })
		server := httptest.NewServer(identify(inTime(serve, bodyTime)))
		t.Cleanup(server.Close)
		body, err := download(server.URL + "/export/promotion-performance.csv?shopId=1&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z")
		if lines := bytes.Count(body, []byte("\r\n")); !errors.Is(err, c.want) || err == nil && lines != c.lines {
			t.Errorf("%s: %v after %d lines", name, err, lines)
		}
	}
}

func download(url string) ([]byte, error) {
	response, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}
