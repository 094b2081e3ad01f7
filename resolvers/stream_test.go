package resolvers

import (
	"bytes"
	"context"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"voucherhouse/auth"
	"voucherhouse/promo"
)

// subscribing is a caller's context when it begins a subscription.
func subscribing(ctx context.Context, subject string) context.Context {
	ctx = auth.With(ctx, auth.Session{Actor: promo.Actor{Role: promo.Seller, Subject: subject}})
	return graphql.WithOperationContext(ctx, &graphql.OperationContext{Operation: &ast.OperationDefinition{Operation: ast.Subscription}})
}

// What a subscription looks up when it begins may take its time.
func TestASubscriptionThatBeginsKeepsNobodyElseWaiting(t *testing.T) {
	t.Parallel()
	counts := &streamCounts{open: map[string]int{}}
	begins, goOn, begun := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(begun)
		counts.bound(subscribing(t.Context(), "ann"), func(context.Context) graphql.ResponseHandler {
			close(begins)
			<-goOn
			return nil
		})
	}()
	<-begins
	reached := false
	counts.bound(subscribing(t.Context(), "bo"), func(context.Context) graphql.ResponseHandler {
		reached = true
		return nil
	})
	if !reached {
		t.Error("bo's subscription was refused")
	}
	close(goOn)
	<-begun
}

// Not parallel: the log is everybody's.
func TestABodyThatCannotBeReadIsRefusedAlikeAsAStreamAndNotLogged(t *testing.T) {
	keys, err := auth.LoadKeys(filepath.Join(t.TempDir(), "token.key"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	log.SetOutput(&logged)
	defer log.SetOutput(os.Stderr)
	handler := NewHandler(&Resolver{}, keys)
	refusal := func(accept string) (int, string) {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/graphql", strings.NewReader(`{"query":5,"variables":{"text":"a private word"}}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	status, body := refusal("application/graphql-response+json")
	if streamed, as := refusal("text/event-stream"); streamed != status || as != body || status != 400 || !strings.Contains(body, `"INVALID_INPUT"`) {
		t.Errorf("refused with %d %s, and as a stream with %d %s", status, body, streamed, as)
	}
	log.SetOutput(os.Stderr)
	if strings.Contains(logged.String(), "private") {
		t.Errorf("logged is %s", &logged)
	}
}
